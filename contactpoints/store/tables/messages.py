"""What goes out, what comes in, and what was told of something that is broken."""

from sqlalchemy import (
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

from contactpoints.store.tables.columns import metadata, moment, number, one_of, words, written_with

messages = Table(
    "messages",
    metadata,
    number(),
    written_with("alert_id", required=False),
    written_with("officer_id", required=False),
    written_with("channel_id", required=False),
    written_with("reply_code_id", required=False),
    words("purpose"),
    words("kind"),
    words("gateway", required=False),
    words("address"),
    words("subject", required=False),
    words("body"),
    words("link", required=False),
    words("language"),
    Column("rank", SmallInteger, nullable=False),
    Column("exercise", Boolean, nullable=False, server_default=text("false")),
    Column("repeat", Boolean, nullable=False, server_default=text("false")),
    Column("step", SmallInteger),
    Column("cycle", Integer),
    words("state", default="queued"),
    moment("queued_at", required=True),
    moment("send_at"),
    moment("lease_until"),
    moment("trace_at"),
    moment("unsure_since"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("first_accepted_at"),
    moment("delivered_at"),
    words("error_code", required=False),
    one_of(
        *("purpose", "purpose"),
        *("alert", "stand_down", "answer", "news", "alarm", "pin_link", "proof", "probe", "roster", "release"),
    ),
    one_of("kind", "kind", "sms", "voice", "email"),
    one_of(
        "state",
        "state",
        "queued",
        "sending",
        "unsure",
        "accepted",
        "delivered",
        "read",
        "refused",
        "cancelled",
    ),
    CheckConstraint("(state = 'sending') = (lease_until is not null)", name="sending_has_a_lease"),
    CheckConstraint("(state = 'queued') = (send_at is not null)", name="queued_has_its_time"),
    CheckConstraint("(state = 'unsure') = (trace_at is not null)", name="unsure_is_traced"),
    Index("messages_queued", "kind", "rank", "send_at", "id", postgresql_where=text("state = 'queued'")),
    Index("messages_sending", "lease_until", postgresql_where=text("state = 'sending'")),
    Index("messages_unsure", "trace_at", postgresql_where=text("state = 'unsure'")),
    Index(None, "alert_id"),
    Index(None, "address", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("code", Text, primary_key=True),
    written_with("message_id"),
    Column("number", Integer, nullable=False),
    words("gateway"),
    moment("started_at", required=True),
    moment("ended_at"),
    words("outcome", required=False),
    words("provider_code", required=False),
    moment("provider_at"),
    words("detail", required=False),
    one_of("outcome", "outcome", "accepted", "not_sent", "unsure", "traced"),
    Index(None, "message_id"),
    Index(None, "gateway", "provider_code", postgresql_where=text("provider_code is not null")),
)

inbound = Table(
    "inbound",
    metadata,
    number(),
    words("source"),
    words("kind"),
    words("provider_code", required=False),
    words("attempt_code", required=False),
    moment("received_at", required=True),
    moment("provider_at"),
    Column("sealed", LargeBinary, nullable=False),
    moment("handled_at"),
    moment("lease_until"),
    words("outcome", required=False),
    written_with("alert_id", required=False),
    one_of("kind", "kind", "reply", "report"),
    UniqueConstraint("source", "kind", "provider_code"),
    Index("inbound_waiting", "received_at", "id", postgresql_where=text("handled_at is null")),
    Index(None, "alert_id", postgresql_where=text("alert_id is not null")),
    Index("inbound_strays", "received_at", "id", postgresql_where=text("alert_id is null and sealed <> ''::bytea")),
)

inbound_marks = Table(
    "inbound_marks",
    metadata,
    Column("gateway", Text, primary_key=True),
    moment("seen_until", required=True),
)

alarms = Table(
    "alarms",
    metadata,
    Column("reason", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    moment("at", required=True),
)

circuits = Table(
    "circuits",
    metadata,
    Column("gateway", Text, primary_key=True),
    words("kind"),
    moment("silent_since", required=True),
    moment("opened_at", required=True),
)

answered_strangers = Table(
    "answered_strangers",
    metadata,
    Column("address", Text, primary_key=True),
    Column("answers", Integer, nullable=False),
    moment("since", required=True),
)
