"""Feeds: shifts at a secret address, made for an officer or a post, told once and revoked at any time."""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, must_keep_entries_of
from contactpoints.rules.calendar_feed import Feed, write_feed
from contactpoints.rules.refusals import Conflict, NotFound, Unavailable
from contactpoints.store import directory, feeds
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import secret_hash


@dataclass(frozen=True, slots=True)
class Made:
    """A new feed, and its address, which nobody is told again."""

    row: Row
    address: str


async def _must_keep(session: Session, kind: str, *, key: int, actor: Actor) -> None:
    row = await feeds.owner(session, kind, key=key)
    if row is None:
        raise NotFound("There is no such entry.")
    must_keep_entries_of(actor, row["party"])


async def make(db: Database, kind: str, *, key: int, actor: Actor, now: datetime, tools: Tools, once: str = "") -> Made:
    """Make a feed of an officer or a post (``kind``: `officers`, `posts`).

    The same ``once`` of the same actor makes one feed, whose address is told again. Raises `NotFound`, `Forbidden`,
    `Conflict` where that feed has ended, or `Unavailable` where the service does not know its own address.
    """
    if not tools.public_url:
        raise Unavailable("No address can be made: CONTACTPOINTS_PUBLIC_URL is not set.")
    told = f"{actor.who} {kind} {key} {once}".encode()
    secret = hmac.digest(tools.keyring.derived("feeds"), told, "sha256") if once else tools.entropy(32)
    token = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    async with db.transaction() as session:
        await _must_keep(session, kind, key=key, actor=actor)
        row = await feeds.add(session, kind, key=key, token_hash=secret_hash(token), now=now, by=actor.who)
        if row is None:
            raise Conflict("The feed that was made by this has ended: load the page again, and make another.")
    return Made(row, f"{tools.public_url}/feeds/{token}.ics")


async def listing(db: Database, kind: str, *, key: int, actor: Actor) -> list[Row]:
    """Return the feeds of an officer or a post, without their addresses. Raises `NotFound` or `Forbidden`."""
    async with db.session() as session:
        await _must_keep(session, kind, key=key, actor=actor)
        return await feeds.listed(session, kind, key=key)


async def revoke(db: Database, feed: int, *, actor: Actor, now: datetime) -> None:
    """End a feed. Raises `NotFound`, also for one that has ended, or `Forbidden`."""
    async with db.transaction() as session:
        row = await feeds.find(session, feed)
        if row is None:
            raise NotFound("There is no such feed.")
        must_keep_entries_of(actor, row["party"])
        await feeds.revoke(session, feed, now=now)


async def read(db: Database, token: str, *, now: datetime, tools: Tools) -> bytes:
    """Return the file at a secret address. Raises `NotFound` for one that is none, or no more."""
    async with db.transaction() as session:
        row = await feeds.read(session, secret_hash(token))
        points = await directory.load(session, [row["contact_point_id"]]) if row else {}
        if row is None or row["contact_point_id"] not in points:
            raise NotFound("There is nothing here.")
        await feeds.note_read(session, row["id"], now=now)
        rewritten = await feeds.rewritten(session, row["contact_point_id"])
    feed = Feed(points[row["contact_point_id"]], row["officer_id"], row["post_id"], rewritten)
    words = tools.words.get(feed.language, tools.words["en"])
    return await tools.threads.long(lambda: write_feed(feed, now, words=words))
