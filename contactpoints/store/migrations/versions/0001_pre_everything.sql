-- The tables of the first release; run once, by 0001_pre_everything.py.

CREATE TABLE alarms (
    reason TEXT NOT NULL,
    about TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT alarms_pk PRIMARY KEY (reason, about)
);

CREATE TABLE circuits (
    gateway TEXT NOT NULL,
    kind TEXT NOT NULL,
    silent_since TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT circuits_pk PRIMARY KEY (gateway)
);

CREATE TABLE answered_strangers (
    address TEXT NOT NULL,
    answers INTEGER NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT answered_strangers_pk PRIMARY KEY (address)
);

CREATE TABLE fingerprints (
    name TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    CONSTRAINT fingerprints_pk PRIMARY KEY (name)
);

CREATE TABLE findable (
    kind TEXT NOT NULL,
    id BIGINT NOT NULL,
    party TEXT,
    contact_point_id BIGINT NOT NULL,
    inside BOOLEAN NOT NULL,
    fields JSONB NOT NULL,
    terms TEXT[] NOT NULL,
    CONSTRAINT findable_pk PRIMARY KEY (kind, id),
    CONSTRAINT findable_kind_ck CHECK (kind in ('contact_points', 'posts', 'officers'))
);

CREATE INDEX findable_by_all ON findable USING gin (terms) WHERE not inside;

CREATE INDEX findable_in_the_house ON findable USING gin (terms) WHERE inside;

CREATE TABLE history (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    entry TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    version INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    act TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    body JSONB NOT NULL,
    CONSTRAINT history_pk PRIMARY KEY (id),
    CONSTRAINT history_entry_entry_key_version_uq UNIQUE (entry, entry_key, version)
);

CREATE TABLE inbound (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    provider_code TEXT,
    attempt_code TEXT,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    provider_at TIMESTAMP WITH TIME ZONE,
    sealed BYTEA NOT NULL,
    handled_at TIMESTAMP WITH TIME ZONE,
    lease_until TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    alert_id BIGINT,
    CONSTRAINT inbound_pk PRIMARY KEY (id),
    CONSTRAINT inbound_kind_ck CHECK (kind in ('reply', 'report')),
    CONSTRAINT inbound_source_kind_provider_code_uq UNIQUE (source, kind, provider_code)
);

CREATE INDEX inbound_alert_id_ix ON inbound (alert_id) WHERE alert_id is not null;

CREATE INDEX inbound_strays ON inbound (received_at, id) WHERE alert_id is null and sealed <> ''::bytea;

CREATE INDEX inbound_waiting ON inbound (received_at, id) WHERE handled_at is null;

CREATE TABLE inbound_marks (
    gateway TEXT NOT NULL,
    seen_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT inbound_marks_pk PRIMARY KEY (gateway)
);

CREATE TABLE parties (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    confidence TEXT DEFAULT 'unconfirmed' NOT NULL,
    two_persons BOOLEAN DEFAULT false NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT parties_pk PRIMARY KEY (code),
    CONSTRAINT parties_code_ck CHECK (code ~ '^[A-Z]{2}$')
);

CREATE TABLE contact_points (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    party TEXT,
    territory TEXT,
    name TEXT NOT NULL,
    function TEXT NOT NULL,
    zone TEXT NOT NULL,
    languages TEXT[] NOT NULL,
    english_in_emergencies BOOLEAN DEFAULT true NOT NULL,
    capabilities JSONB DEFAULT '{}'::jsonb NOT NULL,
    working_hours JSONB DEFAULT '[]'::jsonb NOT NULL,
    pin_required BOOLEAN DEFAULT true NOT NULL,
    secretariat BOOLEAN DEFAULT false NOT NULL,
    public_address TEXT,
    revision BIGINT DEFAULT '1' NOT NULL,
    name_in_english TEXT,
    function_in_english TEXT,
    central_authority_id BIGINT,
    backup_id BIGINT,
    public_keys JSONB DEFAULT '[]'::jsonb NOT NULL,
    also_member_of TEXT[] DEFAULT '{}'::text[] NOT NULL,
    handover_minutes SMALLINT DEFAULT '60',
    swaps_need_approval BOOLEAN DEFAULT true NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT contact_points_pk PRIMARY KEY (id),
    CONSTRAINT contact_points_secretariat_has_no_party_ck CHECK (secretariat = (party is null)),
    CONSTRAINT contact_points_party_fk FOREIGN KEY(party) REFERENCES parties (code),
    CONSTRAINT contact_points_central_authority_id_fk FOREIGN KEY(central_authority_id) REFERENCES contact_points (id),
    CONSTRAINT contact_points_backup_id_fk FOREIGN KEY(backup_id) REFERENCES contact_points (id)
);

CREATE UNIQUE INDEX contact_points_one_secretariat ON contact_points (secretariat) WHERE secretariat and retired_at is null;

CREATE INDEX contact_points_party_ix ON contact_points (party) WHERE retired_at is null;

CREATE TABLE memberships (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    party TEXT NOT NULL,
    instrument TEXT NOT NULL,
    status TEXT NOT NULL,
    since DATE,
    until DATE,
    confidence TEXT DEFAULT 'unconfirmed' NOT NULL,
    territory TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT memberships_pk PRIMARY KEY (id),
    CONSTRAINT memberships_status_ck CHECK (status in ('party', 'ratified', 'signed')),
    CONSTRAINT memberships_runs_forward_ck CHECK (until > since),
    CONSTRAINT memberships_party_fk FOREIGN KEY(party) REFERENCES parties (code)
);

CREATE INDEX memberships_party_instrument_ix ON memberships (party, instrument);

CREATE TABLE declarations (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    party TEXT NOT NULL,
    instrument TEXT NOT NULL,
    article TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    since DATE,
    until DATE,
    confidence TEXT DEFAULT 'unconfirmed' NOT NULL,
    territory TEXT,
    towards TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT declarations_pk PRIMARY KEY (id),
    CONSTRAINT declarations_kind_ck CHECK (kind in ('declaration', 'reservation', 'suspension')),
    CONSTRAINT declarations_suspended_towards_one_ck CHECK ((kind = 'suspension') = (towards is not null)),
    CONSTRAINT declarations_runs_forward_ck CHECK (until > since),
    CONSTRAINT declarations_party_fk FOREIGN KEY(party) REFERENCES parties (code),
    CONSTRAINT declarations_towards_fk FOREIGN KEY(towards) REFERENCES parties (code)
);

CREATE INDEX declarations_party_instrument_ix ON declarations (party, instrument);

CREATE TABLE providers (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    other_names TEXT[] DEFAULT '{}'::text[] NOT NULL,
    party TEXT NOT NULL,
    source TEXT,
    since DATE,
    until DATE,
    confidence TEXT DEFAULT 'unconfirmed' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT providers_pk PRIMARY KEY (id),
    CONSTRAINT providers_runs_forward_ck CHECK (until > since),
    CONSTRAINT providers_party_fk FOREIGN KEY(party) REFERENCES parties (code)
);

CREATE INDEX providers_party_ix ON providers (party);

CREATE TABLE actors (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    CONSTRAINT actors_pk PRIMARY KEY (id),
    CONSTRAINT actors_kind_ck CHECK (kind in ('key', 'account'))
);

CREATE TABLE api_keys (
    id BIGINT NOT NULL,
    secret_hash BYTEA NOT NULL,
    role TEXT NOT NULL,
    party TEXT,
    contact_point_id BIGINT,
    authority TEXT NOT NULL,
    notify TEXT[] DEFAULT '{}'::text[] NOT NULL,
    language TEXT DEFAULT 'en' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT '1' NOT NULL,
    limits JSONB DEFAULT '{}'::jsonb NOT NULL,
    signing JSONB DEFAULT '{}'::jsonb NOT NULL,
    call_back JSONB DEFAULT '{}'::jsonb NOT NULL,
    made_by BIGINT,
    rotated_from BIGINT,
    holder_id BIGINT,
    CONSTRAINT api_keys_pk PRIMARY KEY (id),
    CONSTRAINT api_keys_role_ck CHECK (role in ('requester', 'contact_point', 'administrator', 'secretariat', 'auditor')),
    CONSTRAINT api_keys_party_by_role_ck CHECK ((role in ('secretariat', 'auditor')) = (party is null)),
    CONSTRAINT api_keys_secret_hash_uq UNIQUE (secret_hash),
    CONSTRAINT api_keys_id_fk FOREIGN KEY(id) REFERENCES actors (id),
    CONSTRAINT api_keys_party_fk FOREIGN KEY(party) REFERENCES parties (code),
    CONSTRAINT api_keys_contact_point_id_fk FOREIGN KEY(contact_point_id) REFERENCES contact_points (id),
    CONSTRAINT api_keys_made_by_fk FOREIGN KEY(made_by) REFERENCES actors (id),
    CONSTRAINT api_keys_rotated_from_fk FOREIGN KEY(rotated_from) REFERENCES api_keys (id)
);

CREATE UNIQUE INDEX api_keys_one_successor ON api_keys (rotated_from) WHERE revoked_at is null;

CREATE TABLE key_uses (
    api_key_id BIGINT NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    address TEXT,
    CONSTRAINT key_uses_pk PRIMARY KEY (api_key_id),
    CONSTRAINT key_uses_api_key_id_fk FOREIGN KEY(api_key_id) REFERENCES api_keys (id)
);

