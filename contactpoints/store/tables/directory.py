"""The directory: Parties and what binds them, contact points with posts, officers and channels, and its history."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contactpoints.store.tables.columns import entry, metadata, moment, number, one_of, refers, words

parties = Table(
    "parties",
    metadata,
    Column("code", Text, primary_key=True),
    words("name"),
    words("confidence", default="unconfirmed"),
    Column("two_persons", Boolean, nullable=False, server_default=text("false")),
    *entry(),
    CheckConstraint("code ~ '^[A-Z]{2}$'", name="code"),
)

memberships = Table(
    "memberships",
    metadata,
    number(),
    Column("party", Text, ForeignKey("parties.code"), nullable=False),
    words("instrument"),
    words("status"),
    Column("since", Date),
    Column("until", Date),
    words("confidence", default="unconfirmed"),
    words("territory", required=False),
    *entry(),
    one_of("status", "status", "party", "ratified", "signed"),
    CheckConstraint("until > since", name="runs_forward"),
    Index(None, "party", "instrument"),
)

declarations = Table(
    "declarations",
    metadata,
    number(),
    Column("party", Text, ForeignKey("parties.code"), nullable=False),
    words("instrument"),
    words("article"),
    words("kind"),
    words("text"),
    Column("since", Date),
    Column("until", Date),
    words("confidence", default="unconfirmed"),
    words("territory", required=False),
    Column("towards", Text, ForeignKey("parties.code")),
    *entry(),
    one_of("kind", "kind", "declaration", "reservation", "suspension"),
    CheckConstraint("(kind = 'suspension') = (towards is not null)", name="suspended_towards_one"),
    CheckConstraint("until > since", name="runs_forward"),
    Index(None, "party", "instrument"),
)

providers = Table(
    "providers",
    metadata,
    number(),
    words("name"),
    Column("other_names", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("party", Text, ForeignKey("parties.code"), nullable=False),
    words("source", required=False),
    Column("since", Date),
    Column("until", Date),
    words("confidence", default="unconfirmed"),
    *entry(),
    CheckConstraint("until > since", name="runs_forward"),
    Index(None, "party"),
)

contact_points = Table(
    "contact_points",
    metadata,
    number(),
    Column("party", Text, ForeignKey("parties.code")),
    words("territory", required=False),
    words("name"),
    words("function"),
    words("zone"),
    Column("languages", ARRAY(Text), nullable=False),
    Column("english_in_emergencies", Boolean, nullable=False, server_default=text("true")),
    Column("capabilities", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("working_hours", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("pin_required", Boolean, nullable=False, server_default=text("true")),
    Column("secretariat", Boolean, nullable=False, server_default=text("false")),
    words("public_address", required=False),
    Column("revision", BigInteger, nullable=False, server_default="1"),
    words("name_in_english", required=False),
    words("function_in_english", required=False),
    refers("central_authority_id", "contact_points.id", required=False),
    refers("backup_id", "contact_points.id", required=False),
    Column("public_keys", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("also_member_of", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("handover_minutes", SmallInteger, server_default="60"),
    Column("swaps_need_approval", Boolean, nullable=False, server_default=text("true")),
    *entry(),
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
    number(),
    refers("contact_point_id", "contact_points.id"),
    words("line"),
    words("function"),
    Column("minimum", SmallInteger, nullable=False, server_default="1"),
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("longest_hours", SmallInteger),
    words("reason", required=False),
    *entry(),
    one_of(
        "line", "line", "first", "second", "team_leader", "decision_maker", "central_authority", "mutual_assistance"
    ),
    Index(None, "contact_point_id"),
)

officers = Table(
    "officers",
    metadata,
    number(),
    refers("contact_point_id", "contact_points.id"),
    words("name"),
    words("function"),
    words("language", default="en"),
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    words("notices_by", required=False),
    Column("notices_minutes", SmallInteger),
    *entry(),
    one_of("language", "language", "en", "fr", "es"),
    one_of("notices_by", "notices_by", "sms", "email"),
    Index(None, "contact_point_id"),
)

channels = Table(
    "channels",
    metadata,
    number(),
    refers("officer_id", "officers.id"),
    words("kind"),
    words("address"),
    Column("place", SmallInteger, nullable=False, server_default="1"),
    moment("verified_at"),
    moment("proven_at"),
    moment("quarantined_at"),
    words("quarantined_why", required=False),
    moment("renewed_at"),
    moment("unapproved_since"),
    *entry(),
    one_of("kind", "kind", "sms", "voice", "email"),
    CheckConstraint("(kind = 'email') = (address like '%@%')", name="address_is_of_its_kind"),
    Index(None, "officer_id"),
    Index(None, "kind", "address", postgresql_where=text("retired_at is null")),
)

holiday_calendars = Table(
    "holiday_calendars",
    metadata,
    number(),
    refers("contact_point_id", "contact_points.id"),
    Column("public_holidays", Boolean, nullable=False, server_default=text("true")),
    words("country", required=False),
    words("subdivision", required=False),
    Column("own_days", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    *entry(),
    Index("holiday_calendars_one_each", "contact_point_id", unique=True, postgresql_where=text("retired_at is null")),
)

policies = Table(
    "policies",
    metadata,
    number(),
    refers("contact_point_id", "contact_points.id"),
    words("urgency", default="emergency"),
    Column("steps", JSONB, nullable=False),
    Column("restart_seconds", Integer, nullable=False, server_default="900"),
    Column("reminder_seconds", Integer, nullable=False, server_default="3600"),
    *entry(),
    one_of("urgency", "urgency", "emergency", "normal"),
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
    number(),
    words("entry"),
    words("entry_key"),
    Column("version", Integer, nullable=False),
    moment("at", required=True),
    words("act"),
    words("actor"),
    words("reason", required=False),
    Column("body", JSONB, nullable=False),
    UniqueConstraint("entry", "entry_key", "version"),
)

# What a search finds. What is ``inside`` is for those in the house alone, and has an index of its own.

findable = Table(
    "findable",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    words("party", required=False),
    Column("contact_point_id", BigInteger, nullable=False),
    Column("inside", Boolean, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("terms", ARRAY(Text), nullable=False),
    one_of("kind", "kind", "contact_points", "posts", "officers"),
    Index("findable_by_all", "terms", postgresql_using="gin", postgresql_where=text("not inside")),
    Index("findable_in_the_house", "terms", postgresql_using="gin", postgresql_where=text("inside")),
)
