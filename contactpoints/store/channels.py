"""Channels as replies and reports find them: by their address. And what their quarantine touches."""

from collections.abc import Collection, Sequence
from datetime import datetime

from contactpoints.store.database import Row, Session, ring_after_commit


async def at_address(session: Session, address: str) -> list[Row]:
    """Return the channels with an address, with officer, language, contact point and its zone."""
    return await session.fetch(
        """select c.id, c.kind, c.officer_id, c.quarantined_at, o.language, o.contact_point_id, p.zone
             from channels c join officers o on o.id = c.officer_id join contact_points p on p.id = o.contact_point_id
            where c.kind = any($1::text[]) and c.address = $2 and c.retired_at is null and o.retired_at is null
            order by c.id""",
        _kinds(address),
        address,
    )


def _kinds(address: str) -> list[str]:
    return ["email"] if "@" in address else ["sms", "voice"]


async def zones(session: Session, officers: Sequence[int]) -> dict[int, str]:
    """Return the time zone of each officer's contact point."""
    rows = await session.fetch(
        """select o.id, c.zone from officers o join contact_points c on c.id = o.contact_point_id
            where o.id = any($1::bigint[])""",
        list(officers),
    )
    return {row["id"]: row["zone"] for row in rows}


async def is_address_of(session: Session, address: str, *, officer_id: int) -> bool:
    """Say whether an address is one of the officer's channels."""
    return bool(
        await session.fetchval(
            "select exists (select 1 from channels where officer_id = $1 and address = $2 and retired_at is null)",
            officer_id,
            address,
        )
    )


async def prove(session: Session, officer_id: int, *, address: str, kind: str, at: datetime) -> None:
    """Note that an officer answered from a channel; a proof that is not a day old stands.

    Every change raises the revision of the directory (docs/decisions/0006), so that it is not written with each reply.
    While somebody else holds the contact point, which everybody locks before its channels, nothing is noted: a proof
    is worth no waiting, and the next reply brings another.
    """
    await session.execute(
        """with due as (
                select id from channels where officer_id = $1 and address = $2 and kind = $3 and retired_at is null
                   and quarantined_at is null
                   and (proven_at is null or proven_at < $4::timestamptz - interval '1 day')),
            house as (
                select 1 from contact_points where id = (select contact_point_id from officers where id = $1)
                   and exists (select 1 from due) for no key update skip locked)
            update channels c set proven_at = $4, verified_at = coalesce(verified_at, $4)
              from due where c.id = due.id and (select count(*) from house) = 1
               and c.address = $2 and c.retired_at is null and c.quarantined_at is null""",
        officer_id,
        address,
        kind,
        at,
    )


async def open_alerts(session: Session, addresses: Sequence[str]) -> set[int]:
    """Return the open alerts for which one of the addresses was written to."""
    rows = await session.fetch(
        """select id from alerts where state in ('alerting', 'exhausted')
              and id in (select alert_id from messages where address = any($1::text[]) and purpose = 'alert')""",
        list(addresses),
    )
    return {row["id"] for row in rows}


async def open_reference(session: Session, address: str) -> str | None:
    """Return the reference of the open alert for which an address was written to last, None where there is none."""
    found: str | None = await session.fetchval(
        """select a.reference from messages m join alerts a on a.id = m.alert_id
            where m.address = $1 and m.purpose = 'alert' and a.state in ('alerting', 'exhausted')
            order by m.id desc limit 1""",
        address,
    )
    return found


async def lock_at(session: Session, addresses: Sequence[str]) -> None:
    """Lock the contact points whose officers have a channel with one of the addresses, then those channels."""
    await session.execute(
        """select 1 from contact_points where id in (
               select o.contact_point_id from channels c join officers o on o.id = c.officer_id
                where c.kind in ('sms', 'voice', 'email') and c.address = any($1::text[]) and c.retired_at is null)
            order by id for no key update""",
        list(addresses),
    )
    await session.execute(
        """select 1 from channels where kind in ('sms', 'voice', 'email') and address = any($1::text[])
              and retired_at is null order by id for no key update""",
        list(addresses),
    )