CREATE TABLE officers (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    contact_point_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    function TEXT NOT NULL,
    language TEXT DEFAULT 'en' NOT NULL,
    languages TEXT[] DEFAULT '{}'::text[] NOT NULL,
    notices_by TEXT,
    notices_minutes SMALLINT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT officers_pk PRIMARY KEY (id),
    CONSTRAINT officers_language_ck CHECK (language in ('en', 'fr', 'es')),
    CONSTRAINT officers_notices_by_ck CHECK (notices_by in ('sms', 'email')),
    CONSTRAINT officers_contact_point_id_fk FOREIGN KEY(contact_point_id) REFERENCES contact_points (id)
);

CREATE INDEX officers_contact_point_id_ix ON officers (contact_point_id);

CREATE TABLE policies (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    contact_point_id BIGINT NOT NULL,
    urgency TEXT DEFAULT 'emergency' NOT NULL,
    steps JSONB NOT NULL,
    restart_seconds INTEGER DEFAULT '900' NOT NULL,
    reminder_seconds INTEGER DEFAULT '3600' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT policies_pk PRIMARY KEY (id),
    CONSTRAINT policies_urgency_ck CHECK (urgency in ('emergency', 'normal')),
    CONSTRAINT policies_contact_point_id_fk FOREIGN KEY(contact_point_id) REFERENCES contact_points (id)
);

CREATE UNIQUE INDEX policies_one_per_urgency ON policies (contact_point_id, urgency) WHERE retired_at is null;

CREATE TABLE posts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    contact_point_id BIGINT NOT NULL,
    line TEXT NOT NULL,
    function TEXT NOT NULL,
    minimum SMALLINT DEFAULT '1' NOT NULL,
    languages TEXT[] DEFAULT '{}'::text[] NOT NULL,
    longest_hours SMALLINT,
    reason TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT posts_pk PRIMARY KEY (id),
    CONSTRAINT posts_line_ck CHECK (line in ('first', 'second', 'team_leader', 'decision_maker', 'central_authority', 'mutual_assistance')),
    CONSTRAINT posts_contact_point_id_fk FOREIGN KEY(contact_point_id) REFERENCES contact_points (id)
);

CREATE INDEX posts_contact_point_id_ix ON posts (contact_point_id);

CREATE TABLE absences (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    officer_id BIGINT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    zone TEXT,
    starts_local TEXT,
    ends_local TEXT,
    reason TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT absences_pk PRIMARY KEY (id),
    CONSTRAINT absences_runs_forward_ck CHECK (ends_at > starts_at),
    CONSTRAINT absences_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id)
);

CREATE INDEX absences_officer_id_ends_at_ix ON absences (officer_id, ends_at);

CREATE TABLE alerts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    reference TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    requesting_party TEXT NOT NULL,
    requesting_authority TEXT NOT NULL,
    requested_party TEXT NOT NULL,
    contact_point_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    instrument TEXT NOT NULL,
    status TEXT NOT NULL,
    urgency TEXT NOT NULL,
    case_reference TEXT NOT NULL,
    notify TEXT[] NOT NULL,
    language TEXT DEFAULT 'en' NOT NULL,
    plan JSONB NOT NULL,
    resolved JSONB NOT NULL,
    warnings JSONB NOT NULL,
    state TEXT NOT NULL,
    step SMALLINT DEFAULT '0' NOT NULL,
    cycle INTEGER DEFAULT '1' NOT NULL,
    step_since TIMESTAMP WITH TIME ZONE,
    due_at TIMESTAMP WITH TIME ZONE,
    retry_at TIMESTAMP WITH TIME ZONE,
    news_at TIMESTAMP WITH TIME ZONE,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    acknowledged_at TIMESTAMP WITH TIME ZONE,
    exhausted_at TIMESTAMP WITH TIME ZONE,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    end_reason TEXT,
    suggested_party TEXT,
    resent_from TEXT,
    resent_as TEXT,
    authenticated TEXT DEFAULT 'key' NOT NULL,
    call_back TEXT DEFAULT 'named' NOT NULL,
    called_back_at TIMESTAMP WITH TIME ZONE,
    proposed_by BIGINT,
    released_by BIGINT,
    CONSTRAINT alerts_pk PRIMARY KEY (id),
    CONSTRAINT alerts_status_ck CHECK (status in ('actual', 'exercise')),
    CONSTRAINT alerts_urgency_ck CHECK (urgency in ('emergency', 'normal')),
    CONSTRAINT alerts_authenticated_ck CHECK (authenticated in ('key', 'signed_key', 'account', 'two_persons')),
    CONSTRAINT alerts_call_back_ck CHECK (call_back in ('named', 'known', 'confirmed', 'not_confirmed', 'not_reached')),
    CONSTRAINT alerts_two_persons_are_two_ck CHECK (proposed_by <> released_by),
    CONSTRAINT alerts_state_ck CHECK (state in ('alerting', 'exhausted', 'acknowledged', 'withdrawn', 'closed')),
    CONSTRAINT alerts_never_waits_in_silence_ck CHECK (state not in ('alerting', 'exhausted') or due_at is not null),
    CONSTRAINT alerts_settled_is_not_due_ck CHECK (state in ('alerting', 'exhausted') or due_at is null),
    CONSTRAINT alerts_acknowledged_has_its_instant_ck CHECK (state <> 'acknowledged' or acknowledged_at is not null),
    CONSTRAINT alerts_reference_uq UNIQUE (reference),
    CONSTRAINT alerts_actor_id_fk FOREIGN KEY(actor_id) REFERENCES actors (id),
    CONSTRAINT alerts_contact_point_id_fk FOREIGN KEY(contact_point_id) REFERENCES contact_points (id)
);

CREATE INDEX alerts_actor_id_id_ix ON alerts (actor_id, id);

CREATE INDEX alerts_contact_point_id_id_ix ON alerts (contact_point_id, id);

CREATE INDEX alerts_due ON alerts (due_at) WHERE due_at is not null;

CREATE INDEX alerts_open ON alerts (id) WHERE state in ('alerting', 'exhausted', 'acknowledged');

CREATE INDEX alerts_requested_party_id_ix ON alerts (requested_party, id);

CREATE INDEX alerts_requesting_party_requesting_authority_id_ix ON alerts (requesting_party, requesting_authority, id);

CREATE INDEX alerts_settled ON alerts (opened_at) INCLUDE (id, status, requested_party, contact_point_id, step, acknowledged_at, exhausted_at) WHERE urgency = 'emergency' and due_at is null;

CREATE TABLE channels (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    officer_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    place SMALLINT DEFAULT '1' NOT NULL,
    verified_at TIMESTAMP WITH TIME ZONE,
    proven_at TIMESTAMP WITH TIME ZONE,
    quarantined_at TIMESTAMP WITH TIME ZONE,
    quarantined_why TEXT,
    renewed_at TIMESTAMP WITH TIME ZONE,
    unapproved_since TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT channels_pk PRIMARY KEY (id),
    CONSTRAINT channels_kind_ck CHECK (kind in ('sms', 'voice', 'email')),
    CONSTRAINT channels_address_is_of_its_kind_ck CHECK ((kind = 'email') = (address like '%@%')),
    CONSTRAINT channels_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id)
);

CREATE INDEX channels_kind_address_ix ON channels (kind, address) WHERE retired_at is null;

CREATE INDEX channels_officer_id_ix ON channels (officer_id);

CREATE TABLE address_changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    channel_id BIGINT NOT NULL,
    old_address TEXT,
    address TEXT NOT NULL,
    reported_dead BOOLEAN NOT NULL,
    reason TEXT,
    proposed_by BIGINT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_by BIGINT,
    approved_at TIMESTAMP WITH TIME ZONE,
    proven_at TIMESTAMP WITH TIME ZONE,
    state TEXT DEFAULT 'pending' NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    settled_by BIGINT,
    settled_why TEXT,
    stand_in_id BIGINT,
    CONSTRAINT address_changes_pk PRIMARY KEY (id),
    CONSTRAINT address_changes_state_ck CHECK (state in ('pending', 'active', 'refused', 'withdrawn', 'expired')),
    CONSTRAINT address_changes_settled_has_its_instant_ck CHECK ((state = 'pending') = (settled_at is null)),
    CONSTRAINT address_changes_second_person_ck CHECK (approved_by <> proposed_by),
    CONSTRAINT address_changes_channel_id_fk FOREIGN KEY(channel_id) REFERENCES channels (id),
    CONSTRAINT address_changes_proposed_by_fk FOREIGN KEY(proposed_by) REFERENCES actors (id),
    CONSTRAINT address_changes_approved_by_fk FOREIGN KEY(approved_by) REFERENCES actors (id),
    CONSTRAINT address_changes_settled_by_fk FOREIGN KEY(settled_by) REFERENCES actors (id),
    CONSTRAINT address_changes_stand_in_id_fk FOREIGN KEY(stand_in_id) REFERENCES channels (id)
);

CREATE UNIQUE INDEX address_changes_one_pending ON address_changes (channel_id) WHERE state = 'pending';

CREATE TABLE proofs (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    channel_id BIGINT NOT NULL,
    change_id BIGINT,
    address TEXT NOT NULL,
    code TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    wrong_tries SMALLINT DEFAULT '0' NOT NULL,
    locked_at TIMESTAMP WITH TIME ZONE,
    proven_at TIMESTAMP WITH TIME ZONE,
    proven_by TEXT,
    CONSTRAINT proofs_pk PRIMARY KEY (id),
    CONSTRAINT proofs_proven_by_ck CHECK (proven_by in ('reply', 'link', 'code')),
    CONSTRAINT proofs_channel_id_fk FOREIGN KEY(channel_id) REFERENCES channels (id),
    CONSTRAINT proofs_change_id_fk FOREIGN KEY(change_id) REFERENCES address_changes (id)
);

CREATE INDEX proofs_channel_id_id_ix ON proofs (channel_id, id);

