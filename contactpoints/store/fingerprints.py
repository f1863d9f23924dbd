"""Whether a process has the secrets that the rows of this database were written with.

With another pepper every PIN would be wrong, and three wrong ones lock an officer's code: that is to be found out when
a process starts, not at 03:00.
"""

import hmac
from collections.abc import Mapping

from contactpoints.store.database import Session

PEPPER = "pepper"

# A secret by which nothing was written yet may still be exchanged.
_COUNTS = """
select exists (select 1 from pins) as pepper,
       exists (select 1 from requests) or exists (select 1 from inbound) or exists (select 1 from messages) as keys
"""


def fingerprint(secret: bytes) -> bytes:
    """Return by what a secret of at least 32 random bytes is known again; it tells nothing about the secret."""
    return hmac.digest(secret, b"contactpoints: the fingerprint of this secret", "sha256")[:16]


async def strangers(session: Session, secrets: Mapping[str, bytes]) -> list[str]:
    """Return the names, in order, under which another secret has been used here; keep the others, each by its name.

    `PEPPER` is the name of the pepper, and every other that of a key.
    """
    wanted = {name: fingerprint(secret) for name, secret in secrets.items()}
    kept = {row["name"]: row["fingerprint"] for row in await session.fetch("select * from fingerprints")}
    new = {name: mark for name, mark in wanted.items() if kept.get(name) != mark}
    if not new:
        return []
    used = await session.fetchrow(_COUNTS)
    assert used is not None
    wrong = sorted(name for name in new if name in kept and used["pepper" if name == PEPPER else "keys"])
    right = [name for name in new if name not in wrong]
    await session.execute(
        """insert into fingerprints (name, fingerprint) select * from unnest($1::text[], $2::bytea[])
           on conflict (name) do update set fingerprint = excluded.fingerprint""",
        right,
        [new[name] for name in right],
    )
    return wrong
