"""The audit log: every administrative act and every refused one. Rows come to it, and none is changed or goes.

What an act changes is noticed by triggers, in the same transaction. A row of an entry with versions points to the
version that was made (`history` has before and after); one of any other table that is `AUDITED` holds both itself.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import DDL, BigInteger, Column, DateTime, Index, Integer, SmallInteger, Table, Text, event, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from contactpoints.store.tables.columns import metadata, moment, number, one_of, words

# ``act``: the same for all that one transaction changed. ``party`` is whose the entry is, ``actor_party`` whose the
# actor is. ``words`` are found by a search; those of an entry with versions are the words of the version.

audit = Table(
    "audit",
    metadata,
    number(),
    moment("at", required=True),
    Column("act", BigInteger),
    words("actor"),
    words("role", required=False),
    words("actor_party", required=False),
    words("name", required=False),
    words("address", required=False),
    words("operation", required=False),
    words("outcome"),
    Column("status", SmallInteger),
    words("problem", required=False),
    words("detail", required=False),
    Column("left_out", BigInteger),
    words("party", required=False),
    words("entry", required=False),
    words("entry_key", required=False),
    Column("version", Integer),
    Column("before", JSONB),
    Column("after", JSONB),
    Column("words", TSVECTOR, nullable=False),
    one_of("outcome", "outcome", "done", "rehearsed", "refused"),
    Index("audit_by_time", "at", "id"),
    Index("audit_of_actor", "actor", "at", "id"),
    Index("audit_of_party", "party", "at", "id"),
    Index("audit_of_actors_party", "actor_party", "at", "id"),
    Index("audit_of_entry", "entry", "entry_key", "at", "id"),
    Index("audit_of_operation", "operation", "at", "id"),
    Index("audit_not_done", "outcome", "at", "id", postgresql_where=text("outcome <> 'done'")),
    Index("audit_of_words", "words", postgresql_using="gin"),
)

# How much of whom was refused in a minute. What is beyond the bound is no row, but is counted in the minute's last one.

audit_bounds = Table(
    "audit_bounds",
    metadata,
    Column("who", Text, primary_key=True),
    Column("minute", DateTime(timezone=True), primary_key=True),
    Column("refused", BigInteger, nullable=False),
    Column("act", JSONB, nullable=False),
)

AUDITED: Mapping[str, tuple[str, str, str]] = {
    "api_keys": (
        "id",
        "role party contact_point_id authority notify language limits signing call_back expires_at revoked_at"
        " made_by rotated_from holder_id",
        "",
    ),
    "accounts": (
        "id",
        "name email role party contact_point_id officer_id authority language openid accepted_at disabled_at"
        " disabled_by !password_hash",
        "",
    ),
    "openid_identities": ("account_id", "account_id issuer subject bound_at", ""),
    "invitations": ("account_id", "account_id created_by expires_at used_at", ""),
    "sessions": ("id", "account_id device factors proven_at ended_at ended_why", ""),
    "passkeys": ("id", "account_id name", ""),
    "pins": ("officer_id", "officer_id set_at expires_at locked_at !hash", ""),
    "mail_links": ("officer_id", "purpose officer_id channel_id address expires_at", "new.purpose = 'pin'"),
    "proofs": ("id", "channel_id change_id address asked_by expires_at proven_at proven_by", ""),
    "address_changes": (
        "id",
        "channel_id old_address address reported_dead reason proposed_by approved_by proven_at state settled_by"
        " settled_why stand_in_id",
        "",
    ),
    "proposals": (
        "id",
        "actor_id person_id party authority requested_party kind status urgency expires_at state settled_by"
        " settled_why alert_reference",
        "",
    ),
    "feeds": ("id", "officer_id post_id created_by revoked_at", ""),
    "subscriptions": ("calendar_id", "calendar_id host since", ""),
    # One begins when an alert ends, which its timeline tells; a data key comes with an alert or an arrival.
    "retentions": ("alert_id", "alert_id party class until let_go held erased_at", "false"),
    "data_keys": ("fingerprint", "owner number destroyed_at !wrapped", "false"),
}
"""Table without versions -> the column by which its rows are known, what is told of them, and which new rows count.