CREATE INDEX proofs_address_id_ix ON proofs (address, id);

CREATE TABLE proof_rounds (
    channel_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    asks SMALLINT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE,
    told_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT proof_rounds_pk PRIMARY KEY (channel_id),
    CONSTRAINT proof_rounds_channel_id_fk FOREIGN KEY(channel_id) REFERENCES channels (id)
);

CREATE TABLE overrides (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    post_id BIGINT NOT NULL,
    action TEXT NOT NULL,
    officer_id BIGINT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    zone TEXT,
    starts_local TEXT,
    ends_local TEXT,
    reason TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT overrides_pk PRIMARY KEY (id),
    CONSTRAINT overrides_action_ck CHECK (action in ('add', 'remove', 'replace')),
    CONSTRAINT overrides_runs_forward_ck CHECK (ends_at > starts_at),
    CONSTRAINT overrides_post_id_fk FOREIGN KEY(post_id) REFERENCES posts (id),
    CONSTRAINT overrides_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id)
);

CREATE INDEX overrides_post_id_ends_at_ix ON overrides (post_id, ends_at);

CREATE TABLE swaps (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    post_id BIGINT NOT NULL,
    officer_id BIGINT NOT NULL,
    to_officer_id BIGINT,
    taker_id BIGINT,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    return_starts_at TIMESTAMP WITH TIME ZONE,
    return_ends_at TIMESTAMP WITH TIME ZONE,
    state TEXT DEFAULT 'offered' NOT NULL,
    reason TEXT,
    overrides BIGINT[] DEFAULT '{}'::bigint[] NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT swaps_pk PRIMARY KEY (id),
    CONSTRAINT swaps_state_ck CHECK (state in ('offered', 'taken', 'approved', 'refused', 'withdrawn', 'expired')),
    CONSTRAINT swaps_runs_forward_ck CHECK (ends_at > starts_at and return_ends_at > return_starts_at),
    CONSTRAINT swaps_taken_by_somebody_ck CHECK (state not in ('taken', 'approved') or taker_id is not null),
    CONSTRAINT swaps_post_id_fk FOREIGN KEY(post_id) REFERENCES posts (id),
    CONSTRAINT swaps_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id),
    CONSTRAINT swaps_to_officer_id_fk FOREIGN KEY(to_officer_id) REFERENCES officers (id),
    CONSTRAINT swaps_taker_id_fk FOREIGN KEY(taker_id) REFERENCES officers (id)
);

CREATE INDEX swaps_open ON swaps (starts_at) WHERE state in ('offered', 'taken');

CREATE INDEX swaps_post_id_id_ix ON swaps (post_id, id);

CREATE TABLE handovers (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    post_id BIGINT NOT NULL,
    officer_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    incoming BOOLEAN NOT NULL,
    code TEXT,
    page_token TEXT,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    channel_id BIGINT NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    called_off_at TIMESTAMP WITH TIME ZONE,
    missed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT handovers_pk PRIMARY KEY (id),
    CONSTRAINT handovers_incoming_answers_ck CHECK (incoming = (code is not null) and incoming = (page_token is not null)),
    CONSTRAINT handovers_post_id_officer_id_at_uq UNIQUE (post_id, officer_id, at),
    CONSTRAINT handovers_post_id_fk FOREIGN KEY(post_id) REFERENCES posts (id),
    CONSTRAINT handovers_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id),
    CONSTRAINT handovers_channel_id_fk FOREIGN KEY(channel_id) REFERENCES channels (id),
    CONSTRAINT handovers_code_uq UNIQUE (code),
    CONSTRAINT handovers_page_token_uq UNIQUE (page_token)
);

CREATE INDEX handovers_awaited ON handovers (at) WHERE incoming and confirmed_at is null and missed_at is null;

CREATE TABLE gaps (
    post_id BIGINT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    grave BOOLEAN NOT NULL,
    accepted BOOLEAN NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    actor TEXT,
    reason TEXT,
    CONSTRAINT gaps_pk PRIMARY KEY (post_id, starts_at),
    CONSTRAINT gaps_post_id_fk FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE TABLE zone_data (
    only_row BOOLEAN DEFAULT true NOT NULL,
    version TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT zone_data_pk PRIMARY KEY (only_row),
    CONSTRAINT zone_data_only_row_ck CHECK (only_row)
);

CREATE TABLE pins (
    officer_id BIGINT NOT NULL,
    hash TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    wrong_tries INTEGER DEFAULT '0' NOT NULL,
    locked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pins_pk PRIMARY KEY (officer_id),
    CONSTRAINT pins_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id)
);

CREATE TABLE rotations (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    post_id BIGINT NOT NULL,
    layer SMALLINT DEFAULT '1' NOT NULL,
    period TEXT NOT NULL,
    zone TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    handover TIME WITHOUT TIME ZONE NOT NULL,
    members BIGINT[] NOT NULL,
    turn_days SMALLINT,
    weekdays SMALLINT[] DEFAULT '{}'::smallint[] NOT NULL,
    hours_from TIME WITHOUT TIME ZONE,
    hours_until TIME WITHOUT TIME ZONE,
    temporary BOOLEAN DEFAULT false NOT NULL,
    holidays_as SMALLINT,
    reason TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT rotations_pk PRIMARY KEY (id),
    CONSTRAINT rotations_period_ck CHECK (period in ('daily', 'weekly', 'monthly', 'custom')),
    CONSTRAINT rotations_custom_has_a_length_ck CHECK ((period = 'custom') = (turn_days is not null and turn_days > 0)),
    CONSTRAINT rotations_hours_start_and_end_ck CHECK ((hours_from is null) = (hours_until is null)),
    CONSTRAINT rotations_temporary_ends_ck CHECK (ends_on is not null or not temporary),
    CONSTRAINT rotations_has_members_ck CHECK (cardinality(members) > 0),
    CONSTRAINT rotations_runs_forward_ck CHECK (ends_on is null or ends_on > starts_on),
    CONSTRAINT rotations_post_id_fk FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX rotations_post_id_ix ON rotations (post_id);

CREATE TABLE idempotency_keys (
    actor_id BIGINT NOT NULL,
    key_hash BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    alert_id BIGINT,
    proposal_id BIGINT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT idempotency_keys_pk PRIMARY KEY (actor_id, key_hash),
    CONSTRAINT idempotency_keys_of_one_thing_ck CHECK (num_nonnulls(alert_id, proposal_id) = 1)
);

CREATE INDEX idempotency_keys_created_at_ix ON idempotency_keys (created_at);

CREATE TABLE mail_links (
    token_hash BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    officer_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT mail_links_pk PRIMARY KEY (token_hash),
    CONSTRAINT mail_links_purpose_ck CHECK (purpose in ('pin', 'address')),
    CONSTRAINT mail_links_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id),
    CONSTRAINT mail_links_channel_id_fk FOREIGN KEY(channel_id) REFERENCES channels (id)
);

CREATE INDEX mail_links_channel_id_ix ON mail_links (channel_id);

CREATE TABLE readings (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    alert_id BIGINT NOT NULL,
    actor_id BIGINT,
    officer_id BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    side TEXT NOT NULL,
    way TEXT NOT NULL,
    address TEXT,
    CONSTRAINT readings_pk PRIMARY KEY (id),
    CONSTRAINT readings_by_one_reader_ck CHECK (num_nonnulls(actor_id, officer_id) = 1),
    CONSTRAINT readings_side_ck CHECK (side in ('requester', 'contact_point')),
    CONSTRAINT readings_way_ck CHECK (way in ('api', 'export', 'print', 'page')),
    CONSTRAINT readings_alert_id_fk FOREIGN KEY(alert_id) REFERENCES alerts (id),
    CONSTRAINT readings_actor_id_fk FOREIGN KEY(actor_id) REFERENCES actors (id),
    CONSTRAINT readings_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id)
);

CREATE INDEX readings_alert_id_id_ix ON readings (alert_id, id);

CREATE TABLE reply_codes (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    page_token TEXT NOT NULL,
    alert_id BIGINT NOT NULL,
    officer_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    step SMALLINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    locked_at TIMESTAMP WITH TIME ZONE,
    reading_tries SMALLINT DEFAULT '0' NOT NULL,
    declined_in INTEGER,
    declined_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT reply_codes_pk PRIMARY KEY (id),
    CONSTRAINT reply_codes_alert_id_officer_id_uq UNIQUE (alert_id, officer_id),
    CONSTRAINT reply_codes_code_uq UNIQUE (code),
    CONSTRAINT reply_codes_page_token_uq UNIQUE (page_token)
);

CREATE TABLE requests (
    alert_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT requests_pk PRIMARY KEY (alert_id)
);

CREATE TABLE closing_notes (
    alert_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT closing_notes_pk PRIMARY KEY (alert_id)
);

CREATE TABLE alert_handovers (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    alert_id BIGINT NOT NULL,
    officer_id BIGINT NOT NULL,
    from_officer_id BIGINT,
    actor_id BIGINT NOT NULL,
    once BYTEA NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retry_at TIMESTAMP WITH TIME ZONE,
    answered_at TIMESTAMP WITH TIME ZONE,
    taken_at TIMESTAMP WITH TIME ZONE,
    over_at TIMESTAMP WITH TIME ZONE,
    why TEXT,
    CONSTRAINT alert_handovers_pk PRIMARY KEY (id),
    CONSTRAINT alert_handovers_why_ck CHECK (why in ('silence', 'unreachable', 'declined', 'taken', 'ended')),
    CONSTRAINT alert_handovers_over_for_a_reason_ck CHECK ((over_at is null) = (why is null)),
    CONSTRAINT alert_handovers_taken_or_over_ck CHECK (taken_at is null or over_at is null),
    CONSTRAINT alert_handovers_taken_by_an_answer_ck CHECK ((taken_at is null) = (answered_at is null)),
    CONSTRAINT alert_handovers_alert_id_actor_id_once_uq UNIQUE (alert_id, actor_id, once),
    CONSTRAINT alert_handovers_alert_id_fk FOREIGN KEY(alert_id) REFERENCES alerts (id),
    CONSTRAINT alert_handovers_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id),
    CONSTRAINT alert_handovers_from_officer_id_fk FOREIGN KEY(from_officer_id) REFERENCES officers (id),
    CONSTRAINT alert_handovers_actor_id_fk FOREIGN KEY(actor_id) REFERENCES actors (id)
);

