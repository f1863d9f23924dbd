"""Addresses that are to take the place of a channel's, or that came new to an officer who has or had others: proposed,
approved by a second person, proven, then in use. A change without an old address is about a new channel."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from contactpoints.rules.access import Role
from contactpoints.rules.releasing import Person, are_one, person_of
from contactpoints.store.access import HOLDERS, in_force
from contactpoints.store.database import Row, Session

# The old address has had its notice when a gateway took it, or said that it never will; what was cancelled, by a STOP
# from there, is in quarantine by now, or has no gateway for its kind, will never have it either. Of a new channel the
# officer's others hear.
_WHOLE = f"""select a.*, o.id as officer_id, o.function, o.language, o.contact_point_id, h.name as contact_point,
                   h.zone, h.party, c.kind, k.authority as approver, k.role as approver_role,
                   (select y.authority from {HOLDERS} y where y.id = a.proposed_by) as proposer,
                   (select y.kind || ':' || y.id from actors y where y.id = a.proposed_by) as proposed_as,
                   (select y.kind || ':' || y.id from actors y where y.id = a.approved_by) as approved_as,
                   case when a.old_address is null
                     then not exists (select 1 from channels b join messages m on m.address = b.address
                              where b.officer_id = o.id and m.channel_id = b.id and b.id <> c.id
                              and m.purpose = 'proof' and m.queued_at = a.proposed_at
                              and m.state in ('queued', 'sending', 'unsure'))
                     else c.quarantined_at is not null
                     or not exists (select 1 from messages m where m.channel_id = a.channel_id
                              and m.address = a.old_address
                              and m.purpose = 'proof' and m.queued_at = a.proposed_at
                              and m.state in ('queued', 'sending', 'unsure')) end
                     as noticed
              from address_changes a join channels c on c.id = a.channel_id join officers o on o.id = c.officer_id
              join contact_points h on h.id = o.contact_point_id left join {HOLDERS} k on k.id = a.approved_by"""


async def established(session: Session, fresh: Sequence[tuple[int, str]], *, since: datetime) -> set[int]:
    """Return the places of those ``fresh`` channels (officer, address) that come new to one who has or had others.

    Whoever has no PIN yet that was set later, and whose first channel was entered after ``since``, is being entered.
    An address that reaches the officer already, by another kind of channel, is not new.
    """
    rows = await session.fetch(
        """select n.place from unnest($1::bigint[], $2::text[]) with ordinality as n (officer, address, place)
             join (select officer_id, min(created_at) as first from channels
                    where officer_id = any($1::bigint[]) group by officer_id) f on f.officer_id = n.officer
            where (f.first <= $3
                or exists (select 1 from pins p where p.officer_id = n.officer and p.set_at >= f.first))
              and not exists (select 1 from channels c where c.officer_id = n.officer and c.address = n.address
                                 and c.retired_at is null and c.quarantined_at is null and c.unapproved_since is null)
            order by n.place""",
        [officer for officer, _ in fresh],
        [address for _, address in fresh],
        since,
    )
    return {row["place"] - 1 for row in rows}


async def others(session: Session, officer: int, *, but: int) -> list[Row]:
    """Return the channels of an officer besides one that are in use and that a second person stands behind."""
    return await session.fetch(
        """select id as channel_id, kind, address from channels where officer_id = $1 and id <> $2
              and retired_at is null and quarantined_at is null and unapproved_since is null order by place, id""",
        officer,
        but,
    )


async def channel_at(session: Session, to: Row, *, address: str) -> Row | None:
    """Return the channel of an officer that has an address already, in use or waiting, of the kind of another one."""
    return await session.fetchrow(
        """select id, unapproved_since from channels where officer_id = $1 and kind = $2 and address = $3 and id <> $4
              and retired_at is null and quarantined_at is null order by unapproved_since nulls first, id limit 1""",
        to["officer_id"],
        to["kind"],
        address,
        to["channel_id"],
    )


async def let_stand_in(session: Session, number: int, *, channel: int) -> None:
    """Write down which channel is called instead of the dead one until a change is settled."""
    await session.execute("update address_changes set stand_in_id = $2 where id = $1", number, channel)


async def leaving(session: Session, channels: Collection[int]) -> list[Row]:
    """Return those of some unretired channels whose address goes with them and is heard there, with the officer.

    One in quarantine hears nothing, but for one that somebody has only reported dead: else a report and a retirement
    would take it away in silence. For one that nobody has approved there is nobody to hear it.
    """
    return await session.fetch(
        """select c.id as channel_id, c.kind, c.address, c.officer_id, o.language, h.zone
             from channels c join officers o on o.id = c.officer_id join contact_points h on h.id = o.contact_point_id
            where c.id = any($1::bigint[]) and c.retired_at is null and c.unapproved_since is null
              and (c.quarantined_at is null or c.quarantined_why = 'reported_dead')
              and not exists (select 1 from channels k where k.officer_id = c.officer_id and k.address = c.address
                                 and k.id <> all($1::bigint[]) and k.retired_at is null and k.quarantined_at is null)
            order by c.id""",
        list(channels),
    )


async def hand_over(session: Session, gone: Collection[int]) -> None:
    """Let what stands in for dead channels that are retired wait as any channel that is new to its officer.

    Where it is in use, and no other change waits for it.
    """
    await session.execute(
        """update address_changes a
              set channel_id = a.stand_in_id, old_address = null, stand_in_id = null, reported_dead = false
             from channels c
            where a.channel_id = any($1::bigint[]) and a.state = 'pending' and c.id = a.stand_in_id
              and c.retired_at is null and c.quarantined_at is null and c.unapproved_since is not null
              and not exists (select 1 from address_changes w where w.state = 'pending' and w.id <> a.id
                                 and c.id in (w.channel_id, w.stand_in_id))""",
        list(gone),
    )


async def of_retired(session: Session, gone: Collection[int]) -> Sequence[Row]:
    """Return the pending changes of channels that are retired, and those for whose sake one of them stood in."""
    return await session.fetch(
        f"""{_WHOLE} where a.state = 'pending'
               and (a.channel_id = any($1::bigint[]) or a.stand_in_id = any($1::bigint[])) order by a.id""",
        list(gone),
    )


async def add(
    session: Session,
    channel: Row,
    *,
    address: str,
    reported_dead: bool,
    reason: str | None,
    by: int,
    now: datetime,
    expires_at: datetime,
) -> int | None:
    """Keep a new change of a channel that `mail_links.find_channel` returned; return its number.

    None beside another one that waits. Where the channel has the address already, the channel itself is new.
    """
    number: int | None = await session.fetchval(
        """insert into address_changes (channel_id, old_address, address, reported_dead, reason, proposed_by,
                                        proposed_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (channel_id) where state = 'pending' do nothing returning id""",
        channel["channel_id"],
        channel["address"] if channel["address"] != address else None,
        address,
        reported_dead,
        reason,
        by,
        now,
        expires_at,
    )
    return number


async def find(session: Session, number: int) -> Row | None:
    """Return a change with its officer, contact point, zone and Party, and whether the old address had its notice."""
    return await session.fetchrow(f"{_WHOLE} where a.id = $1", number)


async def listed(
    session: Session, *, everyone: bool, party: str | None, state: str | None, before: int | None, most: int
) -> list[Row]:
    """Return changes, the newest first: of all Parties or of one, in one state or in any, those before ``before``."""
    return await session.fetch(
        f"""{_WHOLE} where ($1 or h.party = $2) and ($3::text is null or a.state = $3)
               and ($4::bigint is null or a.id < $4) order by a.id desc limit $5""",
        everyone,
        party,
        state,
        before,
        most,
    )


async def asked_of(session: Session, channel: int) -> list[Row]:
    """Return what was to take the place of a channel's address, and when that was proposed."""
    return await session.fetch(
        """select proposed_at, old_address, address from address_changes
            where channel_id = $1 and old_address is not null""",
        channel,
    )


async def waits(session: Session, channel: int) -> bool:
    """Say whether another address waits to take the place of a channel's."""
    found: bool = await session.fetchval(
        """select exists (select 1 from address_changes
                           where channel_id = $1 and old_address is not null and state = 'pending')""",
        channel,
    )
    return found


async def at_address(session: Session, address: str) -> Sequence[Row]:
    """Return the pending changes that want to give some channel an address."""
    return await session.fetch(f"{_WHOLE} where a.address = $1 and a.state = 'pending' order by a.id", address)


async def seconds(session: Session, party: str | None, *, but: int, now: datetime) -> dict[int, Role]:
    """Return by which keys and accounts of a Party's administrators and the secretariat a second person could act.

    Those of whoever acts as ``but``, a number that may have ended, are none of them, see `releasing.are_one`; nor are
    accounts that they made, nor who was let in by the same administrator, or by them: whoever makes accounts for
    themselves could propose by one and approve by another.
    """
    rows = await session.fetch(
        f"""select k.id, k.role, {_PERSON}, coalesce(m.holder_id, p.created_by) as maker
             from {in_force("$2")} k left join accounts p on p.id = k.person_id
             left join api_keys m on m.id = p.created_by
             where k.role = 'secretariat' or k.role = 'administrator' and k.party = $1""",
        party,
        now,
    )
    mine = await session.fetch(
        f"""select {_PERSON} from accounts p
             where p.id = coalesce((select holder_id from api_keys where id = $1), $1)""",
        but,
    )
    makers = {but, *(each["person_id"] for each in mine)}
    let_in_by = await _makers_within(session, party)
    own = {_first_of(each, let_in_by) for each in makers}
    return {
        row["id"]: Role(row["role"])
        for row in rows
        if row["id"] != but
        and row["maker"] not in makers
        and _first_of(row["person_id"] or row["id"], let_in_by) not in own
        and not any(row["person_id"] and are_one(_person(row), _person(each)) for each in mine)
    }


async def _makers_within(session: Session, party: str | None) -> dict[int, int]:
    """Return who of a Party made which of its accounts, also such as ended; a key is whoever holds it."""
    rows = await session.fetch(
        """select p.id, coalesce(k.holder_id, p.created_by) as maker from accounts p
             left join api_keys k on k.id = p.created_by left join accounts a on a.id = p.created_by
            where p.party = $1 and $1 in (k.party, a.party)""",
        party,
    )
    return {row["id"]: row["maker"] for row in rows}


def _first_of(number: int, makers: Mapping[int, int]) -> int:
    """Return by whom of the Party somebody came in in the end; whom the secretariat let in, by nobody."""
    while (maker := makers.get(number)) is not None:
        number = maker
    return number


_PERSON = "p.id as person_id, p.name, p.email, p.language, p.officer_id"


def _person(row: Row) -> Person:
    return person_of(dict(row) | {"id": row["person_id"]})


async def approve(session: Session, number: int, *, by: int, now: datetime) -> None:
    """Write down that a second person stands behind a change."""
    await session.execute(
        "update address_changes set approved_by = $2, approved_at = $3 where id = $1 and state = 'pending'",
        number,
        by,
        now,
    )


async def prove(session: Session, proof: Row, *, now: datetime) -> bool:
    """Write down that a code came back from the new address; False where that is not wanted any more."""
    done = await session.execute(
        """update address_changes set proven_at = $3
            where id = $1 and address = $2 and state = 'pending' and expires_at > $3""",
        proof["change_id"],
        proof["address"],
        now,
    )
    return str(done).endswith(" 1")


# The channel that has the new address before a change is in force: the one that is new, or that stands in.
_BEFORE = "coalesce(a.stand_in_id, case when a.old_address is null then a.channel_id end)"


async def note_proof(session: Session, number: int) -> None:
    """Count whatever has proven the new address where it is called already: an answer to an alert does too."""
    await session.execute(
        f"""update address_changes a set proven_at = c.proven_at from channels c
             where a.id = $1 and a.state = 'pending' and a.proven_at is null
               and c.id = {_BEFORE} and c.address = a.address""",
        number,
    )


async def of_new_channel(session: Session, channel: int) -> int | None:
    """Return the change that a new channel, or one that stands in, waits for; None where it waits for none."""
    found: int | None = await session.fetchval(
        f"select a.id from address_changes a where {_BEFORE} = $1 and a.state = 'pending'", channel
    )
    return found


async def written_off(session: Session, *, channel: int | None = None) -> list[Row]:
    """Return the changes that came to nothing and for whose sake alone a channel, this or any, is in quarantine."""
    return await session.fetch(
        """select a.id, a.channel_id from address_changes a join channels c on c.id = a.channel_id
            where a.state in ('refused', 'withdrawn', 'expired') and a.reported_dead
              and ($1::bigint is null or c.id = $1) and c.retired_at is null
              and c.quarantined_why = 'reported_dead' and c.quarantined_at = a.proposed_at
              and not exists (select 1 from address_changes w where w.channel_id = c.id and w.state = 'pending'
                                 and w.reported_dead)
            order by a.id""",
        channel,
    )


async def over(session: Session, *, stand_in: int | None = None) -> list[Row]:
    """Return the settled changes after which what stood in, this or any channel, is to ring no more.

    It goes on where another change waits for it; and after one that has expired, until the old address is used again.
    """
    return await session.fetch(
        """select a.id, a.channel_id from address_changes a join channels c on c.id = a.stand_in_id
             join channels d on d.id = a.channel_id
            where a.state <> 'pending' and c.retired_at is null and c.unapproved_since is not null
              and ($1::bigint is null or c.id = $1)
              and (a.state <> 'expired' or d.retired_at is null and d.quarantined_at is null)
              and not exists (select 1 from address_changes w where w.state = 'pending'
                                 and c.id in (w.channel_id, w.stand_in_id))
            order by a.id""",
        stand_in,
    )


async def settle(session: Session, number: int, *, state: str, by: int | None, why: str | None, now: datetime) -> None:
    """End a change."""
    await session.execute(
        """update address_changes set state = $2, settled_by = $3, settled_why = $4, settled_at = $5
            where id = $1 and state = 'pending'""",
        number,
        state,
        by,
        why,
        now,
    )


# The old address has come into quarantine since another was proposed for it: a STOP, a stranger, refused for good.
_LATE = "a.old_address is not null and not a.reported_dead and d.quarantined_at is not null and d.retired_at is null"


async def note_dead(session: Session, number: int) -> bool:
    """Write down that the old address of a change has come into quarantine since; return whether that is news."""
    done = await session.execute(
        f"""update address_changes a set reported_dead = true from channels d
             where a.id = $1 and a.state = 'pending' and d.id = a.channel_id and {_LATE}""",
        number,
    )
    return str(done).endswith(" 1")


async def waiting(session: Session, *, now: datetime) -> list[Row]:
    """Return what is over, what stands in by a channel that is out of use, what waited for its notice alone, and what
    is to take the place of an address that has come into quarantine since."""
    return await session.fetch(
        f"""select a.id, a.channel_id from address_changes a left join channels c on c.id = {_BEFORE}
              join channels d on d.id = a.channel_id
             where a.state = 'pending' and (a.expires_at <= $1 or a.approved_at is not null
               and (a.proven_at is not null or c.proven_at is not null)
               or a.stand_in_id is not null and (c.quarantined_at is not null or c.retired_at is not null)
               or {_LATE})
             order by a.id""",
        now,
    )


async def why_out_of_use(session: Session, stand_in: int | None) -> str | None:
    """Return why what stands in for a dead address is out of use; None where it is not."""
    found: str | None = await session.fetchval(
        """select coalesce(quarantined_why, 'the channel was retired') from channels
            where id = $1 and (quarantined_at is not null or retired_at is not null)""",
        stand_in,
    )
    return found
