"""Alerts that wait for a second person, where a Party asks for two, and who has read of them."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, text

from contactpoints.store.tables.columns import metadata, moment, number, one_of, refers, words

# ``actor_id``: by which key or account it was proposed, ``person_id`` whose account that is, the holder's of a key;
# ``barred_id``: whoever made that key, and so knew its secret; ``signed``: the request bore a signature of that key.
# What was asked is sealed by a data key of its own, and both are there as long as it waits.

proposals = Table(
    "proposals",
    metadata,
    number(),
    refers("actor_id", "actors.id"),
    refers("person_id", "accounts.id"),
    refers("barred_id", "actors.id", required=False),
    Column("party", Text, ForeignKey("parties.code"), nullable=False),
    words("authority"),
    words("requested_party"),
    words("territory", required=False),
    words("kind"),
    words("instrument"),
    words("status"),
    words("urgency"),
    words("case_reference"),
    words("resent_from", required=False),
    Column("signed", Boolean, nullable=False),
    Column("sealed", LargeBinary),
    moment("proposed_at", required=True),
    moment("expires_at", required=True),
    moment("reminded_at"),
    words("state", default="open"),
    moment("settled_at"),
    refers("settled_by", "actors.id", required=False),
    words("settled_why", required=False),
    words("alert_reference", required=False),
    one_of("state", "state", "open", "released", "refused", "withdrawn", "expired"),
    CheckConstraint("(state = 'open') = (settled_at is null)", name="settled_has_its_instant"),
    CheckConstraint("(state = 'open') = (sealed is not null)", name="sealed_while_it_waits"),
    CheckConstraint("(state = 'released') = (alert_reference is not null)", name="released_is_an_alert"),
    CheckConstraint(
        "state <> 'released' or num_nulls(settled_by) = 0 and settled_by <> all (array[actor_id, person_id])",
        name="second_person",
    ),
    Index(None, "party", "authority", "id"),
    Index("proposals_open", "expires_at", postgresql_where=text("state = 'open'")),
)

proposal_readings = Table(
    "proposal_readings",
    metadata,
    number(),
    refers("proposal_id", "proposals.id"),
    refers("actor_id", "actors.id"),
    moment("at", required=True),
    words("address", required=False),
    Index(None, "proposal_id", "id"),
)