CREATE INDEX alert_handovers_alert_id_id_ix ON alert_handovers (alert_id, id);

CREATE INDEX alert_handovers_open ON alert_handovers (due_at) WHERE taken_at is null and over_at is null;

CREATE TABLE alert_notes (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    alert_id BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    once BYTEA NOT NULL,
    side TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT alert_notes_pk PRIMARY KEY (id),
    CONSTRAINT alert_notes_side_ck CHECK (side in ('requester', 'contact_point')),
    CONSTRAINT alert_notes_alert_id_actor_id_once_uq UNIQUE (alert_id, actor_id, once),
    CONSTRAINT alert_notes_alert_id_fk FOREIGN KEY(alert_id) REFERENCES alerts (id),
    CONSTRAINT alert_notes_actor_id_fk FOREIGN KEY(actor_id) REFERENCES actors (id)
);

CREATE INDEX alert_notes_alert_id_id_ix ON alert_notes (alert_id, id);

CREATE TABLE data_keys (
    owner TEXT NOT NULL,
    number BIGINT NOT NULL,
    wrapped BYTEA,
    fingerprint BYTEA NOT NULL,
    destroyed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT data_keys_pk PRIMARY KEY (owner, number),
    CONSTRAINT data_keys_owner_ck CHECK (owner in ('alert', 'arrival', 'proposal', 'draft')),
    CONSTRAINT data_keys_destroyed_has_its_instant_ck CHECK ((wrapped is null) = (destroyed_at is not null))
);

CREATE TABLE retentions (
    alert_id BIGINT NOT NULL,
    party TEXT NOT NULL,
    class TEXT NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    let_go TEXT[] DEFAULT '{}' NOT NULL,
    held JSONB DEFAULT '{}' NOT NULL,
    erased_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT retentions_pk PRIMARY KEY (alert_id),
    CONSTRAINT retentions_what_is_held_is_not_erased_ck CHECK (erased_at is null or held = '{}')
);

CREATE INDEX retentions_held ON retentions (until, alert_id) WHERE held <> '{}';

CREATE INDEX retentions_due ON retentions (until, alert_id) WHERE erased_at is null;

CREATE TABLE timeline (
    alert_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    code TEXT NOT NULL,
    data JSONB NOT NULL,
    CONSTRAINT timeline_pk PRIMARY KEY (alert_id, number)
);

CREATE TABLE acknowledgements (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    alert_id BIGINT NOT NULL,
    officer_id BIGINT NOT NULL,
    reply_code_id BIGINT NOT NULL,
    inbound_id BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    channel TEXT NOT NULL,
    identity_strength TEXT NOT NULL,
    function TEXT NOT NULL,
    line TEXT NOT NULL,
    step SMALLINT NOT NULL,
    cycle INTEGER NOT NULL,
    late BOOLEAN NOT NULL,
    provider_code TEXT,
    provider_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT acknowledgements_pk PRIMARY KEY (id),
    CONSTRAINT acknowledgements_inbound_id_uq UNIQUE (inbound_id),
    CONSTRAINT acknowledgements_channel_ck CHECK (channel in ('sms', 'link', 'console', 'api', 'voice')),
    CONSTRAINT acknowledgements_strength_ck CHECK (identity_strength in ('code_and_pin', 'code_pin_and_number', 'weak')),
    CONSTRAINT acknowledgements_alert_id_fk FOREIGN KEY(alert_id) REFERENCES alerts (id),
    CONSTRAINT acknowledgements_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id),
    CONSTRAINT acknowledgements_reply_code_id_fk FOREIGN KEY(reply_code_id) REFERENCES reply_codes (id),
    CONSTRAINT acknowledgements_inbound_id_fk FOREIGN KEY(inbound_id) REFERENCES inbound (id)
);

CREATE INDEX acknowledgements_alert_id_received_at_inbound_id_ix ON acknowledgements (alert_id, received_at, inbound_id);

CREATE TABLE messages (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    alert_id BIGINT,
    officer_id BIGINT,
    channel_id BIGINT,
    reply_code_id BIGINT,
    purpose TEXT NOT NULL,
    kind TEXT NOT NULL,
    gateway TEXT,
    address TEXT NOT NULL,
    subject TEXT,
    body TEXT NOT NULL,
    link TEXT,
    language TEXT NOT NULL,
    rank SMALLINT NOT NULL,
    exercise BOOLEAN DEFAULT false NOT NULL,
    repeat BOOLEAN DEFAULT false NOT NULL,
    step SMALLINT,
    cycle INTEGER,
    state TEXT DEFAULT 'queued' NOT NULL,
    queued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    send_at TIMESTAMP WITH TIME ZONE,
    lease_until TIMESTAMP WITH TIME ZONE,
    trace_at TIMESTAMP WITH TIME ZONE,
    unsure_since TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT '0' NOT NULL,
    first_accepted_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    error_code TEXT,
    CONSTRAINT messages_pk PRIMARY KEY (id),
    CONSTRAINT messages_purpose_ck CHECK (purpose in ('alert', 'stand_down', 'answer', 'news', 'alarm', 'pin_link', 'proof', 'probe', 'roster', 'release', 'handing')),
    CONSTRAINT messages_kind_ck CHECK (kind in ('sms', 'voice', 'email')),
    CONSTRAINT messages_state_ck CHECK (state in ('queued', 'sending', 'unsure', 'accepted', 'delivered', 'read', 'refused', 'cancelled')),
    CONSTRAINT messages_sending_has_a_lease_ck CHECK ((state = 'sending') = (lease_until is not null)),
    CONSTRAINT messages_queued_has_its_time_ck CHECK ((state = 'queued') = (send_at is not null)),
    CONSTRAINT messages_unsure_is_traced_ck CHECK ((state = 'unsure') = (trace_at is not null))
);

CREATE INDEX messages_address_id_ix ON messages (address, id);

CREATE INDEX messages_alert_id_ix ON messages (alert_id);

CREATE INDEX messages_queued ON messages (kind, rank, send_at, id) WHERE state = 'queued';

CREATE INDEX messages_sending ON messages (lease_until) WHERE state = 'sending';

CREATE INDEX messages_unsure ON messages (trace_at) WHERE state = 'unsure';

CREATE TABLE pin_tries (
    reply_code_id BIGINT NOT NULL,
    inbound_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT,
    CONSTRAINT pin_tries_outcome_ck CHECK (outcome in ('right', 'wrong', 'useless')),
    CONSTRAINT pin_tries_reply_code_id_inbound_id_uq UNIQUE (reply_code_id, inbound_id),
    CONSTRAINT pin_tries_reply_code_id_fk FOREIGN KEY(reply_code_id) REFERENCES reply_codes (id),
    CONSTRAINT pin_tries_inbound_id_fk FOREIGN KEY(inbound_id) REFERENCES inbound (id)
);

CREATE TABLE attempts (
    code TEXT NOT NULL,
    message_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    gateway TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    provider_code TEXT,
    provider_at TIMESTAMP WITH TIME ZONE,
    detail TEXT,
    CONSTRAINT attempts_pk PRIMARY KEY (code),
    CONSTRAINT attempts_outcome_ck CHECK (outcome in ('accepted', 'not_sent', 'unsure', 'traced'))
);

CREATE INDEX attempts_gateway_provider_code_ix ON attempts (gateway, provider_code) WHERE provider_code is not null;

CREATE INDEX attempts_message_id_ix ON attempts (message_id);

CREATE TABLE holiday_calendars (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    contact_point_id BIGINT NOT NULL,
    public_holidays BOOLEAN DEFAULT true NOT NULL,
    country TEXT,
    subdivision TEXT,
    own_days JSONB DEFAULT '[]'::jsonb NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT holiday_calendars_pk PRIMARY KEY (id),
    CONSTRAINT holiday_calendars_contact_point_id_fk FOREIGN KEY(contact_point_id) REFERENCES contact_points (id)
);

CREATE UNIQUE INDEX holiday_calendars_one_each ON holiday_calendars (contact_point_id) WHERE retired_at is null;

CREATE TABLE calendars (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    post_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    layer SMALLINT DEFAULT '1' NOT NULL,
    zone TEXT,
    day_starts TIME WITHOUT TIME ZONE,
    officers JSONB DEFAULT '[]'::jsonb NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT calendars_pk PRIMARY KEY (id),
    CONSTRAINT calendars_post_id_fk FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX calendars_post_id_ix ON calendars (post_id);

CREATE TABLE shifts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    calendar_id BIGINT NOT NULL,
    uid TEXT NOT NULL,
    recurrence TEXT DEFAULT '' NOT NULL,
    officer_id BIGINT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    zone TEXT NOT NULL,
    starts_local TEXT NOT NULL,
    ends_local TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT shifts_pk PRIMARY KEY (id),
    CONSTRAINT shifts_runs_forward_ck CHECK (ends_at > starts_at),
    CONSTRAINT shifts_calendar_id_fk FOREIGN KEY(calendar_id) REFERENCES calendars (id),
    CONSTRAINT shifts_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id)
);

