"""Sign-ins of organisations: who is who at a provider, and what browsers were sent there to ask."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from contactpoints.store.tables.columns import metadata, moment, refers, words

openid_identities = Table(
    "openid_identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account_id", BigInteger, ForeignKey("accounts.id"), nullable=False, unique=True),
    moment("bound_at", required=True),
)

# A question is answered once, to the browser that was sent to ask it. ``next``: where somebody goes on; ``session_id``:
# in which session somebody shows anew who they are.

openid_questions = Table(
    "openid_questions",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    Column("browser_hash", LargeBinary, nullable=False),
    words("provider"),
    words("next"),
    refers("session_id", "sessions.id", required=False),
    moment("asked_at", required=True),
    moment("expires_at", required=True),
    Index(None, "expires_at"),
)
