"""What is forgotten after a while: rows that only prevent something, and that no evidence refers to.

Evidence (alerts, timelines, requests, messages, attempts, arrivals, acknowledgements, readings, history) is never
deleted here.
"""

from datetime import datetime, timedelta

from contactpoints.store.database import Session

KEPT = {
    "idempotency_keys": ("created_at", timedelta(days=40)),
    "mail_links": ("expires_at", timedelta(days=30)),
    "openid_questions": ("expires_at", timedelta(days=1)),
    "sign_ins": ("expires_at", timedelta(days=1)),
    "signatures": ("known_until", timedelta(hours=1)),
    "passkey_challenges": ("expires_at", timedelta(hours=1)),
    "throttles": ("spent_until", timedelta(days=1)),
    "drafts": ("changed_at", timedelta(days=7)),
    "answered_strangers": ("since", timedelta(days=90)),
}
"""Table -> the column that tells its age, and how long a row is kept after that instant.

An Idempotency-Key is promised to be known for 30 days. A link is useless from `expires_at` on. A draft is nobody's
evidence, and holds case data: the data key of one that is deleted goes with it.
"""


async def forget(session: Session, table: str, *, now: datetime, most: int) -> int:
    """Delete up to ``most`` rows of a table of `KEPT` that are old enough; return how many. Engines take turns."""
    column, age = KEPT[table]
    done = await session.execute(
        f"""delete from {table} where ctid = any(array(
                select ctid from {table} where {column} < $1 order by {column} limit $2 for update skip locked))""",
        now - age,
        most,
    )
    return int(str(done).rsplit(" ", 1)[1])