CREATE UNIQUE INDEX shifts_one_each ON shifts (calendar_id, uid, recurrence, officer_id) WHERE retired_at is null;

CREATE TABLE subscriptions (
    calendar_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    host TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    etag TEXT,
    last_modified TEXT,
    tried_at TIMESTAMP WITH TIME ZONE,
    good_at TIMESTAMP WITH TIME ZONE,
    trouble TEXT,
    told_at TIMESTAMP WITH TIME ZONE,
    faults JSONB DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT subscriptions_pk PRIMARY KEY (calendar_id),
    CONSTRAINT subscriptions_calendar_id_fk FOREIGN KEY(calendar_id) REFERENCES calendars (id)
);

CREATE INDEX subscriptions_due_at_ix ON subscriptions (due_at);

CREATE TABLE feeds (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    token_hash BYTEA NOT NULL,
    officer_id BIGINT,
    post_id BIGINT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    read_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT feeds_pk PRIMARY KEY (id),
    CONSTRAINT feeds_of_one_ck CHECK (num_nonnulls(officer_id, post_id) = 1),
    CONSTRAINT feeds_token_hash_uq UNIQUE (token_hash),
    CONSTRAINT feeds_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id),
    CONSTRAINT feeds_post_id_fk FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX feeds_officer_id_ix ON feeds (officer_id);

CREATE INDEX feeds_post_id_ix ON feeds (post_id);

CREATE TABLE directory_revision (
    only_row BOOLEAN DEFAULT true NOT NULL,
    number BIGINT DEFAULT '1' NOT NULL,
    CONSTRAINT directory_revision_pk PRIMARY KEY (only_row),
    CONSTRAINT directory_revision_only_row_ck CHECK (only_row)
);

INSERT INTO directory_revision DEFAULT VALUES;

CREATE FUNCTION raise_directory_revision() RETURNS trigger LANGUAGE plpgsql AS $$ declare this text = pg_current_xact_id()::text; begin if current_setting('contactpoints.raised', true) is distinct from this then perform set_config('contactpoints.raised', this, true); update directory_revision set number = number + 1; end if; return null; end $$;

CREATE CONSTRAINT TRIGGER parties_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON parties DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER parties_emptied_raises_directory_revision AFTER TRUNCATE ON parties FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER memberships_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON memberships DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER memberships_emptied_raises_directory_revision AFTER TRUNCATE ON memberships FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER declarations_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON declarations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER declarations_emptied_raises_directory_revision AFTER TRUNCATE ON declarations FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER providers_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON providers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER providers_emptied_raises_directory_revision AFTER TRUNCATE ON providers FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER contact_points_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON contact_points DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER contact_points_emptied_raises_directory_revision AFTER TRUNCATE ON contact_points FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER posts_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON posts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER posts_emptied_raises_directory_revision AFTER TRUNCATE ON posts FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER officers_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON officers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER officers_emptied_raises_directory_revision AFTER TRUNCATE ON officers FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER channels_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON channels DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER channels_emptied_raises_directory_revision AFTER TRUNCATE ON channels FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER rotations_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON rotations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER rotations_emptied_raises_directory_revision AFTER TRUNCATE ON rotations FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER overrides_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON overrides DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER overrides_emptied_raises_directory_revision AFTER TRUNCATE ON overrides FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER absences_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON absences DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER absences_emptied_raises_directory_revision AFTER TRUNCATE ON absences FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER policies_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON policies DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER policies_emptied_raises_directory_revision AFTER TRUNCATE ON policies FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER holiday_calendars_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON holiday_calendars DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER holiday_calendars_emptied_raises_directory_revision AFTER TRUNCATE ON holiday_calendars FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER calendars_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON calendars DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER calendars_emptied_raises_directory_revision AFTER TRUNCATE ON calendars FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER shifts_raises_directory_revision AFTER INSERT OR UPDATE OR DELETE ON shifts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER shifts_emptied_raises_directory_revision AFTER TRUNCATE ON shifts FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER pins_raises_directory_revision AFTER INSERT OR DELETE ON pins DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_directory_revision();

CREATE CONSTRAINT TRIGGER pins_usable_raises_directory_revision AFTER UPDATE ON pins DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((OLD.locked_at, OLD.expires_at) IS DISTINCT FROM (NEW.locked_at, NEW.expires_at)) EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER pins_emptied_raises_directory_revision AFTER TRUNCATE ON pins FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE FUNCTION refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$ begin raise exception 'rows of % are never deleted', tg_table_name using errcode = 'restrict_violation'; end $$;

CREATE TRIGGER parties_is_never_deleted BEFORE DELETE OR TRUNCATE ON parties FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER memberships_is_never_deleted BEFORE DELETE OR TRUNCATE ON memberships FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER declarations_is_never_deleted BEFORE DELETE OR TRUNCATE ON declarations FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER providers_is_never_deleted BEFORE DELETE OR TRUNCATE ON providers FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER contact_points_is_never_deleted BEFORE DELETE OR TRUNCATE ON contact_points FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER posts_is_never_deleted BEFORE DELETE OR TRUNCATE ON posts FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER officers_is_never_deleted BEFORE DELETE OR TRUNCATE ON officers FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER channels_is_never_deleted BEFORE DELETE OR TRUNCATE ON channels FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER rotations_is_never_deleted BEFORE DELETE OR TRUNCATE ON rotations FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER overrides_is_never_deleted BEFORE DELETE OR TRUNCATE ON overrides FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER absences_is_never_deleted BEFORE DELETE OR TRUNCATE ON absences FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER swaps_is_never_deleted BEFORE DELETE OR TRUNCATE ON swaps FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER handovers_is_never_deleted BEFORE DELETE OR TRUNCATE ON handovers FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER policies_is_never_deleted BEFORE DELETE OR TRUNCATE ON policies FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER holiday_calendars_is_never_deleted BEFORE DELETE OR TRUNCATE ON holiday_calendars FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER calendars_is_never_deleted BEFORE DELETE OR TRUNCATE ON calendars FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER shifts_is_never_deleted BEFORE DELETE OR TRUNCATE ON shifts FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER actors_is_never_deleted BEFORE DELETE OR TRUNCATE ON actors FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER api_keys_is_never_deleted BEFORE DELETE OR TRUNCATE ON api_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER history_is_never_deleted BEFORE DELETE OR TRUNCATE ON history FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER alerts_is_never_deleted BEFORE DELETE OR TRUNCATE ON alerts FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER requests_is_never_deleted BEFORE DELETE OR TRUNCATE ON requests FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER alert_handovers_is_never_deleted BEFORE DELETE OR TRUNCATE ON alert_handovers FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER alert_notes_is_never_deleted BEFORE DELETE OR TRUNCATE ON alert_notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER closing_notes_is_never_deleted BEFORE DELETE OR TRUNCATE ON closing_notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER reply_codes_is_never_deleted BEFORE DELETE OR TRUNCATE ON reply_codes FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER timeline_is_never_deleted BEFORE DELETE OR TRUNCATE ON timeline FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER acknowledgements_is_never_deleted BEFORE DELETE OR TRUNCATE ON acknowledgements FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER readings_is_never_deleted BEFORE DELETE OR TRUNCATE ON readings FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER messages_is_never_deleted BEFORE DELETE OR TRUNCATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER attempts_is_never_deleted BEFORE DELETE OR TRUNCATE ON attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER inbound_is_never_deleted BEFORE DELETE OR TRUNCATE ON inbound FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER pin_tries_is_never_deleted BEFORE DELETE OR TRUNCATE ON pin_tries FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER address_changes_is_never_deleted BEFORE DELETE OR TRUNCATE ON address_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER proofs_is_never_deleted BEFORE DELETE OR TRUNCATE ON proofs FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

create function raise_version() returns trigger language plpgsql as $$ begin new.version = old.version + 1; if new.changed_at = old.changed_at then new.changed_at = now(); end if; return new; end $$;

create function notice_version() returns trigger language plpgsql as $$ declare body jsonb = to_jsonb(new); key text = coalesce(body->>'id', body->>'code'); begin if not exists (select from history h where h.entry = tg_table_name and h.entry_key = key and h.version = new.version) then insert into history (entry, entry_key, version, at, act, actor, body) values (tg_table_name, key, new.version, case when tg_op = 'INSERT' then new.created_at else new.changed_at end, case when tg_op = 'INSERT' then 'created' else 'changed' end, 'database', body) on conflict (entry, entry_key, version) do nothing; end if; return null; end $$;

create trigger parties_raises_version before update on parties for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger parties_begins_history after insert on parties deferrable initially deferred for each row execute function notice_version();

create constraint trigger parties_has_history after update on parties deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger memberships_raises_version before update on memberships for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger memberships_begins_history after insert on memberships deferrable initially deferred for each row execute function notice_version();

create constraint trigger memberships_has_history after update on memberships deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger declarations_raises_version before update on declarations for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create trigger providers_raises_version before update on providers for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger declarations_begins_history after insert on declarations deferrable initially deferred for each row execute function notice_version();

create constraint trigger providers_begins_history after insert on providers deferrable initially deferred for each row execute function notice_version();

create constraint trigger declarations_has_history after update on declarations deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create constraint trigger providers_has_history after update on providers deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger contact_points_raises_version before update on contact_points for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger contact_points_begins_history after insert on contact_points deferrable initially deferred for each row execute function notice_version();

