"""Triggers: what no writer may forget or do, the one who mends a row by hand at three in the morning included."""

from sqlalchemy import DDL, BigInteger, Boolean, CheckConstraint, Column, Table, event, text

from contactpoints.store.tables.columns import metadata

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
    *("rotations", "overrides", "absences", "policies", "actors", "api_keys", "history", "alerts", "requests"),
    *("reply_codes", "timeline", "swaps", "handovers", "holiday_calendars", "calendars", "shifts", "closing_notes"),
    *("acknowledgements", "readings", "messages", "attempts", "inbound", "pin_tries", "address_changes", "proofs"),
    *("accounts", "data_keys", "retentions", "proposals", "proposal_readings", "alert_notes", "alert_handovers"),
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

NEVER_CHANGED = ("timeline", "readings", "acknowledgements", "proposal_readings")
"""The tables to which rows come, and in which none is ever changed: what happened, who read and who answered."""

_UNCHANGED = (
    "create trigger {table}_is_never_changed before update on {table}"
    " for each statement execute function refuse_change()"
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
# It looks first, for an insert that conflicts costs an import of ten thousand entries a second and more.
_NOTICE_VERSION = (
    "create function notice_version() returns trigger language plpgsql as"
    " $$ declare body jsonb = to_jsonb(new); key text = coalesce(body->>'id', body->>'code'); begin"
    " if not exists (select from history h"
    " where h.entry = tg_table_name and h.entry_key = key and h.version = new.version) then"
    " insert into history (entry, entry_key, version, at, act, actor, body)"
    " values (tg_table_name, key, new.version,"
    " case when tg_op = 'INSERT' then new.created_at else new.changed_at end,"
    " case when tg_op = 'INSERT' then 'created' else 'changed' end, 'database', body)"
    " on conflict (entry, entry_key, version) do nothing; end if; return null; end $$"
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
    *(_UNCHANGED.format(table=table) for table in NEVER_CHANGED),
    _RAISE_VERSION,
    _NOTICE_VERSION,
    *(trigger.format(table=table) for table in VERSIONED for trigger in _VERSION_TRIGGERS),
):
    event.listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]  # SQLAlchemy left it out
