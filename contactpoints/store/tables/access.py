"""Who may do what, and by what somebody proves to be there: keys, PINs, links, codes, changed addresses."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contactpoints.store.tables.columns import metadata, moment, number, one_of, refers, words

pins = Table(
    "pins",
    metadata,
    Column("officer_id", BigInteger, ForeignKey("officers.id"), primary_key=True),
    words("hash"),
    moment("set_at", required=True),
    moment("expires_at"),
    Column("wrong_tries", Integer, nullable=False, server_default="0"),
    moment("locked_at"),
)

mail_links = Table(
    "mail_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    words("purpose"),
    refers("officer_id", "officers.id"),
    refers("channel_id", "channels.id"),
    words("address"),
    moment("created_at", required=True),
    moment("expires_at", required=True),
    moment("used_at"),
    one_of("purpose", "purpose", "pin", "address"),
    Index(None, "channel_id"),
)

# An address that is to take the place of a channel's, or that came new to an officer who has or had others (it has no
# old one): only once a second person, a proof and a notice stand behind it. ``stand_in_id``: the channel that has the
# new address until then, where the old one is dead.

address_changes = Table(
    "address_changes",
    metadata,
    number(),
    refers("channel_id", "channels.id"),
    words("old_address", required=False),
    words("address"),
    Column("reported_dead", Boolean, nullable=False),
    words("reason", required=False),
    refers("proposed_by", "actors.id"),
    moment("proposed_at", required=True),
    moment("expires_at", required=True),
    refers("approved_by", "actors.id", required=False),
    moment("approved_at"),
    moment("proven_at"),
    words("state", default="pending"),
    moment("settled_at"),
    refers("settled_by", "actors.id", required=False),
    words("settled_why", required=False),
    refers("stand_in_id", "channels.id", required=False),
    one_of("state", "state", "pending", "active", "refused", "withdrawn", "expired"),
    CheckConstraint("(state = 'pending') = (settled_at is null)", name="settled_has_its_instant"),
    CheckConstraint("approved_by <> proposed_by", name="second_person"),
    Index("address_changes_one_pending", "channel_id", unique=True, postgresql_where=text("state = 'pending'")),
)

# Codes that were sent to an address, to come back from it. A code proves the address that it was sent to, and no other.

proofs = Table(
    "proofs",
    metadata,
    number(),
    refers("channel_id", "channels.id"),
    refers("change_id", "address_changes.id", required=False),
    words("address"),
    words("code"),
    words("asked_by"),
    moment("asked_at", required=True),
    moment("expires_at", required=True),
    Column("wrong_tries", SmallInteger, nullable=False, server_default="0"),
    moment("locked_at"),
    moment("proven_at"),
    words("proven_by", required=False),
    one_of("proven_by", "proven_by", "reply", "link", "code"),
    Index(None, "channel_id", "id"),
    Index(None, "address", "id"),
)

# How often the service itself has asked for a proof of an address, and when it told that none came.

proof_rounds = Table(
    "proof_rounds",
    metadata,
    Column("channel_id", BigInteger, ForeignKey("channels.id"), primary_key=True, autoincrement=False),
    words("address"),
    Column("asks", SmallInteger, nullable=False),
    moment("asked_at"),
    moment("told_at"),
)

# Whoever acts has one number, whether a machine by its key or a person by an account: whatever is done refers to it.

actors = Table("actors", metadata, number(), words("kind"), one_of("kind", "kind", "key", "account"))

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", BigInteger, ForeignKey("actors.id"), primary_key=True, autoincrement=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    words("role"),
    Column("party", Text, ForeignKey("parties.code")),
    refers("contact_point_id", "contact_points.id", required=False),
    words("authority"),
    Column("notify", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    words("language", default="en"),
    moment("created_at", required=True),
    moment("expires_at"),
    moment("revoked_at"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("limits", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("signing", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("call_back", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    refers("made_by", "actors.id", required=False),
    refers("rotated_from", "api_keys.id", required=False),
    refers("holder_id", "accounts.id", required=False),
    one_of("role", "role", "requester", "contact_point", "administrator", "secretariat", "auditor"),
    CheckConstraint("(role in ('secretariat', 'auditor')) = (party is null)", name="party_by_role"),
    Index("api_keys_one_successor", "rotated_from", unique=True, postgresql_where=text("revoked_at is null")),
)

# By what the pepper of the PINs is known again. It gives it away to nobody.

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
)

# When and from where a key was last used, written aside and at most once a minute: the key's own row is read for every
# alert, and what is evidence stands elsewhere.

key_uses = Table(
    "key_uses",
    metadata,
    Column("api_key_id", BigInteger, ForeignKey("api_keys.id"), primary_key=True, autoincrement=False),
    moment("used_at", required=True),
    words("address", required=False),
)

# Signatures that came, each until it could come no more: one that comes twice is refused, whichever node it comes to.

signatures = Table(
    "signatures",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    moment("known_until", required=True),
    Index(None, "known_until"),
)