create constraint trigger contact_points_has_history after update on contact_points deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger posts_raises_version before update on posts for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger posts_begins_history after insert on posts deferrable initially deferred for each row execute function notice_version();

create constraint trigger posts_has_history after update on posts deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger officers_raises_version before update on officers for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger officers_begins_history after insert on officers deferrable initially deferred for each row execute function notice_version();

create constraint trigger officers_has_history after update on officers deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger channels_raises_version before update on channels for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger channels_begins_history after insert on channels deferrable initially deferred for each row execute function notice_version();

create constraint trigger channels_has_history after update on channels deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger rotations_raises_version before update on rotations for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger rotations_begins_history after insert on rotations deferrable initially deferred for each row execute function notice_version();

create constraint trigger rotations_has_history after update on rotations deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger overrides_raises_version before update on overrides for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger overrides_begins_history after insert on overrides deferrable initially deferred for each row execute function notice_version();

create constraint trigger overrides_has_history after update on overrides deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger absences_raises_version before update on absences for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger absences_begins_history after insert on absences deferrable initially deferred for each row execute function notice_version();

create constraint trigger absences_has_history after update on absences deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger policies_raises_version before update on policies for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger policies_begins_history after insert on policies deferrable initially deferred for each row execute function notice_version();

create constraint trigger policies_has_history after update on policies deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger holiday_calendars_raises_version before update on holiday_calendars for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger holiday_calendars_begins_history after insert on holiday_calendars deferrable initially deferred for each row execute function notice_version();

create constraint trigger holiday_calendars_has_history after update on holiday_calendars deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger calendars_raises_version before update on calendars for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger calendars_begins_history after insert on calendars deferrable initially deferred for each row execute function notice_version();

create constraint trigger calendars_has_history after update on calendars deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

create trigger swaps_raises_version before update on swaps for each row when (old.version = new.version and to_jsonb(old) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at'] is distinct from to_jsonb(new) - array['version', 'changed_at', 'revision', 'verified_at', 'proven_at']) execute function raise_version();

create constraint trigger swaps_begins_history after insert on swaps deferrable initially deferred for each row execute function notice_version();

create constraint trigger swaps_has_history after update on swaps deferrable initially deferred for each row when (old.version <> new.version) execute function notice_version();

CREATE TABLE accounts (
    id BIGINT NOT NULL,
    name TEXT,
    email TEXT,
    role TEXT NOT NULL,
    party TEXT,
    contact_point_id BIGINT,
    officer_id BIGINT,
    authority TEXT NOT NULL,
    language TEXT DEFAULT 'en' NOT NULL,
    openid TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by BIGINT,
    accepted_at TIMESTAMP WITH TIME ZONE,
    disabled_at TIMESTAMP WITH TIME ZONE,
    disabled_by BIGINT,
    password_hash TEXT,
    totp_sealed BYTEA,
    totp_step BIGINT,
    CONSTRAINT accounts_pk PRIMARY KEY (id),
    CONSTRAINT accounts_role_ck CHECK (role in ('requester', 'contact_point', 'administrator', 'secretariat', 'auditor')),
    CONSTRAINT accounts_party_by_role_ck CHECK ((role in ('secretariat', 'auditor')) = (party is null)),
    CONSTRAINT accounts_accepted_by_somebody_ck CHECK (accepted_at is null or num_nulls(name, email) = 0),
    CONSTRAINT accounts_email_is_folded_ck CHECK (email = lower(email)),
    CONSTRAINT accounts_id_fk FOREIGN KEY(id) REFERENCES actors (id),
    CONSTRAINT accounts_email_uq UNIQUE (email),
    CONSTRAINT accounts_party_fk FOREIGN KEY(party) REFERENCES parties (code),
    CONSTRAINT accounts_contact_point_id_fk FOREIGN KEY(contact_point_id) REFERENCES contact_points (id),
    CONSTRAINT accounts_officer_id_fk FOREIGN KEY(officer_id) REFERENCES officers (id),
    CONSTRAINT accounts_created_by_fk FOREIGN KEY(created_by) REFERENCES actors (id),
    CONSTRAINT accounts_disabled_by_fk FOREIGN KEY(disabled_by) REFERENCES actors (id)
);

CREATE TABLE invitations (
    token_hash BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    totp_sealed BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by BIGINT,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT invitations_pk PRIMARY KEY (token_hash),
    CONSTRAINT invitations_secret_goes_with_it_ck CHECK ((used_at is null) = (totp_sealed is not null)),
    CONSTRAINT invitations_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT invitations_created_by_fk FOREIGN KEY(created_by) REFERENCES actors (id)
);

CREATE UNIQUE INDEX invitations_one_open ON invitations (account_id) WHERE used_at is null;

CREATE TABLE recovery_codes (
    account_id BIGINT NOT NULL,
    code_hash BYTEA NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT recovery_codes_pk PRIMARY KEY (account_id, code_hash),
    CONSTRAINT recovery_codes_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE TABLE sign_ins (
    token_hash BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    factors TEXT[] NOT NULL,
    device TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    issuer TEXT,
    subject TEXT,
    CONSTRAINT sign_ins_pk PRIMARY KEY (token_hash),
    CONSTRAINT sign_ins_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX sign_ins_account_id_ix ON sign_ins (account_id);

CREATE TABLE sessions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    token_hash BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    factors TEXT[] NOT NULL,
    device TEXT NOT NULL,
    address TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    proven_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_why TEXT,
    CONSTRAINT sessions_pk PRIMARY KEY (id),
    CONSTRAINT sessions_ended_why_ck CHECK (ended_why in ('signed_out', 'password', 'role', 'disabled', 'invited_again', 'passkey')),
    CONSTRAINT sessions_ended_for_a_reason_ck CHECK ((ended_at is null) = (ended_why is null)),
    CONSTRAINT sessions_token_hash_uq UNIQUE (token_hash),
    CONSTRAINT sessions_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX sessions_of_account ON sessions (account_id) WHERE ended_at is null;

CREATE TABLE openid_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    bound_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT openid_identities_pk PRIMARY KEY (issuer, subject),
    CONSTRAINT openid_identities_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT openid_identities_account_id_uq UNIQUE (account_id)
);

CREATE TABLE openid_questions (
    state_hash BYTEA NOT NULL,
    browser_hash BYTEA NOT NULL,
    provider TEXT NOT NULL,
    next TEXT NOT NULL,
    session_id BIGINT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT openid_questions_pk PRIMARY KEY (state_hash),
    CONSTRAINT openid_questions_session_id_fk FOREIGN KEY(session_id) REFERENCES sessions (id)
);

CREATE INDEX openid_questions_expires_at_ix ON openid_questions (expires_at);

CREATE TABLE throttles (
    name BYTEA NOT NULL,
    spent_until TIMESTAMP WITH TIME ZONE NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT throttles_pk PRIMARY KEY (name)
);

CREATE INDEX throttles_spent_until_ix ON throttles (spent_until);

CREATE TABLE passkeys (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    account_id BIGINT NOT NULL,
    credential BYTEA NOT NULL,
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT passkeys_pk PRIMARY KEY (id),
    CONSTRAINT passkeys_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT passkeys_credential_uq UNIQUE (credential)
);

CREATE INDEX passkeys_account_id_ix ON passkeys (account_id);

CREATE TABLE passkey_challenges (
    challenge_hash BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    account_id BIGINT,
    session_id BIGINT,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT passkey_challenges_pk PRIMARY KEY (challenge_hash),
    CONSTRAINT passkey_challenges_purpose_ck CHECK (purpose in ('sign_in', 'step_up', 'add', 'accept')),
    CONSTRAINT passkey_challenges_account_by_purpose_ck CHECK ((purpose = 'sign_in') = (account_id is null)),
    CONSTRAINT passkey_challenges_session_by_purpose_ck CHECK ((purpose in ('step_up', 'add')) = (session_id is not null)),
    CONSTRAINT passkey_challenges_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT passkey_challenges_session_id_fk FOREIGN KEY(session_id) REFERENCES sessions (id)
);

CREATE INDEX passkey_challenges_account_id_ix ON passkey_challenges (account_id);

CREATE INDEX passkey_challenges_expires_at_ix ON passkey_challenges (expires_at);

CREATE TRIGGER accounts_is_never_deleted BEFORE DELETE OR TRUNCATE ON accounts FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TABLE signatures (
    mark BYTEA NOT NULL,
    request BYTEA NOT NULL,
    known_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT signatures_pk PRIMARY KEY (mark)
);

CREATE INDEX signatures_known_until_ix ON signatures (known_until);

CREATE TRIGGER data_keys_is_never_deleted BEFORE DELETE OR TRUNCATE ON data_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

CREATE TRIGGER retentions_is_never_deleted BEFORE DELETE OR TRUNCATE ON retentions FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();

ALTER TABLE api_keys ADD CONSTRAINT api_keys_holder_id_fk FOREIGN KEY(holder_id) REFERENCES accounts (id);

ALTER TABLE alerts ADD CONSTRAINT alerts_proposed_by_fk FOREIGN KEY(proposed_by) REFERENCES accounts (id);

ALTER TABLE alerts ADD CONSTRAINT alerts_released_by_fk FOREIGN KEY(released_by) REFERENCES accounts (id);

CREATE TABLE proposals (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    actor_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    barred_id BIGINT,
    party TEXT NOT NULL,
    authority TEXT NOT NULL,
    requested_party TEXT NOT NULL,
    territory TEXT,
    kind TEXT NOT NULL,
    instrument TEXT NOT NULL,
    status TEXT NOT NULL,
    urgency TEXT NOT NULL,
    case_reference TEXT NOT NULL,
    resent_from TEXT,
    signed BOOLEAN NOT NULL,
    sealed BYTEA,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reminded_at TIMESTAMP WITH TIME ZONE,
    state TEXT DEFAULT 'open' NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    settled_by BIGINT,
    settled_why TEXT,
    alert_reference TEXT,
    CONSTRAINT proposals_pk PRIMARY KEY (id),
    CONSTRAINT proposals_state_ck CHECK (state in ('open', 'released', 'refused', 'withdrawn', 'expired')),
    CONSTRAINT proposals_settled_has_its_instant_ck CHECK ((state = 'open') = (settled_at is null)),
    CONSTRAINT proposals_sealed_while_it_waits_ck CHECK ((state = 'open') = (sealed is not null)),
    CONSTRAINT proposals_released_is_an_alert_ck CHECK ((state = 'released') = (alert_reference is not null)),
    CONSTRAINT proposals_second_person_ck CHECK (state <> 'released' or num_nulls(settled_by) = 0 and settled_by <> all (array[actor_id, person_id])),
    CONSTRAINT proposals_actor_id_fk FOREIGN KEY(actor_id) REFERENCES actors (id),
    CONSTRAINT proposals_person_id_fk FOREIGN KEY(person_id) REFERENCES accounts (id),
    CONSTRAINT proposals_barred_id_fk FOREIGN KEY(barred_id) REFERENCES actors (id),
    CONSTRAINT proposals_party_fk FOREIGN KEY(party) REFERENCES parties (code),
    CONSTRAINT proposals_settled_by_fk FOREIGN KEY(settled_by) REFERENCES actors (id)
);

CREATE INDEX proposals_open ON proposals (expires_at) WHERE state = 'open';

CREATE INDEX proposals_party_authority_id_ix ON proposals (party, authority, id);

CREATE TABLE proposal_readings (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    proposal_id BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    address TEXT,
    CONSTRAINT proposal_readings_pk PRIMARY KEY (id),
    CONSTRAINT proposal_readings_proposal_id_fk FOREIGN KEY(proposal_id) REFERENCES proposals (id),
    CONSTRAINT proposal_readings_actor_id_fk FOREIGN KEY(actor_id) REFERENCES actors (id)
);

CREATE INDEX proposal_readings_proposal_id_id_ix ON proposal_readings (proposal_id, id);

create trigger proposal_readings_is_never_deleted before delete or truncate on proposal_readings for each statement execute function refuse_deletion();

create trigger proposals_is_never_deleted before delete or truncate on proposals for each statement execute function refuse_deletion();

CREATE TABLE drafts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    account_id BIGINT NOT NULL,
    once TEXT NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    sealed BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT drafts_pk PRIMARY KEY (id),
    CONSTRAINT drafts_account_id_fk FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT drafts_account_id_once_uq UNIQUE (account_id, once)
);

create function take_draft_key_along() returns trigger language plpgsql as $$ begin update data_keys set wrapped = null, destroyed_at = now() where owner = 'draft' and number = old.id and wrapped is not null; return null; end $$;

create trigger drafts_take_their_keys_along after delete on drafts for each row execute function take_draft_key_along();

CREATE TABLE erasure_watch (
    only_row BOOLEAN DEFAULT true NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT erasure_watch_pk PRIMARY KEY (only_row),
    CONSTRAINT erasure_watch_only_row_ck CHECK (only_row)
);

CREATE TABLE engine_watch (
    only_row BOOLEAN DEFAULT true NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT engine_watch_pk PRIMARY KEY (only_row),
    CONSTRAINT engine_watch_only_row_ck CHECK (only_row)
);

CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    act BIGINT,
    actor TEXT NOT NULL,
    role TEXT,
    actor_party TEXT,
    name TEXT,
    address TEXT,
    operation TEXT,
    outcome TEXT NOT NULL,
    status SMALLINT,
    problem TEXT,
    detail TEXT,
    left_out BIGINT,
    party TEXT,
    entry TEXT,
    entry_key TEXT,
    version INTEGER,
    before JSONB,
    after JSONB,
    words TSVECTOR NOT NULL,
    CONSTRAINT audit_pk PRIMARY KEY (id),
    CONSTRAINT audit_outcome_ck CHECK (outcome in ('done', 'rehearsed', 'refused'))
);