async def woken_for(session: Session, address: str, *, among: Collection[int]) -> list[Row]:
    """Return the open alerts ``among`` some for which an address was written to, each with the officer and the line."""
    return await session.fetch(
        """select distinct on (a.id) a.id, a.reference, a.status, m.officer_id, p.line
             from messages m join alerts a on a.id = m.alert_id
             join reply_codes r on r.id = m.reply_code_id join posts p on p.id = r.post_id
            where m.address = $1 and m.purpose = 'alert' and a.state in ('alerting', 'exhausted')
              and a.id = any($2::bigint[])
            order by a.id, m.id""",
        address,
        list(among),
    )


async def silence(session: Session, addresses: Sequence[str], *, among: Collection[int], news: bool) -> None:
    """Cancel what has not surely left to some addresses; of what wakes people, only that of the alerts ``among`` these.

    With ``news``, what a requester hears of an alert as well.
    """
    if not addresses:
        return
    await session.execute(
        """with silenced as (
               select id from messages where address = any($1::text[]) and state in ('queued', 'unsure')
                  and (purpose <> 'alert' or alert_id = any($2::bigint[])) and (purpose <> 'news' or $3)
                order by id for update)
           update messages m set state = 'cancelled', send_at = null, trace_at = null, unsure_since = null
             from silenced where m.id = silenced.id""",
        list(addresses),
        list(among),
        news,
    )


async def last_was_exercise(session: Session, address: str) -> bool:
    """Say whether the last message to an address belonged to an exercise."""
    last = await session.fetchval("select exercise from messages where address = $1 order by id desc limit 1", address)
    return bool(last)


async def woken_by(session: Session, reply_code_id: int) -> list[str]:
    """Return the telephone numbers to which a reply code was sent."""
    rows = await session.fetch(
        "select distinct address from messages where reply_code_id = $1 and kind = 'sms' and purpose = 'alert'",
        reply_code_id,
    )
    return [row["address"] for row in rows]


async def forsaken(session: Session, alerts: Sequence[int], *, but: int | None = None) -> list[int]:
    """Return those of some locked alerts whose step has nobody left who could answer it, officer ``but`` apart.

    Nobody is left when every message of the step was refused or cancelled, went by a channel in quarantine or
    retired, or carried a code that is locked. What stood in for an address whose change is in force is still there:
    the number that rang is that of another channel now.
    """
    rows = await session.fetch(
        """select a.id from alerts a where a.id = any($1::bigint[]) and a.state = 'alerting' and a.step > 0
              and not exists (
                  select 1 from messages m left join channels c on c.id = m.channel_id
                    left join reply_codes r on r.id = m.reply_code_id
                   where m.alert_id = a.id and m.purpose = 'alert' and m.step = a.step and m.cycle = a.cycle
                     and m.state not in ('refused', 'cancelled') and c.quarantined_at is null
                     and (c.retired_at is null or exists (select 1 from address_changes s where s.stand_in_id = c.id
                                                             and s.state = 'active'))
                     and r.locked_at is null and m.officer_id is distinct from $2)""",
        list(alerts),
        but,
    )
    return [row["id"] for row in rows]


async def end_step(session: Session, alerts: Sequence[int], *, now: datetime) -> None:
    """Make the next step of locked alerts due at once: a step that began at the dawn of time is over.

    The bell rings ``due`` when the transaction is committed.
    """
    if alerts:
        ring_after_commit("due")
    await session.execute(
        """update alerts set due_at = $2, step_since = timestamptz '2000-01-01 00:00:00Z'
            where id = any($1::bigint[]) and state = 'alerting'""",
        list(alerts),
        now,
    )
