"""What the page of an alert shows beside the alert itself: its places, who was called, and its latest facts."""

from contactpoints.rules.folding import by_name
from contactpoints.store.database import Row, Session


async def around(session: Session, alert: Row) -> Row:
    """Return the names of both Parties and the contact point (None: unknown), and whether whoever asks are two."""
    row = await session.fetchrow(
        """select c.name as point,
                  (select p.name from parties p where p.code = $2) as requesting_name,
                  (select p.name from parties p where p.code = $3) as requested_name,
                  exists (select from parties p where p.code = $2 and p.two_persons) as two_persons
             from contact_points c where c.id = $1""",
        *(alert["contact_point_id"], alert["requesting_party"], alert["requested_party"]),
    )
    assert row is not None, "a contact point that was called is never deleted"
    return row


async def called(session: Session, alert_id: int, *, account: int) -> list[Row]:
    """Return the officers who were called for an alert, the first first, each with the reply code.

    ``mine``: the officer whose ``account`` it is; ``locked``: the code bears no more tries; ``declined``: in the round
    that runs; ``wrong``: how many wrong PINs were typed with the code; ``whose``: the name of a contact point that is
    not the alert's own; ``party``: of the officer's, None for the secretariat; ``pin_required``: there.
    """
    return await session.fetch(
        """select r.id as reply_code_id, r.code, r.officer_id, r.locked_at is not null as locked,
                  r.declined_in is not distinct from t.cycle as declined, o.name, p.line,
                  (select count(*) from pin_tries y
                    where y.reply_code_id = r.id and coalesce(y.outcome, 'wrong') = 'wrong')::int as wrong,
                  c.party, c.pin_required,
                  case when c.id <> t.contact_point_id then c.name end as whose,
                  exists (select 1 from accounts a where a.id = $2 and a.officer_id = r.officer_id) as mine
             from reply_codes r join officers o on o.id = r.officer_id join posts p on p.id = r.post_id
             join contact_points c on c.id = p.contact_point_id join alerts t on t.id = r.alert_id
            where r.alert_id = $1 order by r.id limit 200""",
        *(alert_id, account),
    )


async def latest(session: Session, alert_id: int, *, before: int | None, most: int) -> list[Row]:
    """Return the latest facts about an alert before number ``before``, the oldest of them first."""
    rows = await session.fetch(
        """select number, at, code, data from timeline where alert_id = $1 and ($2::int is null or number < $2)
            order by number desc limit $3""",
        *(alert_id, before, most),
    )
    return rows[::-1]


async def parties(session: Session) -> list[tuple[str, str]]:
    """Return code and name of every Party that is in the directory, by name."""
    rows = await session.fetch("select code, name from parties where retired_at is null")
    return sorted(((row["code"], row["name"]) for row in rows), key=lambda each: (by_name(each[1]), each[0]))
