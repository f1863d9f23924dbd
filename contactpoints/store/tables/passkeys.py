"""Passkeys of accounts, and the challenges that a browser is given to sign. Nothing here lets anybody in by itself."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table

from contactpoints.store.tables.columns import metadata, moment, number, one_of, refers, words

# ``credential`` is by what a device knows it, ``public_key`` in the form of COSE. ``sign_count`` is 0 for ever where a
# device does not count, as one does not that copies its passkeys to others of the same person.

passkeys = Table(
    "passkeys",
    metadata,
    number(),
    refers("account_id", "accounts.id"),
    Column("credential", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    words("name"),
    moment("created_at", required=True),
    moment("used_at"),
    Index(None, "account_id"),
)

# Whoever signs in has no account yet, as far as is known; whoever accepts an invitation has no session.

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("challenge_hash", LargeBinary, primary_key=True),
    words("purpose"),
    refers("account_id", "accounts.id", required=False),
    refers("session_id", "sessions.id", required=False),
    moment("expires_at", required=True),
    one_of("purpose", "purpose", "sign_in", "step_up", "add", "accept"),
    CheckConstraint("(purpose = 'sign_in') = (account_id is null)", name="account_by_purpose"),
    CheckConstraint("(purpose in ('step_up', 'add')) = (session_id is not null)", name="session_by_purpose"),
    Index(None, "account_id"),
    Index(None, "expires_at"),
)
