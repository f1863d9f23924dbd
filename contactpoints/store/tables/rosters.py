"""Rosters and their changes, calendars from outside and to the outside, and what was told of them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contactpoints.store.tables.columns import entry, metadata, moment, number, one_of, refers, span, words

rotations = Table(
    "rotations",
    metadata,
    number(),
    refers("post_id", "posts.id"),
    Column("layer", SmallInteger, nullable=False, server_default="1"),
    words("period"),
    words("zone"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("handover", Time, nullable=False),
    Column("members", ARRAY(BigInteger), nullable=False),
    Column("turn_days", SmallInteger),
    Column("weekdays", ARRAY(SmallInteger), nullable=False, server_default=text("'{}'::smallint[]")),
    Column("hours_from", Time),
    Column("hours_until", Time),
    Column("temporary", Boolean, nullable=False, server_default=text("false")),
    words("reason", required=False),
    Column("holidays_as", SmallInteger),
    *entry(),
    one_of("period", "period", "daily", "weekly", "monthly", "custom"),
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
    number(),
    refers("post_id", "posts.id"),
    words("action"),
    refers("officer_id", "officers.id"),
    *span(),
    words("reason", required=False),
    *entry(),
    one_of("action", "action", "add", "remove", "replace"),
    CheckConstraint("ends_at > starts_at", name="runs_forward"),
    Index(None, "post_id", "ends_at"),
)

absences = Table(
    "absences",
    metadata,
    number(),
    refers("officer_id", "officers.id"),
    *span(),
    words("reason", required=False),
    *entry(),
    CheckConstraint("ends_at > starts_at", name="runs_forward"),
    Index(None, "officer_id", "ends_at"),
)

swaps = Table(
    "swaps",
    metadata,
    number(),
    refers("post_id", "posts.id"),
    refers("officer_id", "officers.id"),
    refers("to_officer_id", "officers.id", required=False),
    refers("taker_id", "officers.id", required=False),
    moment("starts_at", required=True),
    moment("ends_at", required=True),
    moment("return_starts_at"),
    moment("return_ends_at"),
    words("state", default="offered"),
    words("reason", required=False),
    Column("overrides", ARRAY(BigInteger), nullable=False, server_default=text("'{}'::bigint[]")),
    *entry(),
    one_of("state", "state", "offered", "taken", "approved", "refused", "withdrawn", "expired"),
    CheckConstraint("ends_at > starts_at and return_ends_at > return_starts_at", name="runs_forward"),
    CheckConstraint("state not in ('taken', 'approved') or taker_id is not null", name="taken_by_somebody"),
    Index(None, "post_id", "id"),
    Index("swaps_open", "starts_at", postgresql_where=text("state in ('offered', 'taken')")),
)

# Shifts that come from outside, in an iCalendar file that is sent or fetched.

calendars = Table(
    "calendars",
    metadata,
    number(),
    refers("post_id", "posts.id"),
    words("name"),
    Column("layer", SmallInteger, nullable=False, server_default="1"),
    words("zone", required=False),
    Column("day_starts", Time),
    Column("officers", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    moment("read_at"),
    words("reason", required=False),
    *entry(),
    Index(None, "post_id"),
)

shifts = Table(
    "shifts",
    metadata,
    number(),
    refers("calendar_id", "calendars.id"),
    words("uid"),
    words("recurrence", default=""),
    refers("officer_id", "officers.id"),
    moment("starts_at", required=True),
    moment("ends_at", required=True),
    words("zone"),
    words("starts_local"),
    words("ends_local"),
    moment("created_at", required=True),
    moment("retired_at"),
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
    words("host"),
    moment("since", required=True),
    moment("due_at", required=True),
    words("etag", required=False),
    words("last_modified", required=False),
    moment("tried_at"),
    moment("good_at"),
    words("trouble", required=False),
    moment("told_at"),
    Column("faults", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Index(None, "due_at"),
)

# Secret addresses at which officers and rosters are read as calendars.

feeds = Table(
    "feeds",
    metadata,
    number(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    refers("officer_id", "officers.id", required=False),
    refers("post_id", "posts.id", required=False),
    moment("created_at", required=True),
    words("created_by"),
    moment("revoked_at"),
    moment("read_at"),
    CheckConstraint("num_nonnulls(officer_id, post_id) = 1", name="of_one"),
    Index(None, "officer_id"),
    Index(None, "post_id"),
)

# Rosters that change: who was told of a handover, which gaps were told, and which time-zone data all was reckoned by.

handovers = Table(
    "handovers",
    metadata,
    number(),
    refers("post_id", "posts.id"),
    refers("officer_id", "officers.id"),
    moment("at", required=True),
    Column("incoming", Boolean, nullable=False),
    Column("code", Text, unique=True),
    Column("page_token", Text, unique=True),
    words("kind"),
    words("address"),
    refers("channel_id", "channels.id"),
    moment("told_at", required=True),
    moment("confirmed_at"),
    moment("called_off_at"),
    moment("missed_at"),
    CheckConstraint("incoming = (code is not null) and incoming = (page_token is not null)", name="incoming_answers"),
    UniqueConstraint("post_id", "officer_id", "at"),
    Index("handovers_awaited", "at", postgresql_where=text("incoming and confirmed_at is null and missed_at is null")),
)

gaps = Table(
    "gaps",
    metadata,
    refers("post_id", "posts.id"),
    moment("starts_at", required=True),
    moment("ends_at", required=True),
    moment("told_at", required=True),
    Column("grave", Boolean, nullable=False),
    Column("accepted", Boolean, nullable=False),
    moment("accepted_at"),
    Column("actor", Text),
    Column("reason", Text),
    PrimaryKeyConstraint("post_id", "starts_at"),
)

zone_data = Table(
    "zone_data",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    words("version"),
    moment("since", required=True),
    CheckConstraint("only_row", name="only_row"),
)
