"""Accounts of persons, and how they come in: invitations, sign-ins under way, sessions, and what slows guesses.

Whatever lets somebody in is kept as a hash; the secret behind one-time codes, which has to be known, is sealed.
"""

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, text

from contactpoints.store.tables.columns import metadata, moment, number, one_of, refers, words

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, ForeignKey("actors.id"), primary_key=True, autoincrement=False),
    words("name", required=False),
    Column("email", Text, unique=True),
    words("role"),
    Column("party", Text, ForeignKey("parties.code")),
    refers("contact_point_id", "contact_points.id", required=False),
    refers("officer_id", "officers.id", required=False),
    words("authority"),
    words("language", default="en"),
    words("openid", required=False),
    moment("created_at", required=True),
    refers("created_by", "actors.id", required=False),
    moment("accepted_at"),
    moment("disabled_at"),
    refers("disabled_by", "actors.id", required=False),
    words("password_hash", required=False),
    Column("totp_sealed", LargeBinary),
    Column("totp_step", BigInteger),
    one_of("role", "role", "requester", "contact_point", "administrator", "secretariat", "auditor"),
    CheckConstraint("(role in ('secretariat', 'auditor')) = (party is null)", name="party_by_role"),
    CheckConstraint("accepted_at is null or num_nulls(name, email) = 0", name="accepted_by_somebody"),
    CheckConstraint("email = lower(email)", name="email_is_folded"),
)

# The secret of an invitation's one-time codes becomes that of the account when it is accepted.

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    refers("account_id", "accounts.id"),
    Column("totp_sealed", LargeBinary),
    moment("created_at", required=True),
    refers("created_by", "actors.id", required=False),
    moment("expires_at", required=True),
    moment("used_at"),
    CheckConstraint("(used_at is null) = (totp_sealed is not null)", name="secret_goes_with_it"),
    Index("invitations_one_open", "account_id", unique=True, postgresql_where=text("used_at is null")),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("code_hash", LargeBinary, primary_key=True),
    moment("used_at"),
)

# Somebody who has proven something, and not yet enough. ``issuer`` and ``subject``: whose the account becomes with the
# rest, where that was proven at a provider.

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    refers("account_id", "accounts.id"),
    Column("factors", ARRAY(Text), nullable=False),
    words("device"),
    moment("created_at", required=True),
    moment("expires_at", required=True),
    words("issuer", required=False),
    words("subject", required=False),
    Index(None, "account_id"),
)

# ``proven_at``: when a second factor was last shown.

sessions = Table(
    "sessions",
    metadata,
    number(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    refers("account_id", "accounts.id"),
    Column("factors", ARRAY(Text), nullable=False),
    words("device"),
    words("address", required=False),
    moment("created_at", required=True),
    moment("seen_at", required=True),
    moment("proven_at", required=True),
    moment("ended_at"),
    words("ended_why", required=False),
    one_of("ended_why", "ended_why", "signed_out", "password", "role", "disabled", "invited_again", "passkey"),
    CheckConstraint("(ended_at is null) = (ended_why is null)", name="ended_for_a_reason"),
    Index("sessions_of_account", "account_id", postgresql_where=text("ended_at is null")),
)

# How many tries are left for a name: `rules.throttle`. A name is a hash: what is typed as one may be a password.
# What was written ``at`` a time to come was written by a clock that was wrong, and tells nothing.

throttles = Table(
    "throttles",
    metadata,
    Column("name", LargeBinary, primary_key=True),
    moment("spent_until", required=True),
    moment("at", required=True),
    Index(None, "spent_until"),
)
