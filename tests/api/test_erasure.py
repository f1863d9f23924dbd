"""When retention ends, what was asked is gone for good, from every copy; when it was, and who answered, is not."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter

from contactpoints.actions.retention import erase_ended
from contactpoints.engine.run import tidy
from contactpoints.rules.retention import ARRIVALS_KEPT
from contactpoints.serving import desk_of
from contactpoints.store.sealing import key_place
from contactpoints.store.tables import metadata
from schemas.examples import example
from schemas.retention import RETENTION_CLASSES, RetentionDuePage
from tests.api.conftest import KeyOf
from tests.world import PIN, World

CANARY, NOTE, WORDS = "Canary of the harbour", "Canary of the note", "canary of the reply"
DAY = timedelta(days=1)
_PLACES = ("request:{}", "closing:{}", *(f"inbound:{source}:reply" for source in ("rehearsal_sms", "link", "api")))


async def _opens(world: World, *, taken: bool = True, **fields: Any) -> str:
    """Open an alert with the canary in it, and have it taken by an SMS with words in it."""
    request = example("preservation")["request"] | {"facts_summary": CANARY}
    reference: str = (await world.opens_alert(request=request, **fields)).json()["reference"]
    await world.settles()
    if taken:
        officer = world.network["FR"].officers[0]
        code = await world.code_of(officer)
        await world.answers(officer, f"{code}, {WORDS}")
        await world.answers(officer, f"{code} {PIN} {WORDS}")
    return reference


async def _rows(world: World) -> dict[str, list[asyncpg.Record]]:
    """Return the whole database, as a dump has it."""
    async with world.runtime.db.session() as session:
        return {table: await session.fetch(f"select * from {table}") for table in metadata.tables}


def _opened(rows: dict[str, list[asyncpg.Record]], world: World, *, also: tuple[bytes, ...] = ()) -> Iterator[bytes]:
    """Yield whatever can be opened in a dump by somebody who has the keyring as well, trying every key everywhere."""
    keys = [*world.runtime.tools.keyring.keys.values()]
    wrapped = [(row["wrapped"], row["fingerprint"]) for row in rows["data_keys"] if row["wrapped"]]
    keys += [_tried(keys[0], each[1 + each[0] :], place=key_place(known_by)) or b"" for each, known_by in wrapped]
    assert all(keys)
    references = [row["reference"] for row in rows["alerts"]]
    places = {place.format(reference) for place, reference in product(_PLACES, ["", *references])}
    held = [value for table in rows.values() for row in table for value in row.values() if isinstance(value, bytes)]
    for sealed, key, place in product((*held, *also), keys, places):
        if len(sealed) > 28 and (plain := _tried(key, sealed, place=place)) is not None:
            yield plain


def _tried(key: bytes, sealed: bytes, *, place: str) -> bytes | None:
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], place.encode())
    except InvalidTag:
        return None


def _found(words: str, opened: list[bytes]) -> int:
    return sum(words.replace(" ", mark).encode() in plain for plain in opened for mark in (" ", "+"))


@pytest.fixture
async def keys(world: World, key_of: KeyOf) -> dict[str, str]:
    roles = {"secretariat": None, "auditor": None, "administrator": "FR", "contact_point": "JP"}
    return {role: await key_of(role, party) for role, party in roles.items()} | {
        "the contact point": world.contact_point,
        "the requester": world.requester,
    }


async def _erased(world: World, *, at: datetime) -> int:
    """Let the engine look for its daily week and a day up to an instant, and return how much it erased in all."""
    world.clock.at = at
    days = [at - each * DAY for each in range(8, -1, -1)]
    return sum([await erase_ended(world.runtime.db, now=day) for day in days])


async def _decides(world: World, reference: str, said: dict[str, Any], *, key: str | None = None) -> tuple[int, Any]:
    answer = await world.post(f"/v1/alerts/{reference}/retention", said, key=key or world.contact_point)
    return answer.status_code, answer.json()


async def _due(world: World, key: str) -> list[str]:
    items = (await world.get("/v1/retention/due", key=key)).json()["items"]
    return [each["reference"] for each in items]


async def test_what_was_asked_goes_for_good_and_the_evidence_stays(world: World, keys: dict[str, str]) -> None:
    closed, held, still_open = await _opens(world), await _opens(world), await _opens(world)
    exercise = await _opens(world, taken=False, status="exercise")
    for reference in (closed, held):
        note = {"reason": "not_competent", "note": NOTE}
        await world.post(f"/v1/alerts/{reference}/closure", note, key=world.contact_point)
    await world.post(f"/v1/alerts/{exercise}/withdrawal", {"reason": "danger_over"})
    assert [(await world.get(f"/v1/alerts/{each}/retention")).json()["class"] for each in (closed, exercise)] == [
        "misdirected",
        "exercise",
    ]
    assert (await world.get(f"/v1/alerts/{still_open}/retention")).json()["until"] is None
    ends = world.clock.at + RETENTION_CLASSES["misdirected"].period
    hold = {"decision": "hold", "reason": "complaint"}
    assert (await _decides(world, held, hold, key=world.requester))[0] == 200

    before = await _rows(world)
    could = list(_opened(before, world))
    assert (_found(CANARY, could), _found(NOTE, could), _found(WORDS, could)) == (4, 2, 6), "the search finds nothing"
    stolen = tuple(bytes(row["sealed"]) for table in ("requests", "closing_notes", "inbound") for row in before[table])

    assert await _erased(world, at=ends - timedelta(seconds=1)) == 0
    world.clock.at = ends
    assert await tidy(desk_of(world.runtime)) >= 2
    assert await erase_ended(world.runtime.db, now=world.clock.at) == 0

    after = await _rows(world)
    can = list(_opened(after, world, also=stolen))
    assert (_found(CANARY, can), _found(NOTE, can), _found(WORDS, can)) == (4, 2, 8), "twice what is kept of two"
    await _decides(world, held, {"decision": "release"}, key=world.requester)
    assert await erase_ended(world.runtime.db, now=world.clock.at) == 1
    can = list(_opened(await _rows(world), world, also=stolen))
    assert (_found(CANARY, can), _found(NOTE, can), _found(WORDS, can)) == (2, 0, 4), "all but the open one is gone"
    whole = str(await _rows(world))
    assert not [words for words in (CANARY, NOTE, WORDS) if words in whole]

    facts = await world.timeline(closed)
    assert {"opened", "acknowledged", "closed", "erased"} <= set(facts)
    kept = ("acknowledgements", "readings", "messages", "attempts", "inbound", "pin_tries", "closing_notes")
    assert all(len(after[table]) == len(before[table]) for table in kept)
    assert (await world.get(f"/v1/alerts/{closed}")).json()["acknowledgement"]["channel"] == "sms"
    for key in (world.requester, world.contact_point):
        gone = await world.get(f"/v1/alerts/{exercise}/request", key=key)
        assert (gone.status_code, gone.json()["type"]) == (410, "/problems/erased")
    await _is_certified(world, closed, auditor=keys["auditor"])


async def _is_certified(world: World, closed: str, *, auditor: str) -> None:
    certificate = (await world.get(f"/v1/alerts/{closed}/request")).json()["erasure"]
    assert certificate == (await world.get(f"/v1/alerts/{closed}/retention", key=auditor)).json()["erasure"]
    told = {name: certificate[name] for name in ("reference", "retention_class", "days", "notes", "replies")}
    assert told == {"reference": closed, "retention_class": "misdirected", "days": 90, "notes": 1, "replies": 2}
    async with world.runtime.db.session() as session:
        row = await session.fetchrow(
            """select k.* from data_keys k join alerts a on a.id = k.number
                where k.owner = 'alert' and a.reference = $1""",
            closed,
        )
    assert row is not None
    assert (certificate["key"], row["wrapped"]) == (row["fingerprint"].hex(), None)
    assert (await _decides(world, closed, {"decision": "let_go"}, key=world.requester))[0] == 410
    anew = await world.post(
        f"/v1/alerts/{closed}/resending",
        {
            "requested_party": "JP",
            "consent_to_transfer": True,
            "issued_under_instrument": True,
            "issued_at": "2026-10-14T00:10:00Z",
        },
        once="anew",
    )
    assert (anew.status_code, anew.json()["type"]) == (410, "/problems/erased")


async def test_who_sees_what_is_due_and_who_may_keep_it_for_how_long(world: World, keys: dict[str, str]) -> None:
    reference, left_open = await _opens(world), await _opens(world)
    decide = {"decision": "prolong", "reason": "proceedings", "until": "2030-01-01T00:00:00Z"}
    assert (await _decides(world, reference, decide))[0] == 409, "it is open"
    await world.post(f"/v1/alerts/{reference}/closure", {"reason": "handled"}, key=world.contact_point)
    told = (await world.get(f"/v1/alerts/{reference}/retention")).json()
    ends = world.clock.at + RETENTION_CLASSES["emergency"].period
    assert (told["class"], told["days"], told["holds"], told["erasure"]) == ("emergency", 1095, [], None)
    assert [await _due(world, key) for key in keys.values()] == [[]] * len(keys)
    world.clock.at = ends - 30 * DAY
    sees = {who: await _due(world, key) for who, key in keys.items()}
    assert sees == {who: [left_open, reference] for who in keys} | {"contact_point": []}
    page = (await world.get("/v1/retention/due?limit=1")).json()
    TypeAdapter(RetentionDuePage).validate_json(json.dumps(page))
    await world.post(f"/v1/alerts/{left_open}/closure", {"reason": "handled"}, key=world.contact_point)
    assert await _due(world, world.requester) == [reference]
    (second,) = (await world.get(f"/v1/retention/due?cursor={page['next_cursor']}")).json()["items"]
    assert (second["reference"], second["retention"]["until"]) == (reference, told["until"])
    for bad in ("1", "x.1", "9" * 18 + ".1"):
        refused = await world.get(f"/v1/retention/due?cursor={bad}")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/cursor"), bad

    may = {who: (await _decides(world, reference, {"decision": "let_go"}, key=key))[0] for who, key in keys.items()}
    assert may == {
        **{"secretariat": 403, "auditor": 403, "administrator": 200, "contact_point": 404},
        **{"the contact point": 200, "the requester": 200},
    }
    assert await _due(world, world.requester) == []
    late = (ends + 367 * DAY).isoformat()
    for said, pointer in (
        (decide | {"until": late}, "/until"),
        (decide | {"until": world.clock.at.isoformat()}, "/until"),
        ({"decision": "prolong", "reason": "proceedings"}, "/until"),
        ({"decision": "hold"}, "/reason"),
        ({"decision": "let_go", "reason": "complaint"}, "/reason"),
        ({"decision": "hold", "reason": "I want to", "until": late}, "/reason"),
    ):
        status, answer = await _decides(world, reference, said)
        assert (status, answer["errors"][0]["pointer"]) == (422, pointer), said
    longer = ends + 200 * DAY
    for _ in range(2):
        status, told = await _decides(world, reference, decide | {"until": longer.isoformat()})
        assert (status, told["let_go"]) == (200, []), "whoever let it go sees that it is kept; twice is once"
    status, answer = await _decides(world, reference, decide | {"until": longer.isoformat(), "reason": "complaint"})
    assert (status, answer["errors"][0]["code"]) == (422, "too_early"), "another reason alone is not dropped"
    hold = {"decision": "hold", "reason": "complaint"}
    for key in (world.contact_point, world.requester):
        assert (await _decides(world, reference, {"decision": "release"}, key=key))[0] == 409, "it holds nothing"
        status, told = await _decides(world, reference, hold, key=key)
    assert [each["by"] for each in told["holds"]] == ["contact_point", "requester"]
    assert reference in await _due(world, world.requester), "what is held comes up whenever it would be erased"
    for key in (world.contact_point, world.requester):
        assert await _erased(world, at=world.clock.at if world.clock.at > longer else longer + DAY) == 0
        assert (await _decides(world, reference, {"decision": "release"}, key=key))[0] == 200
    assert await erase_ended(world.runtime.db, now=world.clock.at) == 1
    decided = [fact["decision"] for fact in await world.facts(reference, "retention_decided")]
    assert decided == ["let_go", "let_go", "prolong", "hold", "hold", "release", "release"]


_CLOSED = "(select id from alerts where state = 'closed')"
_DEEDS = (
    f"update data_keys set wrapped = null, destroyed_at = '2036-01-01' where owner = 'alert' and number in {_CLOSED}",
    "update data_keys set wrapped = null, destroyed_at = '2036-01-01' where owner = 'arrival' and number in"
    " (select id from inbound where alert_id is null)",
    "insert into data_keys (owner, number, fingerprint, destroyed_at) values ('alert', 100, '', now())",
    "update data_keys set wrapped = null, destroyed_at = '2036-01-01' where owner = 'alert'",
    "update data_keys set wrapped = null, destroyed_at = '2036-01-01' where owner = 'arrival'",
    "update data_keys set number = number + 100",
    "update data_keys set fingerprint = 'x'",
    "update requests set sealed = ''",
    "update requests set sealed = 'x'",
    "update inbound set sealed = ''",
    "update closing_notes set sealed = ''",
    "update alert_notes set sealed = ''",
    "update retentions set until = until - interval '1 day'",
    "update retentions set ended_at = ended_at - interval '9 years'",
    "update retentions set erased_at = now()",
    "insert into retentions (alert_id, party, class, ended_at, until)"
    " select id, 'FR', 'exercise', '2020-01-01', '2020-01-01' from alerts where state = 'acknowledged';"
    " update data_keys set wrapped = null, destroyed_at = '2036-01-01' where owner = 'alert'"
    " and number in (select id from alerts where state = 'acknowledged')",
    f"insert into retentions (alert_id, party, class, ended_at, until)"
    f" select 100 + id, 'FR', 'exercise', closed_at, closed_at from alerts where id in {_CLOSED}",
    "update timeline set data = '{}'",
    "update readings set at = now(), address = '198.51.100.9', side = 'requester'",
    "update acknowledgements set received_at = now()",
    "update proposal_readings set at = now()",
)


async def test_the_database_refuses_every_other_way(world: World) -> None:
    await _opens(world)
    closed = await _opens(world)
    await world.answers(world.network["FR"].officers[0], f"Who is this? {WORDS}", sender="+33639980777")
    note = {"reason": "not_competent", "note": NOTE}
    await world.post(f"/v1/alerts/{closed}/notes", {"text": NOTE}, once="note")
    await world.post(f"/v1/alerts/{closed}/closure", note, key=world.contact_point)
    connection = await asyncpg.connect(world.runtime.settings.database_url)
    try:
        # What a world's clock may say no other may.
        await connection.execute(
            """create or replace function latest_destruction() returns timestamptz language sql stable as
               $$ select timestamptz '2026-10-15' $$"""
        )
        for deed in _DEEDS:
            transaction = connection.transaction()
            await transaction.start()
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(deed)
            await transaction.rollback()
    finally:
        await connection.close()


async def test_what_belongs_to_no_alert_goes_after_its_own_time(world: World) -> None:
    await world.answers(world.network["FR"].officers[0], f"Who is this? {WORDS}", sender="+33639980777")
    assert _found(WORDS, list(_opened(await _rows(world), world))) == 1
    came = world.clock.at
    assert await _erased(world, at=came + ARRIVALS_KEPT) == 0
    assert await _erased(world, at=came + ARRIVALS_KEPT + DAY) == 1
    assert _found(WORDS, list(_opened(await _rows(world), world))) == 0


async def test_the_wrong_party_has_nothing_kept(world: World) -> None:
    reference = await _opens(world)
    await world.post(f"/v1/alerts/{reference}/closure", {"reason": "not_competent"}, key=world.contact_point)
    ends = world.clock.at + RETENTION_CLASSES["misdirected"].period
    world.clock.at = ends - DAY
    assert [await _due(world, key) for key in (world.contact_point, world.requester)] == [[], [reference]]
    hold = {"decision": "hold", "reason": "complaint"}
    assert (await _decides(world, reference, hold))[0] == 403
    assert (await _decides(world, reference, hold, key=world.requester))[0] == 200
    assert (await _decides(world, reference, {"decision": "release"}, key=world.requester))[0] == 200
    assert await _erased(world, at=ends) == 1


async def test_after_a_jump_of_the_clock_nothing_is_erased_for_a_week(world: World) -> None:
    reference = await _opens(world)
    await world.post(f"/v1/alerts/{reference}/closure", {"reason": "not_competent"}, key=world.contact_point)
    await world.answers(world.network["FR"].officers[0], f"Who is this? {WORDS}", sender="+33639980777")
    here, there = world.clock.at, world.clock.at + 3650 * DAY
    assert await _erased(world, at=here + DAY) == 0
    for jumped in (there, there + DAY / 2, here + 2 * DAY, there):
        assert await erase_ended(world.runtime.db, now=jumped) == 0
    assert (await world.get(f"/v1/alerts/{reference}/request")).status_code == 200
    assert await _erased(world, at=there + 8 * DAY) == 2


async def test_what_breaks_and_what_a_copy_never_had_holds_up_no_other(world: World) -> None:
    broken, lacking, last, live = [await _opens(world) for _ in range(4)]
    for reference in (broken, lacking, last):
        await world.post(f"/v1/alerts/{reference}/closure", {"reason": "not_competent"}, key=world.contact_point)
        world.clock.at += timedelta(minutes=1)
    number = "(select id from alerts where reference = $1)"
    async with world.runtime.db.session() as session:
        await session.execute("alter table data_keys disable trigger user")
        for reference in (lacking, live):
            await session.execute(f"delete from data_keys where owner = 'alert' and number = {number}", reference)
        await session.execute("alter table data_keys enable trigger user")
        await session.execute(
            """create function breaks() returns trigger language plpgsql as
               $$ begin raise exception 'broken' using errcode = 'restrict_violation'; end $$"""
        )
        await session.execute(
            f"""create trigger breaks before update on requests for each row
                 when (old.alert_id = {(await _numbers(world))[broken]}) execute function breaks()"""
        )
    gone = await world.get(f"/v1/alerts/{lacking}/request")
    assert (gone.status_code, gone.json()["erasure"]) == (410, None)
    note = {"reason": "not_competent", "note": NOTE}
    assert (await world.post(f"/v1/alerts/{live}/closure", note, key=world.contact_point)).status_code == 410
    closed = await world.post(f"/v1/alerts/{live}/closure", {"reason": "handled"}, key=world.contact_point)
    assert closed.status_code == 200

    ends = world.clock.at + RETENTION_CLASSES["misdirected"].period
    assert await _erased(world, at=ends) == 2
    told = {each: (await world.get(f"/v1/alerts/{each}/retention")).json()["erasure"] for each in (lacking, last)}
    assert [len(each["key"]) for each in told.values()] == [0, 32]
    assert (await world.get(f"/v1/alerts/{broken}/retention")).json()["erasure"] is None


async def _numbers(world: World) -> dict[str, int]:
    async with world.runtime.db.session() as session:
        return {row["reference"]: row["id"] for row in await session.fetch("select id, reference from alerts")}