CREATE INDEX audit_by_time ON audit (at, id);

CREATE INDEX audit_not_done ON audit (outcome, at, id) WHERE outcome <> 'done';

CREATE INDEX audit_of_actor ON audit (actor, at, id);

CREATE INDEX audit_of_actors_party ON audit (actor_party, at, id);

CREATE INDEX audit_of_entry ON audit (entry, entry_key, at, id);

CREATE INDEX audit_of_operation ON audit (operation, at, id);

CREATE INDEX audit_of_party ON audit (party, at, id);

CREATE INDEX audit_of_words ON audit USING gin (words);

CREATE TABLE audit_bounds (
    who TEXT NOT NULL,
    minute TIMESTAMP WITH TIME ZONE NOT NULL,
    refused BIGINT NOT NULL,
    act JSONB NOT NULL,
    CONSTRAINT audit_bounds_pk PRIMARY KEY (who, minute)
);

create function audit_versions() returns trigger language plpgsql as $$ declare who jsonb = nullif(current_setting('contactpoints.act', true), '')::jsonb; begin if current_setting('contactpoints.undone', true) is distinct from 'yes' and exists (select from made) then insert into audit (at, act, actor, role, actor_party, name, address, operation, outcome, party, entry, entry_key, version, before, after, words) select coalesce((who->>'at')::timestamptz, m.instant), pg_current_xact_id()::text::bigint, coalesce(who->>'actor', m.author), who->>'role', who->>'party', case when by_hand then session_user else who->>'name' end, case when by_hand then host(inet_client_addr()) else who->>'address' end, who->>'operation', 'done', coalesce(m.body->>'party', account.party, point.party), m.kind, m.key, m.version, m.old_row, m.new_row, to_tsvector('simple', concat_ws(' ', coalesce(who->>'actor', m.author), case when by_hand then session_user else who->>'name' end, who->>'role', case when by_hand then host(inet_client_addr()) else who->>'address' end, who->>'operation', m.kind)) || case when pg_column_size(m.body) < 250000 then jsonb_to_tsvector('simple', m.body, '["string", "numeric"]') else ''::tsvector end from (select actor as author, at as instant, entry as kind, entry_key as key, version, body || jsonb_strip_nulls(jsonb_build_object('why', reason, 'party', case when entry = 'parties' then entry_key end)) as body, null::jsonb as old_row, null::jsonb as new_row from made where actor not in ('service', 'seed', 'demo')) as m cross join lateral (select who is null and m.author = 'database' as by_hand) as written left join accounts account on account.id = (m.body->>'account_id')::bigint left join officers officer on officer.id = coalesce((m.body->>'officer_id')::bigint, (select officer_id from channels where id = (m.body->>'channel_id')::bigint)) left join posts post on post.id = coalesce((m.body->>'post_id')::bigint, (select post_id from calendars where id = (m.body->>'calendar_id')::bigint)) left join contact_points point on point.id = coalesce((m.body->>'contact_point_id')::bigint, officer.contact_point_id, post.contact_point_id); end if; return null; end $$;

create trigger history_is_audited after insert on history referencing new table as made for each statement execute function audit_versions();

create function audit_row() returns trigger language plpgsql as $$ declare who jsonb = nullif(current_setting('contactpoints.act', true), '')::jsonb; was jsonb = to_jsonb(old); becomes jsonb = to_jsonb(new); told text[] = string_to_array(tg_argv[1], ' '); hidden text[] = string_to_array(tg_argv[2], ' '); old_row jsonb; new_row jsonb; begin if who is null and current_setting('application_name') = 'contactpoints' then return null; end if; select jsonb_object_agg(key, case when key = any(hidden) then '"changed"'::jsonb else value end) into old_row from jsonb_each(was) where key = any(told || hidden) and (becomes is null or becomes->key is distinct from value); select jsonb_object_agg(key, case when key = any(hidden) then '"changed"'::jsonb else value end) into new_row from jsonb_each(becomes) where key = any(told || hidden) and (was is null or was->key is distinct from value); if old_row is null and new_row is null then return null; end if; select jsonb_object_agg(key, value) into becomes from jsonb_each(coalesce(becomes, was)) where key = any(told); insert into audit (at, act, actor, role, actor_party, name, address, operation, outcome, party, entry, entry_key, version, before, after, words) select coalesce((who->>'at')::timestamptz, m.instant), pg_current_xact_id()::text::bigint, coalesce(who->>'actor', m.author), who->>'role', who->>'party', case when by_hand then session_user else who->>'name' end, case when by_hand then host(inet_client_addr()) else who->>'address' end, who->>'operation', 'done', coalesce(m.body->>'party', account.party, point.party), m.kind, m.key, m.version, m.old_row, m.new_row, to_tsvector('simple', concat_ws(' ', coalesce(who->>'actor', m.author), case when by_hand then session_user else who->>'name' end, who->>'role', case when by_hand then host(inet_client_addr()) else who->>'address' end, who->>'operation', m.kind)) || case when pg_column_size(m.body) < 250000 then jsonb_to_tsvector('simple', m.body, '["string", "numeric"]') else ''::tsvector end from (select 'database' as author, now() as instant, tg_table_name::text as kind, coalesce(to_jsonb(new), to_jsonb(old))->>tg_argv[0] as key, null::integer as version, becomes as body, old_row, new_row) as m cross join lateral (select who is null and m.author = 'database' as by_hand) as written left join accounts account on account.id = (m.body->>'account_id')::bigint left join officers officer on officer.id = coalesce((m.body->>'officer_id')::bigint, (select officer_id from channels where id = (m.body->>'channel_id')::bigint)) left join posts post on post.id = coalesce((m.body->>'post_id')::bigint, (select post_id from calendars where id = (m.body->>'calendar_id')::bigint)) left join contact_points point on point.id = coalesce((m.body->>'contact_point_id')::bigint, officer.contact_point_id, post.contact_point_id); return null; end $$;

