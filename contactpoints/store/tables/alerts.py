"""Alerts, what was asked, and everything that happened to them: the evidence."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contactpoints.store.tables.columns import metadata, moment, number, one_of, refers, words, written_with

alerts = Table(
    "alerts",
    metadata,
    number(),
    Column("reference", Text, nullable=False, unique=True),
    refers("actor_id", "actors.id"),
    words("requesting_party"),
    words("requesting_authority"),
    words("requested_party"),
    refers("contact_point_id", "contact_points.id"),
    words("kind"),
    words("instrument"),
    words("status"),
    words("urgency"),
    words("case_reference"),
    Column("notify", ARRAY(Text), nullable=False),
    words("language", default="en"),
    Column("plan", JSONB, nullable=False),
    Column("resolved", JSONB, nullable=False),
    Column("warnings", JSONB, nullable=False),
    words("state"),
    Column("step", SmallInteger, nullable=False, server_default="0"),
    Column("cycle", Integer, nullable=False, server_default="1"),
    moment("step_since"),
    moment("due_at"),
    moment("retry_at"),
    moment("news_at"),
    moment("opened_at", required=True),
    moment("acknowledged_at"),
    moment("exhausted_at"),
    moment("withdrawn_at"),
    moment("closed_at"),
    words("end_reason", required=False),
    words("suggested_party", required=False),
    words("resent_from", required=False),
    words("resent_as", required=False),
    one_of("status", "status", "actual", "exercise"),
    one_of("urgency", "urgency", "emergency", "normal"),
    one_of("state", "state", "alerting", "exhausted", "acknowledged", "withdrawn", "closed"),
    CheckConstraint("state not in ('alerting', 'exhausted') or due_at is not null", name="never_waits_in_silence"),
    CheckConstraint("state in ('alerting', 'exhausted') or due_at is null", name="settled_is_not_due"),
    CheckConstraint("state <> 'acknowledged' or acknowledged_at is not null", name="acknowledged_has_its_instant"),
    Index("alerts_due", "due_at", postgresql_where=text("due_at is not null")),
    Index(None, "actor_id", "id"),
    Index(None, "requesting_party", "requesting_authority", "id"),
    Index(None, "contact_point_id", "id"),
)

requests = Table(
    "requests",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

closing_notes = Table(
    "closing_notes",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("actor_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    written_with("alert_id"),
    moment("created_at", required=True),
    Index(None, "created_at"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True),
    moment("at", required=True),
    words("code"),
    Column("data", JSONB, nullable=False),
)

reply_codes = Table(
    "reply_codes",
    metadata,
    number(),
    Column("code", Text, nullable=False, unique=True),
    Column("page_token", Text, nullable=False, unique=True),
    written_with("alert_id"),
    written_with("officer_id"),
    written_with("post_id"),
    Column("step", SmallInteger, nullable=False),
    moment("created_at", required=True),
    moment("locked_at"),
    Column("reading_tries", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("alert_id", "officer_id"),
)

pin_tries = Table(
    "pin_tries",
    metadata,
    refers("reply_code_id", "reply_codes.id"),
    refers("inbound_id", "inbound.id"),
    moment("at", required=True),
    words("outcome", required=False),
    one_of("outcome", "outcome", "right", "wrong", "useless"),
    UniqueConstraint("reply_code_id", "inbound_id"),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    number(),
    refers("alert_id", "alerts.id"),
    refers("officer_id", "officers.id"),
    refers("reply_code_id", "reply_codes.id"),
    refers("inbound_id", "inbound.id"),
    moment("received_at", required=True),
    moment("recorded_at", required=True),
    words("channel"),
    words("identity_strength"),
    words("function"),
    words("line"),
    Column("step", SmallInteger, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    words("provider_code", required=False),
    moment("provider_at"),
    UniqueConstraint("inbound_id"),
    one_of("channel", "channel", "sms", "link", "api", "voice"),
    one_of("strength", "identity_strength", "code_and_pin", "code_pin_and_number", "weak"),
    Index(None, "alert_id", "received_at", "inbound_id"),
)

readings = Table(
    "readings",
    metadata,
    number(),
    refers("alert_id", "alerts.id"),
    refers("actor_id", "actors.id", required=False),
    refers("officer_id", "officers.id", required=False),
    moment("at", required=True),
    words("side"),
    words("way"),
    words("address", required=False),
    CheckConstraint("num_nonnulls(actor_id, officer_id) = 1", name="by_one_reader"),
    one_of("side", "side", "requester", "contact_point"),
    one_of("way", "way", "api", "export", "print", "page"),
    Index(None, "alert_id", "id"),
)
