"""API keys as those see them who keep them: listed, changed, ended, and when they were last used."""

from collections.abc import Collection, Mapping
from datetime import datetime

from contactpoints.rules.access import Actor
from contactpoints.rules.calling_back import NOBODY, Confirming, read_confirming, write_confirming
from contactpoints.rules.key_limits import UNLIMITED, write_limits
from contactpoints.rules.signing import UNSIGNED, write_signing
from contactpoints.store.database import Row, Session

_SHOWN = """
select k.id, k.version, k.role, k.party, k.contact_point_id, k.authority, k.notify, k.language, k.limits, k.signing,
       k.call_back, k.created_at, k.made_by, k.expires_at, k.revoked_at, k.rotated_from, k.holder_id, u.used_at,
       u.address as used_from,
       (select s.id from api_keys s where s.rotated_from = k.id order by s.revoked_at is not null, s.id desc limit 1)
           as rotated_to
  from api_keys k left join key_uses u on u.api_key_id = k.id
"""


def _holds(text: str) -> str:
    """Return the condition that a key holds a text, an argument such as ``$5``, or that none is asked for."""
    told = "concat_ws(' ', k.authority, k.party, k.role, k.id)"
    return f"({text}::text is null or strpos(lower({told}), lower({text})) > 0)"


async def listed(session: Session, *, after: int = 0, most: int | None = None, text: str | None = None) -> list[Row]:
    """Return every key without its hash, the first first; those alone that hold a ``text``."""
    return await session.fetch(f"{_SHOWN} where k.id > $1 and {_holds('$3')} order by k.id limit $2", after, most, text)


async def listed_for(
    session: Session, *, number: int, party: str | None, after: int, most: int, text: str | None = None
) -> list[Row]:
    """Return the keys of the requesting authorities of ``party`` (None: of nobody), and key ``number``."""
    return await session.fetch(
        f"""{_SHOWN} where k.id > $1 and (k.id = $2 or k.role = 'requester' and k.party = $3) and {_holds("$5")}
             order by k.id limit $4""",
        after,
        number,
        party,
        most,
        text,
    )


async def find(session: Session, number: int) -> Row | None:
    """Return one key without its hash, revoked ones too."""
    return await session.fetchrow(f"{_SHOWN} where k.id = $1", number)


async def lock(session: Session, number: int) -> None:
    """Keep everybody else from changing a key until the transaction ends; alerts are opened with it all the same."""
    await session.execute("select 1 from api_keys where id = $1 for no key update", number)


async def holder(session: Session, number: int) -> int | None:
    """Return the account of the person who holds a key; None where nobody says, or there is no such key."""
    found: int | None = await session.fetchval("select holder_id from api_keys where id = $1", number)
    return found


async def change(session: Session, number: int, *, to: Actor, expires_at: datetime | None) -> None:
    """Give a key other terms, those of ``to``. Whoever opens alerts with it is judged by them from the commit on."""
    await session.execute(
        """update api_keys set notify = $2, language = $3, limits = $4, signing = $5, expires_at = $6,
                  call_back = $7, holder_id = $8, version = version + 1
            where id = $1""",
        number,
        list(to.notify),
        to.language,
        {} if to.limits == UNLIMITED else write_limits(to.limits),
        {} if to.signing == UNSIGNED else write_signing(to.signing),
        expires_at,
        {} if to.confirming == NOBODY else write_confirming(to.confirming),
        to.holder,
    )


async def confirming(session: Session, actor_id: int) -> Confirming:
    """Return who can confirm now what was asked by a key; nobody is registered for an account."""
    kept = await session.fetchval("select call_back from api_keys where id = $1", actor_id)
    return read_confirming(kept) if kept else NOBODY


async def mailboxes(session: Session, of: Actor, *, now: datetime) -> list[Row]:
    """Return the mail addresses of an office, each once with a language: of accounts, and where news of its keys go.

    An authority is an office by its name, and so is a contact point by its number.
    """
    return await session.fetch(
        """select address, min(language) as language
             from (select email as address, language, role, party, authority, contact_point_id from accounts
                    where accepted_at is not null and disabled_at is null
                   union all
                   select unnest(notify), language, role, party, authority, contact_point_id from api_keys
                    where revoked_at is null and (expires_at is null or expires_at > $5)) known
            where role = $1 and party = $2 and strpos(address, '@') > 0
              and case when role = 'requester' then authority = $3
                       else $4::bigint is null or contact_point_id is null or contact_point_id = $4 end
            group by address order by address""",
        of.role.value,
        of.party,
        of.authority,
        of.contact_point,
        now,
    )


async def offices(session: Session, numbers: Collection[int]) -> list[Row]:
    """Return whose some keys are: Party and authority, and their numbers."""
    return await session.fetch(
        """select party, authority, array_agg(id order by id) as keys from api_keys
            where id = any($1::bigint[]) group by party, authority order by party, authority""",
        list(numbers),
    )


async def end_at(session: Session, number: int, *, at: datetime) -> None:
    """Let a key end at an instant, where it would not end before."""
    await session.execute(
        "update api_keys set expires_at = least(coalesce(expires_at, $2), $2), version = version + 1 where id = $1",
        number,
        at,
    )


async def end_held(session: Session, account: int, *, now: datetime) -> list[int]:
    """Revoke the keys that somebody holds and that are good still; return which."""
    rows = await session.fetch(
        """update api_keys set revoked_at = $2
            where holder_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2) returning id""",
        account,
        now,
    )
    return [row["id"] for row in rows]


async def revoke(session: Session, number: int, *, now: datetime) -> bool:
    """Revoke a key; the first instant stays. False where there is none."""
    done = await session.fetchval(
        "update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning id", number, now
    )
    return done is not None


async def note_uses(session: Session, uses: Mapping[int, tuple[datetime, str | None]]) -> None:
    """Note when and from which address keys were last used; what another process noted later stands."""
    numbers = sorted(uses)
    await session.execute(
        """insert into key_uses (api_key_id, used_at, address)
           select * from unnest($1::bigint[], $2::timestamptz[], $3::text[]) as n (number, used_at, address)
            order by number
           on conflict (api_key_id) do update set used_at = excluded.used_at, address = excluded.address
            where key_uses.used_at < excluded.used_at""",
        numbers,
        [uses[number][0] for number in numbers],
        [uses[number][1] for number in numbers],
    )
