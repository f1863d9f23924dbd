"""The tables, as they are now. The migrations lead here, and a test demands that both ways end in the same place.

Three habits hold everywhere. Every instant is ``timestamptz``. Nothing that evidence refers to is deleted: entries
are retired, messages cancelled, acknowledgements added. What holds case data or a PIN is ``bytea`` sealed by
`store.sealing`.
"""

from sqlalchemy import (
    ARRAY,
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
    }
)

LINES = ("first", "second", "team_leader", "decision_maker", "central_authority", "mutual_assistance")


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _moment(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=not required)


def _words(name: str, *, default: str | None = None, required: bool = True) -> Column[str]:
    return Column(name, Text, nullable=not required, server_default=default)


def _refers(name: str, to: str, *, required: bool = True) -> Column[int]:
    return Column(name, BigInteger, ForeignKey(to), nullable=not required)


def _written_with(name: str, *, required: bool = True) -> Column[int]:
    """A row of the hot path points to one that was written or read in the same statement; see `NEVER_DELETED`."""
    return Column(name, BigInteger, nullable=not required)


def _entry() -> list[Column[object]]:
    """The columns that every directory entry has: its version, and when it came, changed and went."""
    return [
        Column("version", Integer, nullable=False, server_default="1"),
        _moment("created_at", required=True),
        _moment("changed_at", required=True),
        _moment("retired_at"),
    ]


def _span() -> list[Column[object]]:
    """From when until when, as instants; and on the clocks of which zone, with their offset then, as it was meant."""
    return [
        _moment("starts_at", required=True),
        _moment("ends_at", required=True),
        Column("zone", Text),
        Column("starts_local", Text),
        Column("ends_local", Text),
    ]


def _one_of(name: str, column: str, *codes: str) -> CheckConstraint:
    listed = ", ".join(f"'{code}'" for code in codes)
    return CheckConstraint(f"{column} in ({listed})", name=name)


# The directory

parties = Table(
    "parties",
    metadata,
    Column("code", Text, primary_key=True),
    _words("name"),
    _words("confidence", default="unconfirmed"),
    *_entry(),
    CheckConstraint("code ~ '^[A-Z]{2}$'", name="code"),
)

memberships = Table(
    "memberships",
    metadata,
    _id(),
    Column("party", Text, ForeignKey("parties.code"), nullable=False),
    _words("instrument"),
    _words("status"),
    Column("since", Date),
    Column("until", Date),
    _words("confidence", default="unconfirmed"),
    _words("territory", required=False),
    *_entry(),
    _one_of("status", "status", "party", "ratified", "signed"),
    CheckConstraint("until > since", name="runs_forward"),
    Index(None, "party", "instrument"),
)

declarations = Table(
    "declarations",
    metadata,
    _id(),
    Column("party", Text, ForeignKey("parties.code"), nullable=False),
    _words("instrument"),
    _words("article"),
    _words("kind"),
    _words("text"),
    Column("since", Date),
    Column("until", Date),
    _words("confidence", default="unconfirmed"),
    _words("territory", required=False),
    Column("towards", Text, ForeignKey("parties.code")),
    *_entry(),
    _one_of("kind", "kind", "declaration", "reservation", "suspension"),
    CheckConstraint("(kind = 'suspension') = (towards is not null)", name="suspended_towards_one"),
    CheckConstraint("until > since", name="runs_forward"),
    Index(None, "party", "instrument"),
)