create trigger api_keys_come_audited after insert on api_keys for each row execute function audit_row('id', 'role party contact_point_id authority notify language limits signing call_back expires_at revoked_at made_by rotated_from holder_id', '');

create trigger api_keys_are_audited after delete or update of role, party, contact_point_id, authority, notify, language, limits, signing, call_back, expires_at, revoked_at, made_by, rotated_from, holder_id on api_keys for each row execute function audit_row('id', 'role party contact_point_id authority notify language limits signing call_back expires_at revoked_at made_by rotated_from holder_id', '');

create trigger accounts_come_audited after insert on accounts for each row execute function audit_row('id', 'name email role party contact_point_id officer_id authority language openid accepted_at disabled_at disabled_by', 'password_hash');

create trigger accounts_are_audited after delete or update of name, email, role, party, contact_point_id, officer_id, authority, language, openid, accepted_at, disabled_at, disabled_by, password_hash on accounts for each row execute function audit_row('id', 'name email role party contact_point_id officer_id authority language openid accepted_at disabled_at disabled_by', 'password_hash');

create trigger openid_identities_come_audited after insert on openid_identities for each row execute function audit_row('account_id', 'account_id issuer subject bound_at', '');

create trigger openid_identities_are_audited after delete or update of account_id, issuer, subject, bound_at on openid_identities for each row execute function audit_row('account_id', 'account_id issuer subject bound_at', '');

create trigger invitations_come_audited after insert on invitations for each row execute function audit_row('account_id', 'account_id created_by expires_at used_at', '');

create trigger invitations_are_audited after delete or update of account_id, created_by, expires_at, used_at on invitations for each row execute function audit_row('account_id', 'account_id created_by expires_at used_at', '');

create trigger sessions_come_audited after insert on sessions for each row execute function audit_row('id', 'account_id device factors proven_at ended_at ended_why', '');

create trigger sessions_are_audited after delete or update of account_id, device, factors, proven_at, ended_at, ended_why on sessions for each row execute function audit_row('id', 'account_id device factors proven_at ended_at ended_why', '');

create trigger passkeys_come_audited after insert on passkeys for each row execute function audit_row('id', 'account_id name', '');

create trigger passkeys_are_audited after delete or update of account_id, name on passkeys for each row execute function audit_row('id', 'account_id name', '');

create trigger pins_come_audited after insert on pins for each row execute function audit_row('officer_id', 'officer_id set_at expires_at locked_at', 'hash');

create trigger pins_are_audited after delete or update of officer_id, set_at, expires_at, locked_at, hash on pins for each row execute function audit_row('officer_id', 'officer_id set_at expires_at locked_at', 'hash');

create trigger mail_links_come_audited after insert on mail_links for each row when (new.purpose = 'pin') execute function audit_row('officer_id', 'purpose officer_id channel_id address expires_at', '');

create trigger mail_links_are_audited after delete or update of purpose, officer_id, channel_id, address, expires_at on mail_links for each row execute function audit_row('officer_id', 'purpose officer_id channel_id address expires_at', '');

create trigger proofs_come_audited after insert on proofs for each row execute function audit_row('id', 'channel_id change_id address asked_by expires_at proven_at proven_by', '');

create trigger proofs_are_audited after delete or update of channel_id, change_id, address, asked_by, expires_at, proven_at, proven_by on proofs for each row execute function audit_row('id', 'channel_id change_id address asked_by expires_at proven_at proven_by', '');

create trigger address_changes_come_audited after insert on address_changes for each row execute function audit_row('id', 'channel_id old_address address reported_dead reason proposed_by approved_by proven_at state settled_by settled_why stand_in_id', '');

create trigger address_changes_are_audited after delete or update of channel_id, old_address, address, reported_dead, reason, proposed_by, approved_by, proven_at, state, settled_by, settled_why, stand_in_id on address_changes for each row execute function audit_row('id', 'channel_id old_address address reported_dead reason proposed_by approved_by proven_at state settled_by settled_why stand_in_id', '');

create trigger proposals_come_audited after insert on proposals for each row execute function audit_row('id', 'actor_id person_id party authority requested_party kind status urgency expires_at state settled_by settled_why alert_reference', '');

create trigger proposals_are_audited after delete or update of actor_id, person_id, party, authority, requested_party, kind, status, urgency, expires_at, state, settled_by, settled_why, alert_reference on proposals for each row execute function audit_row('id', 'actor_id person_id party authority requested_party kind status urgency expires_at state settled_by settled_why alert_reference', '');

create trigger feeds_come_audited after insert on feeds for each row execute function audit_row('id', 'officer_id post_id created_by revoked_at', '');

create trigger feeds_are_audited after delete or update of officer_id, post_id, created_by, revoked_at on feeds for each row execute function audit_row('id', 'officer_id post_id created_by revoked_at', '');

create trigger subscriptions_come_audited after insert on subscriptions for each row execute function audit_row('calendar_id', 'calendar_id host since', '');

create trigger subscriptions_are_audited after delete or update of calendar_id, host, since on subscriptions for each row execute function audit_row('calendar_id', 'calendar_id host since', '');

create trigger retentions_are_audited after delete or update of alert_id, party, class, until, let_go, held, erased_at on retentions for each row execute function audit_row('alert_id', 'alert_id party class until let_go held erased_at', '');

create function refuse_change() returns trigger language plpgsql as $$ begin raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'restrict_violation'; end $$;

create trigger audit_is_never_changed before update or delete or truncate on audit for each statement execute function refuse_change();

create function keep_data_key() returns trigger language plpgsql as $$ begin if tg_op = 'UPDATE' and ((new.owner, new.number, new.fingerprint) is distinct from (old.owner, old.number, old.fingerprint) or old.wrapped is null) then raise exception 'a data key is wrapped anew or destroyed, and never anything else' using errcode = 'restrict_violation'; end if; if new.wrapped is null and not (case new.owner when 'proposal' then exists (select 1 from proposals where id = new.number and state <> 'open') when 'draft' then not exists (select 1 from drafts where id = new.number) when 'alert' then new.destroyed_at <= latest_destruction() and exists ( select 1 from retentions r join alerts a on a.id = r.alert_id where r.alert_id = new.number and a.state in ('withdrawn', 'closed') and r.until <= new.destroyed_at and r.held = '{}') else new.destroyed_at <= latest_destruction() and exists ( select 1 from inbound i left join data_keys k on k.owner = 'alert' and k.number = i.alert_id where i.id = new.number and i.handled_at is not null and k.wrapped is null and (i.alert_id is not null or i.received_at < new.destroyed_at - interval '400 days')) end) then raise exception 'the retention of what this data key opens has not ended' using errcode = 'restrict_violation'; end if; return new; end $$;

create trigger data_keys_are_kept before update on data_keys for each row execute function keep_data_key();

create function keep_sealed() returns trigger language plpgsql as $$ begin if new.sealed <> '' or not exists ( select 1 from data_keys where owner = tg_argv[0] and wrapped is null and number = (to_jsonb(new)->>tg_argv[1])::bigint) then raise exception 'what is sealed in % stays until its data key is destroyed', tg_table_name using errcode = 'restrict_violation'; end if; return new; end $$;

create trigger requests_are_kept before update of sealed on requests for each row execute function keep_sealed('alert', 'alert_id');

create trigger alert_notes_are_kept before update of sealed on alert_notes for each row execute function keep_sealed('alert', 'alert_id');

create trigger closing_notes_are_kept before update of sealed on closing_notes for each row execute function keep_sealed('alert', 'alert_id');

create trigger inbound_are_kept before update of sealed on inbound for each row execute function keep_sealed('arrival', 'id');

create function keep_retention() returns trigger language plpgsql as $$ begin if tg_op = 'INSERT' then if not exists (select 1 from alerts where id = new.alert_id and state in ('withdrawn', 'closed') and new.ended_at = coalesce(closed_at, withdrawn_at)) then raise exception 'a retention begins when its alert ends' using errcode = 'restrict_violation'; end if; elsif (new.alert_id, new.party, new.class, new.ended_at) is distinct from (old.alert_id, old.party, old.class, old.ended_at) or new.until < old.until or old.erased_at is not null or (new.erased_at is not null and exists ( select 1 from data_keys where owner = 'alert' and number = new.alert_id and wrapped is not null)) then raise exception 'a retention is prolonged, held, let go or ended, and never shortened or begun anew' using errcode = 'restrict_violation'; end if; return new; end $$;

create trigger retentions_are_kept before insert or update on retentions for each row execute function keep_retention();

create trigger data_keys_are_audited after delete or update of owner, number, destroyed_at, wrapped on data_keys for each row execute function audit_row('fingerprint', 'owner number destroyed_at', 'wrapped');

create trigger timeline_is_never_changed before update on timeline for each statement execute function refuse_change();

create trigger readings_is_never_changed before update on readings for each statement execute function refuse_change();

create trigger acknowledgements_is_never_changed before update on acknowledgements for each statement execute function refuse_change();

create trigger proposal_readings_is_never_changed before update on proposal_readings for each statement execute function refuse_change();

create function latest_destruction() returns timestamptz language sql stable as $$ select now() + interval '5 minutes' $$;

create trigger data_keys_come_destroyed before insert on data_keys for each row when (new.wrapped is null) execute function keep_data_key();

alter table data_keys set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);
