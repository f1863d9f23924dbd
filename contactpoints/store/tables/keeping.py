"""How long what was asked is kept: the data keys by which it can be opened, and until when each alert keeps its own.

The wrapped data keys lie in a table of their own, so that it can be backed up for a shorter time than the rest
(docs/decisions/0020). What a key sealed is of no use to anybody once the key is destroyed; triggers see to it that this
happens in one way only, and that it stays so.
"""

from sqlalchemy import (
    ARRAY,
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contactpoints.rules.retention import ARRIVALS_KEPT
from contactpoints.store.tables.columns import metadata, moment, one_of, words

data_keys = Table(
    "data_keys",
    metadata,
    Column("owner", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("wrapped", LargeBinary),
    Column("fingerprint", LargeBinary, nullable=False),
    moment("destroyed_at"),
    PrimaryKeyConstraint("owner", "number"),
    one_of("owner", "owner", "alert", "arrival", "proposal", "draft"),
    CheckConstraint("(wrapped is null) = (destroyed_at is not null)", name="destroyed_has_its_instant"),
)

# ``let_go``: the sides that have said so; ``held``: by side, why and since when. ``until`` only ever moves on.

retentions = Table(
    "retentions",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    words("party"),
    words("class"),
    moment("ended_at", required=True),
    moment("until", required=True),
    Column("let_go", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("held", JSONB, nullable=False, server_default=text("'{}'")),
    moment("erased_at"),
    CheckConstraint("erased_at is null or held = '{}'", name="what_is_held_is_not_erased"),
    Index("retentions_due", "until", "alert_id", postgresql_where=text("erased_at is null")),
    Index("retentions_held", "until", "alert_id", postgresql_where=text("held <> '{}'")),
)

# When the service last looked what has come to its end, and before when it erases nothing: see `rules.retention`.

erasure_watch = Table(
    "erasure_watch",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    moment("looked_at", required=True),
    moment("not_before", required=True),
    CheckConstraint("only_row", name="only_row"),
)

# When an engine looked last whether anything is due, by the clock of the database.

engine_watch = Table(
    "engine_watch",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    moment("looked_at", required=True),
    CheckConstraint("only_row", name="only_row"),
)

# By how much a writer's clock may be ahead of this one: nothing is destroyed on the ground of an instant to come.
_LATEST = """create function latest_destruction() returns timestamptz language sql stable as
    $$ select now() + interval '5 minutes' $$"""

_KEYS = f"""create function keep_data_key() returns trigger language plpgsql as $$ begin
    if tg_op = 'UPDATE' and ((new.owner, new.number, new.fingerprint) is distinct from
                             (old.owner, old.number, old.fingerprint) or old.wrapped is null) then
        raise exception 'a data key is wrapped anew or destroyed, and never anything else'
              using errcode = 'restrict_violation';
    end if;
    if new.wrapped is null and not (case new.owner
        when 'proposal' then exists (select 1 from proposals where id = new.number and state <> 'open')
        when 'draft' then not exists (select 1 from drafts where id = new.number)
        when 'alert' then new.destroyed_at <= latest_destruction() and exists (
            select 1 from retentions r join alerts a on a.id = r.alert_id
             where r.alert_id = new.number and a.state in ('withdrawn', 'closed')
               and r.until <= new.destroyed_at and r.held = '{{}}')
        else new.destroyed_at <= latest_destruction() and exists (
            select 1 from inbound i left join data_keys k on k.owner = 'alert' and k.number = i.alert_id
             where i.id = new.number and i.handled_at is not null and k.wrapped is null
               and (i.alert_id is not null
                    or i.received_at < new.destroyed_at - interval '{ARRIVALS_KEPT.days} days')) end) then
        raise exception 'the retention of what this data key opens has not ended'
              using errcode = 'restrict_violation';
    end if;
    return new; end $$"""
# The bytes themselves change in one way: they go, when their key has gone.
_BYTES = """create function keep_sealed() returns trigger language plpgsql as $$ begin
    if new.sealed <> '' or not exists (
        select 1 from data_keys where owner = tg_argv[0] and wrapped is null
           and number = (to_jsonb(new)->>tg_argv[1])::bigint) then
        raise exception 'what is sealed in %% stays until its data key is destroyed', tg_table_name
              using errcode = 'restrict_violation';
    end if;
    return new; end $$"""
_RETENTION = """create function keep_retention() returns trigger language plpgsql as $$ begin
    if tg_op = 'INSERT' then
        if not exists (select 1 from alerts where id = new.alert_id and state in ('withdrawn', 'closed')
                          and new.ended_at = coalesce(closed_at, withdrawn_at)) then
            raise exception 'a retention begins when its alert ends' using errcode = 'restrict_violation';
        end if;
    elsif (new.alert_id, new.party, new.class, new.ended_at) is distinct from
       (old.alert_id, old.party, old.class, old.ended_at)
       or new.until < old.until or old.erased_at is not null or (new.erased_at is not null and exists (
           select 1 from data_keys where owner = 'alert' and number = new.alert_id and wrapped is not null)) then
        raise exception 'a retention is prolonged, held, let go or ended, and never shortened or begun anew'
              using errcode = 'restrict_violation';
    end if;
    return new; end $$"""

# In one line each, as the first migration has them.
STATEMENTS = tuple(
    " ".join(each.split())
    for each in (
        _LATEST,
        _KEYS,
        "create trigger data_keys_are_kept before update on data_keys for each row execute function keep_data_key()",
        "create trigger data_keys_come_destroyed before insert on data_keys for each row when (new.wrapped is null)"
        " execute function keep_data_key()",
        # The old row of a key that went is cleared away within minutes, however few there are.
        "alter table data_keys set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0)",
        _BYTES,
        *(
            f"create trigger {table}_are_kept before update of sealed on {table} for each row"
            f" execute function keep_sealed('{owner}', '{number}')"
            for table, owner, number in (
                ("requests", "alert", "alert_id"),
                ("closing_notes", "alert", "alert_id"),
                ("alert_notes", "alert", "alert_id"),
                ("inbound", "arrival", "id"),
            )
        ),
        _RETENTION,
        "create trigger retentions_are_kept before insert or update on retentions for each row"
        " execute function keep_retention()",
    )
)
for statement in STATEMENTS:
    event.listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]  # SQLAlchemy left it out
