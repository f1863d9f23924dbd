"""The plan of a duty post, as whoever plans it looks at it: its roster in a window, what makes it, and its swaps."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.actions.rosters import rosters
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import (
    Actor,
    Role,
    house_that_is_read,
    keeps_entries_of,
    reads_entries_of,
)
from contactpoints.rules.cover import PostCover
from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.gaps import Told
from contactpoints.rules.history import Author, Version
from contactpoints.rules.refusals import NotFound
from contactpoints.rules.roster_past import Past
from contactpoints.rules.roster_picture import PostRoster
from contactpoints.rules.roster_windows import Window, window_of
from contactpoints.store import directory, entries, gaps, history, plans
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.entries import Entry, Owner
from contactpoints.store.roster_past import past_of

AHEAD = timedelta(days=28)
"""How far ahead the list of posts tells of cover."""
_MOST_CHANGES = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """A post in a window, and its entries with their versions; whether the reader ``keeps`` it, ``offers`` shifts.

    ``past``: what the roster was in the window, until now. ``accepted``: its gaps that somebody accepted, and who did.
    ``changes``: the last of its roster, each with its kind of entry, the newest first.
    """

    point: ContactPoint
    post: Post
    window: Window
    cover: PostCover
    rotations: list[Entry]
    calendars: list[Entry]
    overrides: list[Entry]
    absences: list[Entry]
    swaps: list[Row]
    past: Past
    accepted: list[tuple[Told, Author]]
    changes: list[tuple[str, Version]]
    keeps: bool
    offers: bool


async def list_posts(db: Database, *, actor: Actor, party: str | None, now: datetime, tools: Tools) -> list[PostRoster]:
    """Return the rosters of the next four weeks of every post of the actor's house, or of ``party``.

    Whoever looks at the whole network names a Party first: without one, nothing. Raises `Forbidden` or `NotFound`.
    """
    house = house_that_is_read(actor, party, what="Rosters")
    if house is None:
        return []
    return await rosters(db, actor=actor, since=now, until=now + AHEAD, now=now, tools=tools, party=house)


async def house_of(session: Session, post: int, *, actor: Actor) -> Owner:
    """Return whose a post is. Raises `NotFound`, also for one that does not exist for the actor."""
    owner = await entries.find_owner(session, "posts", key=post)
    if owner is None or not reads_entries_of(actor, owner.party):
        raise NotFound("There is no such duty post.")
    return owner


async def zone_at(db: Database, post: int, *, actor: Actor) -> str:
    """Return by which clocks a post lives. Raises `NotFound`, also for one that does not exist for the actor."""
    async with db.session() as session:
        owner = await house_of(session, post, actor=actor)
        return await directory.zone_of(session, owner.contact_point)


async def plan_of(db: Database, post: int, *, actor: Actor, view: str, on: str, now: datetime, tools: Tools) -> Plan:
    """Return the plan of a post in the month or week (``view``) of a day (``on``, that of ``now`` unless it is one).

    Raises `NotFound`, also for a post that does not exist for the actor.
    """
    async with db.session() as session:
        owner = await house_of(session, post, actor=actor)
        zone = await directory.zone_of(session, owner.contact_point)
    window = window_of(view, on, zone=zone, now=now)
    span = {"since": window.since, "until": window.until}
    (roster,) = await rosters(
        db,
        actor=actor,
        since=window.since,
        until=window.until,
        now=now,
        tools=tools,
        contact_point=owner.contact_point,
        post=post,
    )
    async with db.session() as session:
        return Plan(
            point=roster.cover.point,
            post=roster.cover.post,
            window=window,
            cover=roster.cover,
            rotations=await plans.layers(session, "rotations", post=post),
            calendars=await plans.layers(session, "calendars", post=post),
            overrides=await plans.overrides(session, post, **span),
            absences=await plans.absences(session, owner.contact_point, **span),
            swaps=await plans.open_swaps(session, post),
            past=await past_of(
                *(session, post),
                contact_point=owner.contact_point,
                since=window.since,
                until=max(now, window.since),
                holidays=roster.cover.point.holidays,
            ),
            accepted=await gaps.accepted(session, post, **span),
            changes=await history.of_roster(session, post, contact_point=owner.contact_point, most=_MOST_CHANGES),
            keeps=keeps_entries_of(actor, owner.party),
            offers=_offers(actor, owner),
        )


def _offers(actor: Actor, owner: Owner) -> bool:
    """Say whether the actor may offer and take shifts in the names of a house's officers."""
    own = actor.role is Role.CONTACT_POINT and actor.contact_point in (None, owner.contact_point)
    return own or keeps_entries_of(actor, owner.party)