No secret, hash, code or PIN is ever among what is told; of a column behind an exclamation mark nothing but that it
changed. Of a link that is mailed to prove an address its proof tells.
"""

# What is told of a row in ``{rows}``; all in one statement, for an import makes tens of thousands of versions. Words
# have an end at a megabyte, and no act fails for that: an entry of such a size is not found by its words. Whoever
# writes past the service, by hand, is told by the login and the machine that PostgreSQL knows.
_NOTE = """
    insert into audit (at, act, actor, role, actor_party, name, address, operation, outcome, party, entry, entry_key,
                       version, before, after, words)
    select coalesce((who->>'at')::timestamptz, m.instant), pg_current_xact_id()::text::bigint,
           coalesce(who->>'actor', m.author), who->>'role', who->>'party',
           case when by_hand then session_user else who->>'name' end,
           case when by_hand then host(inet_client_addr()) else who->>'address' end,
           who->>'operation', 'done', coalesce(m.body->>'party', account.party, point.party),
           m.kind, m.key, m.version, m.old_row, m.new_row,
           to_tsvector('simple', concat_ws(' ', coalesce(who->>'actor', m.author),
               case when by_hand then session_user else who->>'name' end, who->>'role',
               case when by_hand then host(inet_client_addr()) else who->>'address' end, who->>'operation', m.kind))
           || case when pg_column_size(m.body) < 250000
                   then jsonb_to_tsvector('simple', m.body, '["string", "numeric"]') else ''::tsvector end
      from ({rows}) as m
      cross join lateral (select who is null and m.author = 'database' as by_hand) as written
      left join accounts account on account.id = (m.body->>'account_id')::bigint
      left join officers officer on officer.id = coalesce((m.body->>'officer_id')::bigint,
                (select officer_id from channels where id = (m.body->>'channel_id')::bigint))
      left join posts post on post.id = coalesce((m.body->>'post_id')::bigint,
                (select post_id from calendars where id = (m.body->>'calendar_id')::bigint))
      left join contact_points point on point.id = coalesce((m.body->>'contact_point_id')::bigint,
                officer.contact_point_id, post.contact_point_id);"""
_WHO = "who jsonb = nullif(current_setting('contactpoints.act', true), '')::jsonb;"
_VERSIONS = """select actor as author, at as instant, entry as kind, entry_key as key, version,
    body || jsonb_strip_nulls(jsonb_build_object('why', reason,
        'party', case when entry = 'parties' then entry_key end)) as body,
    null::jsonb as old_row, null::jsonb as new_row
    from made where actor not in ('service', 'seed', 'demo')"""
_AUDIT_VERSIONS = f"""create function audit_versions() returns trigger language plpgsql as $$
declare {_WHO}
begin
    if current_setting('contactpoints.undone', true) is distinct from 'yes' and exists (select from made) then
        {_NOTE.format(rows=_VERSIONS)}
    end if;
    return null;
end $$"""
_ROW = """select 'database' as author, now() as instant, tg_table_name::text as kind,
    coalesce(to_jsonb(new), to_jsonb(old))->>tg_argv[0] as key, null::integer as version, becomes as body,
    old_row, new_row"""
# What the service does by itself, which is nobody's act, comes by its own connections, and without an act.
_AUDIT_ROW = f"""create function audit_row() returns trigger language plpgsql as $$
declare
    {_WHO}
    was jsonb = to_jsonb(old);
    becomes jsonb = to_jsonb(new);
    told text[] = string_to_array(tg_argv[1], ' ');
    hidden text[] = string_to_array(tg_argv[2], ' ');
    old_row jsonb;
    new_row jsonb;
begin
    if who is null and current_setting('application_name') = 'contactpoints' then
        return null;
    end if;
    select jsonb_object_agg(key, case when key = any(hidden) then '"changed"'::jsonb else value end)
      into old_row from jsonb_each(was) where key = any(told || hidden)
       and (becomes is null or becomes->key is distinct from value);
    select jsonb_object_agg(key, case when key = any(hidden) then '"changed"'::jsonb else value end)
      into new_row from jsonb_each(becomes) where key = any(told || hidden)
       and (was is null or was->key is distinct from value);
    if old_row is null and new_row is null then
        return null;
    end if;
    select jsonb_object_agg(key, value) into becomes from jsonb_each(coalesce(becomes, was)) where key = any(told);
    {_NOTE.format(rows=_ROW)}
    return null;
end $$"""
_ROW_TRIGGERS = (
    "create trigger {table}_come_audited after insert on {table} for each row{when}"
    " execute function audit_row('{key}', '{told}', '{hidden}')",
    "create trigger {table}_are_audited after delete or update of {columns} on {table} for each row"
    " execute function audit_row('{key}', '{told}', '{hidden}')",
)

_REFUSED = (
    "create function refuse_change() returns trigger language plpgsql as"
    " $$ begin raise exception 'rows of %% are never changed or deleted', tg_table_name"
    " using errcode = 'restrict_violation'; end $$"
)


def _row_triggers() -> Iterator[str]:
    for table, (key, listed, when) in AUDITED.items():
        told = " ".join(name for name in listed.split() if name[0] != "!")
        hidden = " ".join(name[1:] for name in listed.split() if name[0] == "!")
        columns, counts = ", ".join(f"{told} {hidden}".split()), f" when ({when})" if when else ""
        for trigger in _ROW_TRIGGERS if when != "false" else _ROW_TRIGGERS[1:]:
            yield trigger.format(table=table, key=key, told=told, hidden=hidden, columns=columns, when=counts)


# In one line each, as the first migration has them.
STATEMENTS = tuple(
    " ".join(each.split())
    for each in (
        _AUDIT_VERSIONS,
        "create trigger history_is_audited after insert on history referencing new table as made"
        " for each statement execute function audit_versions()",
        _AUDIT_ROW,
        *_row_triggers(),
        _REFUSED,
        "create trigger audit_is_never_changed before update or delete or truncate on audit"
        " for each statement execute function refuse_change()",
    )
)
for statement in STATEMENTS:
    event.listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]  # SQLAlchemy left it out
