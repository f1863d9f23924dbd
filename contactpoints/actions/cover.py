"""Cover of the duty posts that exist for somebody, and changes of rosters that would open a gap in it."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice

from contactpoints.actions.houses import reckoned
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.cover import PostCover, cover_of, left_by_first, newly_strained, newly_uncovered
from contactpoints.rules.cover_text import left
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.gaps import Acceptance, left_by
from contactpoints.rules.refusals import Invalid
from contactpoints.rules.roster_bites import SHOWN, Span, bites, cover_in, spans_of
from contactpoints.store import directory, gaps
from contactpoints.store.database import Database, Session
from schemas.faults import Fault
from schemas.fields import write_instant

NINETY_DAYS = SHOWN
_MOST_TOLD = 20
_CODE = "leaves_uncovered"


async def covers(
    db: Database,
    *,
    actor: Actor,
    since: datetime,
    until: datetime,
    now: datetime,
    tools: Tools,
    party: str | None = None,
    contact_point: int | None = None,
    post: int | None = None,
) -> list[PostCover]:
    """Return the cover of every post that exists for the actor, by Party and line; the last three narrow it.

    Raises what `reckoned` raises.
    """

    def reckon(point: ContactPoint) -> Iterator[PostCover]:
        whole = cover_of(point, since=since, until=until, available=tools.gateways, known_at=now)
        return (each for each in whole if post in (None, each.post.id))

    return await reckoned(
        db, actor, reckon=reckon, since=since, tools=tools, party=party, contact_point=contact_point, post=post
    )


@asynccontextmanager
async def uncovering(
    session: Session,
    contact_point: int,
    *,
    stated: bool,
    at: str,
    now: datetime,
    tools: Tools,
    strains: bool = False,
    publishes: bool = True,
    accepts: Acceptance | None = None,
    posts: Collection[int] = (),
) -> AsyncIterator[list[Mapping[str, str]]]:
    """Let rosters of a contact point be changed within, in the caller's transaction.

    Each interval in which the change leaves a post without the cover that it needs, in the next 90 days and in those
    from where it is felt later, is a warning in the list that is handed out, once all is done, where the reason for
    the change is ``stated``. Raises `Invalid` with them where it is not, at the place ``at`` where it could have been.
    With ``strains`` it warns as well where the same officers come to be on both lines, or somebody is on duty for too
    long. Where nobody ``publishes`` it who could
    state a reason, the first roster of a post is taken whatever it leaves: it is better than none; and the next 90 days
    alone are looked at, so that what is provisional yet holds nothing back that is needed now. What ``accepts`` is
    left, if anybody does, and of which ``posts`` also what was told before: see `left_by`.
    """
    was = await point_now(session, contact_point, now=now)
    warnings: list[Mapping[str, str]] = []
    yield warnings
    would = await point_now(session, contact_point, now=now)
    came = await compared(was, would, now=now, tools=tools, far=publishes, whole=strains)
    warnings += gaps_opened(came.before, came.after, stated=stated, at=at, strains=strains, publishes=publishes)
    await note_left(session, contact_point, came=came, accepts=accepts, now=now, posts=posts)


@dataclass(frozen=True, slots=True)
class Compared:
    """The cover of the posts of a contact point before and after its rosters were changed, in the same ``spans``."""

    before: tuple[PostCover, ...]
    after: tuple[PostCover, ...]
    spans: tuple[Span, ...]


async def point_now(session: Session, contact_point: int, *, now: datetime) -> ContactPoint | None:
    """Return a contact point with what counts from now on, as the transaction sees it."""
    return (await directory.load(session, [contact_point], since=now)).get(contact_point)


async def compared(
    was: ContactPoint | None,
    would: ContactPoint | None,
    *,
    now: datetime,
    tools: Tools,
    far: bool = True,
    whole: bool = False,
) -> Compared:
    """Return what a change does to cover in the next 90 days, and ``far`` ahead in those from where it is felt later.

    Unless the ``whole`` is asked for, there is nothing of before where nothing is uncovered after.
    """
    felt: tuple[datetime, ...] = ()
    if far and was is not None and would is not None:
        felt = await tools.threads.short(bites, was, would, now=now)
    spans = spans_of(felt, now=now)
    after = await _reckoned(would, spans, tools=tools)
    # Others who keep this contact point wait meanwhile: a roster without a gap needs no second reckoning.
    failing = whole or any(stretch.level == "uncovered" for each in after for stretch in each.stretches)
    return Compared(await _reckoned(was, spans, tools=tools) if failing else (), after, spans)


def _near(cover: PostCover, span: Span) -> PostCover:
    """Return what of a cover is in the next 90 days: what is left later is told when it comes near, whoever knows."""
    return replace(
        cover,
        stretches=tuple(each for each in cover.stretches if each.starts_at < span[1]),
        by_roster=tuple(each for each in cover.by_roster if each[0] < span[1]),
    )


def gaps_opened(
    before: Sequence[PostCover],
    after: Sequence[PostCover],
    *,
    stated: bool,
    at: str,
    strains: bool = False,
    publishes: bool = True,
) -> list[Mapping[str, str]]:
    """Return a warning for the gaps that a change opens, and what `uncovering` says of ``strains`` and ``publishes``.

    Those of a post that have the same cause are told together. Raises `Invalid` with them where no reason is
    ``stated``.
    """
    opened = chain(newly_uncovered(before, after), left_by_first(before, after) if publishes else ())
    told = list(islice(left(opened, after), _MOST_TOLD))
    if told and not stated:
        raise Invalid([Fault(at, _CODE, f"{each} Cover it first, or state here why it is changed.") for each in told])
    warnings: list[Mapping[str, str]] = [{"code": _CODE, "detail": each} for each in told]
    for post, start, end in islice(newly_strained(before, after), _MOST_TOLD if strains else 0):
        detail = f"Strains the officers of post {post.id} ({post.line}), from {write_instant(start)} to"
        warnings.append({"code": "strains", "detail": f"{detail} {write_instant(end)}: see its cover."})
    return warnings


async def note_left(
    session: Session,
    contact_point: int,
    *,
    came: Compared,
    accepts: Acceptance | None,
    now: datetime,
    posts: Collection[int] = (),
) -> None:
    """Note which gaps a change leaves: whoever ``accepts`` them for a reason knows of those, see `left_by`."""
    kept = await gaps.told_at(session, contact_point)
    before, after = ([_near(each, came.spans[0]) for each in covers] for covers in (came.before, came.after))
    left = left_by(kept, before=before, after=after, accepts=accepts, now=now, posts=posts)
    if set(left) != set(kept):
        await gaps.keep(session, contact_point, gaps=left)


async def _reckoned(point: ContactPoint | None, spans: Sequence[Span], *, tools: Tools) -> tuple[PostCover, ...]:
    if point is None:
        return ()
    # A roster of many changes takes a while, and alerts that come meanwhile want their turn.
    return await tools.threads.short(cover_in, point, spans, available=tools.gateways)