providers = Table(
    "providers",
    metadata,
    _id(),
    _words("name"),
    Column("other_names", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("party", Text, ForeignKey("parties.code"), nullable=False),
    _words("source", required=False),
    Column("since", Date),
    Column("until", Date),
    _words("confidence", default="unconfirmed"),
    *_entry(),
    CheckConstraint("until > since", name="runs_forward"),
    Index(None, "party"),
)

contact_points = Table(
    "contact_points",
    metadata,
    _id(),
    Column("party", Text, ForeignKey("parties.code")),
    _words("territory", required=False),
    _words("name"),
    _words("function"),
    _words("zone"),
    Column("languages", ARRAY(Text), nullable=False),
    Column("english_in_emergencies", Boolean, nullable=False, server_default=text("true")),
    Column("capabilities", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("working_hours", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("pin_required", Boolean, nullable=False, server_default=text("true")),
    Column("secretariat", Boolean, nullable=False, server_default=text("false")),
    _words("public_address", required=False),
    Column("revision", BigInteger, nullable=False, server_default="1"),
    _words("name_in_english", required=False),
    _words("function_in_english", required=False),
    _refers("central_authority_id", "contact_points.id", required=False),
    _refers("backup_id", "contact_points.id", required=False),
    Column("public_keys", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("also_member_of", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("handover_minutes", SmallInteger, server_default="60"),
    Column("swaps_need_approval", Boolean, nullable=False, server_default=text("true")),
    *_entry(),
    CheckConstraint("secretariat = (party is null)", name="secretariat_has_no_party"),
    Index(None, "party", postgresql_where=text("retired_at is null")),
    Index(
        "contact_points_one_secretariat",
        "secretariat",
        unique=True,
        postgresql_where=text("secretariat and retired_at is null"),
    ),
)

posts = Table(
    "posts",
    metadata,
    _id(),
    _refers("contact_point_id", "contact_points.id"),
    _words("line"),
    _words("function"),
    Column("minimum", SmallInteger, nullable=False, server_default="1"),
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("longest_hours", SmallInteger),
    _words("reason", required=False),
    *_entry(),
    _one_of(
        "line", "line", "first", "second", "team_leader", "decision_maker", "central_authority", "mutual_assistance"
    ),
    Index(None, "contact_point_id"),
)

officers = Table(
    "officers",
    metadata,
    _id(),
    _refers("contact_point_id", "contact_points.id"),
    _words("name"),
    _words("function"),
    _words("language", default="en"),
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    *_entry(),
    _one_of("language", "language", "en", "fr", "es"),
    Index(None, "contact_point_id"),
)

pins = Table(
    "pins",
    metadata,
    Column("officer_id", BigInteger, ForeignKey("officers.id"), primary_key=True),
    _words("hash"),
    _moment("set_at", required=True),
    _moment("expires_at"),
    Column("wrong_tries", Integer, nullable=False, server_default="0"),
    _moment("locked_at"),
)

mail_links = Table(
    "mail_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _words("purpose"),
    _refers("officer_id", "officers.id"),
    _refers("channel_id", "channels.id"),
    _words("address"),
    _moment("created_at", required=True),
    _moment("expires_at", required=True),
    _moment("used_at"),
    _one_of("purpose", "purpose", "pin", "address"),
    Index(None, "channel_id"),
)

channels = Table(
    "channels",
    metadata,
    _id(),
    _refers("officer_id", "officers.id"),
    _words("kind"),
    _words("address"),
    Column("place", SmallInteger, nullable=False, server_default="1"),
    _moment("verified_at"),
    _moment("proven_at"),
    _moment("quarantined_at"),
    _words("quarantined_why", required=False),
    _moment("renewed_at"),
    _moment("unapproved_since"),
    *_entry(),
    _one_of("kind", "kind", "sms", "voice", "email"),
    CheckConstraint("(kind = 'email') = (address like '%@%')", name="address_is_of_its_kind"),
    Index(None, "officer_id"),
    Index(None, "kind", "address", postgresql_where=text("retired_at is null")),
)

# An address that is to take the place of a channel's, or that came new to an officer who has or had others (it has no
# old one): only once a second person, a proof and a notice stand behind it.

address_changes = Table(
    "address_changes",
    metadata,
    _id(),
    _refers("channel_id", "channels.id"),
    _words("old_address", required=False),
    _words("address"),
    Column("reported_dead", Boolean, nullable=False),
    _words("reason", required=False),
    _refers("proposed_by", "api_keys.id"),
    _moment("proposed_at", required=True),
    _moment("expires_at", required=True),
    _refers("approved_by", "api_keys.id", required=False),
    _moment("approved_at"),
    _moment("proven_at"),
    _words("state", default="pending"),
    _moment("settled_at"),
    _refers("settled_by", "api_keys.id", required=False),
    _words("settled_why", required=False),
    _one_of("state", "state", "pending", "active", "refused", "withdrawn", "expired"),
    CheckConstraint("(state = 'pending') = (settled_at is null)", name="settled_has_its_instant"),
    CheckConstraint("approved_by <> proposed_by", name="second_person"),
    Index("address_changes_one_pending", "channel_id", unique=True, postgresql_where=text("state = 'pending'")),
)

# Codes that were sent to an address, to come back from it. A code proves the address that it was sent to, and no other.

proofs = Table(
    "proofs",
    metadata,
    _id(),
    _refers("channel_id", "channels.id"),
    _refers("change_id", "address_changes.id", required=False),
    _words("address"),
    _words("code"),
    _words("asked_by"),
    _moment("asked_at", required=True),
    _moment("expires_at", required=True),
    Column("wrong_tries", SmallInteger, nullable=False, server_default="0"),
    _moment("locked_at"),
    _moment("proven_at"),
    _words("proven_by", required=False),
    _one_of("proven_by", "proven_by", "reply", "link", "code"),
    Index(None, "channel_id", "id"),
    Index(None, "address", "id"),
)

# How often the service itself has asked for a proof of an address, and when it told that none came.

proof_rounds = Table(
    "proof_rounds",
    metadata,
    Column("channel_id", BigInteger, ForeignKey("channels.id"), primary_key=True, autoincrement=False),
    _words("address"),
    Column("asks", SmallInteger, nullable=False),
    _moment("asked_at"),
    _moment("told_at"),
)

rotations = Table(
    "rotations",
    metadata,
    _id(),
    _refers("post_id", "posts.id"),
    Column("layer", SmallInteger, nullable=False, server_default="1"),
    _words("period"),
    _words("zone"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("handover", Time, nullable=False),
    Column("members", ARRAY(BigInteger), nullable=False),
    Column("turn_days", SmallInteger),
    Column("weekdays", ARRAY(SmallInteger), nullable=False, server_default=text("'{}'::smallint[]")),
    Column("hours_from", Time),
    Column("hours_until", Time),
    Column("temporary", Boolean, nullable=False, server_default=text("false")),
    _words("reason", required=False),
    Column("holidays_as", SmallInteger),
    *_entry(),
    _one_of("period", "period", "daily", "weekly", "monthly", "custom"),
    CheckConstraint("(period = 'custom') = (turn_days is not null and turn_days > 0)", name="custom_has_a_length"),
    CheckConstraint("(hours_from is null) = (hours_until is null)", name="hours_start_and_end"),
    CheckConstraint("ends_on is not null or not temporary", name="temporary_ends"),
    CheckConstraint("cardinality(members) > 0", name="has_members"),
    CheckConstraint("ends_on is null or ends_on > starts_on", name="runs_forward"),
    Index(None, "post_id"),
)

overrides = Table(
    "overrides",
    metadata,
    _id(),
    _refers("post_id", "posts.id"),
    _words("action"),
    _refers("officer_id", "officers.id"),
    *_span(),
    _words("reason", required=False),
    *_entry(),
    _one_of("action", "action", "add", "remove", "replace"),
    CheckConstraint("ends_at > starts_at", name="runs_forward"),
    Index(None, "post_id", "ends_at"),
)

absences = Table(
    "absences",
    metadata,
    _id(),
    _refers("officer_id", "officers.id"),
    *_span(),
    _words("reason", required=False),
    *_entry(),
    CheckConstraint("ends_at > starts_at", name="runs_forward"),
    Index(None, "officer_id", "ends_at"),
)

swaps = Table(
    "swaps",
    metadata,
    _id(),
    _refers("post_id", "posts.id"),
    _refers("officer_id", "officers.id"),
    _refers("to_officer_id", "officers.id", required=False),
    _refers("taker_id", "officers.id", required=False),
    _moment("starts_at", required=True),
    _moment("ends_at", required=True),
    _moment("return_starts_at"),
    _moment("return_ends_at"),
    _words("state", default="offered"),
    _words("reason", required=False),
    Column("overrides", ARRAY(BigInteger), nullable=False, server_default=text("'{}'::bigint[]")),
    *_entry(),
    _one_of("state", "state", "offered", "taken", "approved", "refused", "withdrawn", "expired"),
    CheckConstraint("ends_at > starts_at and return_ends_at > return_starts_at", name="runs_forward"),
    CheckConstraint("state not in ('taken', 'approved') or taker_id is not null", name="taken_by_somebody"),
    Index(None, "post_id", "id"),
    Index("swaps_open", "starts_at", postgresql_where=text("state in ('offered', 'taken')")),
)

holiday_calendars = Table(
    "holiday_calendars",
    metadata,
    _id(),
    _refers("contact_point_id", "contact_points.id"),
    Column("public_holidays", Boolean, nullable=False, server_default=text("true")),
    _words("country", required=False),
    _words("subdivision", required=False),
    Column("own_days", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    *_entry(),
    Index("holiday_calendars_one_each", "contact_point_id", unique=True, postgresql_where=text("retired_at is null")),
)

# Shifts that come from outside, in an iCalendar file that is sent or fetched.

calendars = Table(
    "calendars",
    metadata,
    _id(),
    _refers("post_id", "posts.id"),
    _words("name"),
    Column("layer", SmallInteger, nullable=False, server_default="1"),
    _words("zone", required=False),
    Column("day_starts", Time),
    Column("officers", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    _moment("read_at"),
    _words("reason", required=False),
    *_entry(),
    Index(None, "post_id"),
)

shifts = Table(
    "shifts",
    metadata,
    _id(),
    _refers("calendar_id", "calendars.id"),
    _words("uid"),
    _words("recurrence", default=""),
    _refers("officer_id", "officers.id"),
    _moment("starts_at", required=True),
    _moment("ends_at", required=True),
    _words("zone"),
    _words("starts_local"),
    _words("ends_local"),
    _moment("created_at", required=True),
    _moment("retired_at"),
    CheckConstraint("ends_at > starts_at", name="runs_forward"),
    Index(
        "shifts_one_each",
        *("calendar_id", "uid", "recurrence", "officer_id"),
        unique=True,
        postgresql_where=text("retired_at is null"),
    ),
)

# From where a calendar is fetched, how that goes, and what was held back. The address is a secret.

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("calendar_id", BigInteger, ForeignKey("calendars.id"), primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    _words("host"),
    _moment("since", required=True),
    _moment("due_at", required=True),
    _words("etag", required=False),
    _words("last_modified", required=False),
    _moment("tried_at"),
    _moment("good_at"),
    _words("trouble", required=False),
    _moment("told_at"),
    Column("faults", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Index(None, "due_at"),
)

# Secret addresses at which officers and rosters are read as calendars.

feeds = Table(
    "feeds",
    metadata,
    _id(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _refers("officer_id", "officers.id", required=False),
    _refers("post_id", "posts.id", required=False),
    _moment("created_at", required=True),
    _words("created_by"),
    _moment("revoked_at"),
    _moment("read_at"),
    CheckConstraint("num_nonnulls(officer_id, post_id) = 1", name="of_one"),
    Index(None, "officer_id"),
    Index(None, "post_id"),
)

policies = Table(
    "policies",
    metadata,
    _id(),
    _refers("contact_point_id", "contact_points.id"),
    _words("urgency", default="emergency"),
    Column("steps", JSONB, nullable=False),
    Column("restart_seconds", Integer, nullable=False, server_default="900"),
    Column("reminder_seconds", Integer, nullable=False, server_default="3600"),
    *_entry(),
    _one_of("urgency", "urgency", "emergency", "normal"),
    Index(
        "policies_one_per_urgency",
        "contact_point_id",
        "urgency",
        unique=True,
        postgresql_where=text("retired_at is null"),
    ),
)

history = Table(
    "history",
    metadata,
    _id(),
    _words("entry"),
    _words("entry_key"),
    Column("version", Integer, nullable=False),
    _moment("at", required=True),
    _words("act"),
    _words("actor"),
    _words("reason", required=False),
    Column("body", JSONB, nullable=False),
    UniqueConstraint("entry", "entry_key", "version"),
)

# Access

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    _words("role"),
    Column("party", Text, ForeignKey("parties.code")),
    _refers("contact_point_id", "contact_points.id", required=False),
    _words("authority"),
    Column("notify", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    _words("language", default="en"),
    _moment("created_at", required=True),
    _moment("expires_at"),
    _moment("revoked_at"),
    _one_of("role", "role", "requester", "contact_point", "administrator", "secretariat", "auditor"),
    CheckConstraint("(role in ('secretariat', 'auditor')) = (party is null)", name="party_by_role"),
)

# Alerts

alerts = Table(
    "alerts",
    metadata,
    _id(),
    Column("reference", Text, nullable=False, unique=True),
    _refers("api_key_id", "api_keys.id"),
    _words("requesting_party"),
    _words("requesting_authority"),
    _words("requested_party"),
    _refers("contact_point_id", "contact_points.id"),
    _words("kind"),
    _words("instrument"),
    _words("status"),
    _words("urgency"),
    _words("case_reference"),
    Column("notify", ARRAY(Text), nullable=False),
    _words("language", default="en"),
    Column("plan", JSONB, nullable=False),
    Column("resolved", JSONB, nullable=False),
    Column("warnings", JSONB, nullable=False),
    _words("state"),
    Column("step", SmallInteger, nullable=False, server_default="0"),
    Column("cycle", Integer, nullable=False, server_default="1"),
    _moment("step_since"),
    _moment("due_at"),
    _moment("retry_at"),
    _moment("news_at"),
    _moment("opened_at", required=True),
    _moment("acknowledged_at"),
    _moment("exhausted_at"),
    _moment("withdrawn_at"),
    _moment("closed_at"),
    _words("end_reason", required=False),
    _words("suggested_party", required=False),
    _words("resent_from", required=False),
    _words("resent_as", required=False),
    _one_of("status", "status", "actual", "exercise"),
    _one_of("urgency", "urgency", "emergency", "normal"),
    _one_of("state", "state", "alerting", "exhausted", "acknowledged", "withdrawn", "closed"),
    CheckConstraint("state not in ('alerting', 'exhausted') or due_at is not null", name="never_waits_in_silence"),
    CheckConstraint("state in ('alerting', 'exhausted') or due_at is null", name="settled_is_not_due"),
    CheckConstraint("state <> 'acknowledged' or acknowledged_at is not null", name="acknowledged_has_its_instant"),
    Index("alerts_due", "due_at", postgresql_where=text("due_at is not null")),
    Index(None, "api_key_id", "id"),
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
    Column("api_key_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    _written_with("alert_id"),
    _moment("created_at", required=True),
    Index(None, "created_at"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True),
    _moment("at", required=True),
    _words("code"),
    Column("data", JSONB, nullable=False),
)

reply_codes = Table(
    "reply_codes",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    Column("page_token", Text, nullable=False, unique=True),
    _written_with("alert_id"),
    _written_with("officer_id"),
    _written_with("post_id"),
    Column("step", SmallInteger, nullable=False),
    _moment("created_at", required=True),
    _moment("locked_at"),
    Column("reading_tries", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("alert_id", "officer_id"),
)

pin_tries = Table(
    "pin_tries",
    metadata,
    _refers("reply_code_id", "reply_codes.id"),
    _refers("inbound_id", "inbound.id"),
    _moment("at", required=True),
    _words("outcome", required=False),
    _one_of("outcome", "outcome", "right", "wrong", "useless"),
    UniqueConstraint("reply_code_id", "inbound_id"),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    _id(),
    _refers("alert_id", "alerts.id"),
    _refers("officer_id", "officers.id"),
    _refers("reply_code_id", "reply_codes.id"),
    _refers("inbound_id", "inbound.id"),
    _moment("received_at", required=True),
    _moment("recorded_at", required=True),
    _words("channel"),
    _words("identity_strength"),
    _words("function"),
    _words("line"),
    Column("step", SmallInteger, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    _words("provider_code", required=False),
    _moment("provider_at"),
    UniqueConstraint("inbound_id"),
    _one_of("channel", "channel", "sms", "link", "api", "voice"),
    _one_of("strength", "identity_strength", "code_and_pin", "code_pin_and_number", "weak"),
    Index(None, "alert_id", "received_at", "inbound_id"),
)

readings = Table(
    "readings",
    metadata,
    _id(),
    _refers("alert_id", "alerts.id"),
    _refers("api_key_id", "api_keys.id", required=False),
    _refers("officer_id", "officers.id", required=False),
    _moment("at", required=True),
    CheckConstraint("num_nonnulls(api_key_id, officer_id) = 1", name="by_one_reader"),
)

# What goes out and what comes in

messages = Table(
    "messages",
    metadata,
    _id(),
    _written_with("alert_id", required=False),
    _written_with("officer_id", required=False),
    _written_with("channel_id", required=False),
    _written_with("reply_code_id", required=False),
    _words("purpose"),
    _words("kind"),
    _words("gateway", required=False),
    _words("address"),
    _words("subject", required=False),
    _words("body"),
    _words("link", required=False),
    _words("language"),
    Column("rank", SmallInteger, nullable=False),
    Column("exercise", Boolean, nullable=False, server_default=text("false")),
    Column("repeat", Boolean, nullable=False, server_default=text("false")),
    Column("step", SmallInteger),
    Column("cycle", Integer),
    _words("state", default="queued"),
    _moment("queued_at", required=True),
    _moment("send_at"),
    _moment("lease_until"),
    _moment("trace_at"),
    _moment("unsure_since"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _moment("first_accepted_at"),
    _moment("delivered_at"),
    _words("error_code", required=False),
    _one_of(
        *("purpose", "purpose"),
        *("alert", "stand_down", "answer", "news", "alarm", "pin_link", "proof", "probe", "roster"),
    ),
    _one_of("kind", "kind", "sms", "voice", "email"),
    _one_of(
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
    _written_with("message_id"),
    Column("number", Integer, nullable=False),
    _words("gateway"),
    _moment("started_at", required=True),
    _moment("ended_at"),
    _words("outcome", required=False),
    _words("provider_code", required=False),
    _moment("provider_at"),
    _words("detail", required=False),
    _one_of("outcome", "outcome", "accepted", "not_sent", "unsure", "traced"),
    Index(None, "message_id"),
    Index(None, "gateway", "provider_code", postgresql_where=text("provider_code is not null")),
)

inbound = Table(
    "inbound",
    metadata,
    _id(),
    _words("source"),
    _words("kind"),
    _words("provider_code", required=False),
    _words("attempt_code", required=False),
    _moment("received_at", required=True),
    _moment("provider_at"),
    Column("sealed", LargeBinary, nullable=False),
    _moment("handled_at"),
    _moment("lease_until"),
    _words("outcome", required=False),
    _one_of("kind", "kind", "reply", "report"),
    UniqueConstraint("source", "kind", "provider_code"),
    Index("inbound_waiting", "received_at", "id", postgresql_where=text("handled_at is null")),
)

inbound_marks = Table(
    "inbound_marks",
    metadata,
    Column("gateway", Text, primary_key=True),
    _moment("seen_until", required=True),
)

alarms = Table(
    "alarms",
    metadata,
    Column("reason", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    _moment("at", required=True),
)

# Rosters that change: who was told of a handover, which gaps were told, and which time-zone data all was reckoned by.

handovers = Table(
    "handovers",
    metadata,
    _id(),
    _refers("post_id", "posts.id"),
    _refers("officer_id", "officers.id"),
    _moment("at", required=True),
    Column("incoming", Boolean, nullable=False),
    Column("code", Text, unique=True),
    Column("page_token", Text, unique=True),
    _words("kind"),
    _words("address"),
    _refers("channel_id", "channels.id"),
    _moment("told_at", required=True),
    _moment("confirmed_at"),
    _moment("called_off_at"),
    _moment("missed_at"),
    CheckConstraint("incoming = (code is not null) and incoming = (page_token is not null)", name="incoming_answers"),
    UniqueConstraint("post_id", "officer_id", "at"),
    Index("handovers_awaited", "at", postgresql_where=text("incoming and confirmed_at is null and missed_at is null")),
)

gaps = Table(
    "gaps",
    metadata,
    _refers("post_id", "posts.id"),
    _moment("starts_at", required=True),
    _moment("ends_at", required=True),
    _moment("told_at", required=True),
    Column("grave", Boolean, nullable=False),
    Column("accepted", Boolean, nullable=False),
    PrimaryKeyConstraint("post_id", "starts_at"),
)

zone_data = Table(
    "zone_data",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    _words("version"),
    _moment("since", required=True),
    CheckConstraint("only_row", name="only_row"),
)

circuits = Table(
    "circuits",
    metadata,
    Column("gateway", Text, primary_key=True),
    _words("kind"),
    _moment("silent_since", required=True),
    _moment("opened_at", required=True),
)

answered_strangers = Table(
    "answered_strangers",
    metadata,
    Column("address", Text, primary_key=True),
    Column("answers", Integer, nullable=False),
    _moment("since", required=True),
)

# What a search finds. What is ``inside`` is for those in the house alone, and has an index of its own.

findable = Table(
    "findable",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _words("party", required=False),
    Column("contact_point_id", BigInteger, nullable=False),
    Column("inside", Boolean, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("terms", ARRAY(Text), nullable=False),
    _one_of("kind", "kind", "contact_points", "posts", "officers"),
    Index("findable_by_all", "terms", postgresql_using="gin", postgresql_where=text("not inside")),
    Index("findable_in_the_house", "terms", postgresql_using="gin", postgresql_where=text("inside")),
)

# By what the pepper of the PINs is known again. It gives it away to nobody.

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
)

# Whatever is kept in memory of the directory is good for one number of this row alone. A trigger raises it, so that no
# writer can forget to, the one who mends a telephone number by hand at three in the morning included.

directory_revision = Table(
    "directory_revision",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("number", BigInteger, nullable=False, server_default="1"),
    CheckConstraint("only_row", name="only_row"),
)

ROUTED_BY = (
    *("parties", "memberships", "declarations", "providers", "contact_points", "posts", "officers", "channels"),
    *("rotations", "overrides", "absences", "policies", "holiday_calendars", "calendars", "shifts"),
)
"""The tables by which an alert is routed. Of a PIN counts whether it can be used: `_PIN_TRIGGERS`."""

_RAISED = (
    "create function raise_directory_revision() returns trigger language plpgsql as"
    " $$ declare this text = pg_current_xact_id()::text; begin"
    " if current_setting('contactpoints.raised', true) is distinct from this then"
    " perform set_config('contactpoints.raised', this, true);"
    " update directory_revision set number = number + 1; end if; return null; end $$"
)
# At the commit, once: until then nobody waits for the row, and a statement that changes no row raises nothing.
_TRIGGERS = (
    "create constraint trigger {table}_raises_directory_revision after insert or update or delete on {table}"
    " deferrable initially deferred for each row execute function raise_directory_revision()",
    "create trigger {table}_emptied_raises_directory_revision after truncate on {table}"
    " for each statement execute function raise_directory_revision()",
)
_PIN_TRIGGERS = (
    "create constraint trigger pins_raises_directory_revision after insert or delete on pins"
    " deferrable initially deferred for each row execute function raise_directory_revision()",
    "create constraint trigger pins_usable_raises_directory_revision after update on pins"
    " deferrable initially deferred for each row"
    " when ((old.locked_at, old.expires_at) is distinct from (new.locked_at, new.expires_at))"
    " execute function raise_directory_revision()",
    _TRIGGERS[1].format(table="pins"),
)

# Nothing that evidence refers to is ever deleted, and evidence itself least of all. A trigger refuses it outright; a
# foreign key does so only for rows that are referred to, and writes to its parent's row for every child, which was a
# good part of the work of an alert (docs/decisions/0007).

NEVER_DELETED = (
    *("parties", "memberships", "declarations", "providers", "contact_points", "posts", "officers", "channels"),
    *("rotations", "overrides", "absences", "policies", "api_keys", "history", "alerts", "requests", "reply_codes"),
    *("timeline", "swaps", "handovers", "holiday_calendars", "calendars", "shifts", "closing_notes"),
    *("acknowledgements", "readings", "messages", "attempts", "inbound", "pin_tries", "address_changes", "proofs"),
)
"""The tables from which no row is ever deleted: the directory, the keys, and everything that is evidence."""

_REFUSED = (
    "create function refuse_deletion() returns trigger language plpgsql as"
    " $$ begin raise exception 'rows of %% are never deleted', tg_table_name"
    " using errcode = 'restrict_violation'; end $$"
)
_GUARD = (
    "create trigger {table}_is_never_deleted before delete or truncate on {table}"
    " for each statement execute function refuse_deletion()"
)

# Whatever happens to an entry is a version of it. `store.entries` writes that down with who did it and why; what is
# changed by other hands is noticed here: its version rises, and what was not written down is when the transaction ends.

VERSIONED = (
    *("parties", "memberships", "declarations", "providers", "contact_points", "posts", "officers", "channels"),
    *("rotations", "overrides", "absences", "policies", "holiday_calendars", "calendars", "swaps"),
)
"""The tables whose rows have a history: those of the registers in `store.history.REGISTERS`."""

NO_VERSION = ("revision", "verified_at", "proven_at")
"""Columns that change without making a version, in whatever table they are.

``revision`` counts the changes of what is below a contact point, each of which is a version there. That a channel was
proven is evidence that is kept elsewhere, in acknowledgements and used mail links, and comes with the replies.
"""

_KEPT_APART = ", ".join(f"'{name}'" for name in ("version", "changed_at", *NO_VERSION))
_RAISE_VERSION = (
    "create function raise_version() returns trigger language plpgsql as"
    " $$ begin new.version = old.version + 1;"
    " if new.changed_at = old.changed_at then new.changed_at = now(); end if; return new; end $$"
)
_NOTICE_VERSION = (
    "create function notice_version() returns trigger language plpgsql as"
    " $$ declare body jsonb = to_jsonb(new); begin"
    " insert into history (entry, entry_key, version, at, act, actor, body)"
    " values (tg_table_name, coalesce(body->>'id', body->>'code'), new.version,"
    " case when tg_op = 'INSERT' then new.created_at else new.changed_at end,"
    " case when tg_op = 'INSERT' then 'created' else 'changed' end, 'database', body)"
    " on conflict (entry, entry_key, version) do nothing; return null; end $$"
)
_VERSION_TRIGGERS = (
    "create trigger {table}_raises_version before update on {table} for each row"
    " when (old.version = new.version"
    f" and to_jsonb(old) - array[{_KEPT_APART}] is distinct from to_jsonb(new) - array[{_KEPT_APART}])"
    " execute function raise_version()",
    "create constraint trigger {table}_begins_history after insert on {table} deferrable initially deferred"
    " for each row execute function notice_version()",
    "create constraint trigger {table}_has_history after update on {table} deferrable initially deferred"
    " for each row when (old.version <> new.version) execute function notice_version()",
)

for statement in (
    "insert into directory_revision default values",
    _RAISED,
    *(trigger.format(table=table) for table in ROUTED_BY for trigger in _TRIGGERS),
    *_PIN_TRIGGERS,
    _REFUSED,
    *(_GUARD.format(table=table) for table in NEVER_DELETED),
    _RAISE_VERSION,
    _NOTICE_VERSION,
    *(trigger.format(table=table) for table in VERSIONED for trigger in _VERSION_TRIGGERS),
):
    event.listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]  # SQLAlchemy left it out
