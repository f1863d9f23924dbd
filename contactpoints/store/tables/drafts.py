"""Requests that somebody still writes: sealed, each by a data key of its own, and kept for a few days at most."""

from sqlalchemy import DDL, Column, Integer, LargeBinary, Table, UniqueConstraint, event

from contactpoints.store.tables.columns import metadata, moment, number, refers, words

# No evidence, and the one table of case data whose rows are deleted: once sent, thrown away, or too old. ``once``: what
# the page said from which it was begun, so that one that is sent twice begins one.

drafts = Table(
    "drafts",
    metadata,
    number(),
    refers("account_id", "accounts.id"),
    words("once"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("sealed", LargeBinary, nullable=False),
    moment("made_at", required=True),
    moment("changed_at", required=True),
    UniqueConstraint("account_id", "once"),
)

# Whoever deletes a draft destroys what opens it, in copies of the database as well.
_ALONG = """create function take_draft_key_along() returns trigger language plpgsql as $$ begin
    update data_keys set wrapped = null, destroyed_at = now()
     where owner = 'draft' and number = old.id and wrapped is not null;
    return null; end $$"""

# In one line each, as the first migration has them.
STATEMENTS = tuple(
    " ".join(each.split())
    for each in (
        _ALONG,
        "create trigger drafts_take_their_keys_along after delete on drafts for each row"
        " execute function take_draft_key_along()",
    )
)
for statement in STATEMENTS:
    event.listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]  # SQLAlchemy left it out
