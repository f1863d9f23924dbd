"""One person proposes an alert, another releases it: where a Party asks for that, nobody does both."""

import asyncio
import itertools
import secrets
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from contactpoints.actions import few_persons, releasing
from contactpoints.actions.access import make_key
from contactpoints.actions.resealing import reseal
from contactpoints.actions.sessions import find_actor
from contactpoints.engine.run import see_to_proposals
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.alerts import moment
from contactpoints.serving import desk_of
from contactpoints.store.sealing import Keyring, Unsealable, proposal_place
from schemas.examples import ACTS
from schemas.readings import ReadingPage
from tests.api.people import person, sends
from tests.cutting import cut_off
from tests.desks import DESK, SHAPE, Desk, tells_that_the_first_had_signed
from tests.world import World

_READINGS = TypeAdapter(ReadingPage)


async def key_of(world: World, role: str, party: str | None = None, authority: str = "Desk") -> str:
    """Make a key as the operator does, which names no holder."""
    to = Actor(0, Role(role), party, authority)
    return await make_key(world.runtime.db, to, now=world.clock.at, entropy=secrets.token_bytes)


async def _names(desk: Desk, number: int, holder: int | None) -> httpx.Response:
    """Say who holds a key, and its other terms as they stand."""
    path = f"/v1/keys/{number}"
    read = await desk.administrator.asks("GET", path)
    terms = ("notify", "language", "expires_at", "limits", "signing", "call_back")
    said = {name: read.json()[name] for name in terms} | ({} if holder is None else {"holder_id": holder})
    told = {"Authorization": f"Bearer {desk.administrator.token}", "If-Match": read.headers["ETag"]}
    return await sends(desk.world, "PUT", path, said, told)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_one_proposes_and_another_releases(world: World, desk: Desk) -> None:
    assert (await world.opens_alert()).status_code == 201, "while nobody asks for two, one is enough"
    assert (await desk.switches(True)).json()["required"] is True
    refused = await world.opens_alert(key=world.requester)
    assert problem(refused) == (409, "holder-needed"), "known from the alert before, and asked for two all the same"
    before = await desk.alerts()

    first = await world.opens_alert(key=desk.key, once="night-1")
    again = await world.opens_alert(key=desk.key, once="night-1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert (again.headers["Idempotency-Replayed"], again.json()["id"]) == ("true", first.json()["id"])
    other = await world.opens_alert(key=desk.key, once="night-1", case_reference="Another")
    assert problem(other) == (422, "idempotency-key-reused")
    told = SHAPE.validate_python(first.json())
    path = told["links"]["self"]
    assert first.headers["Location"] == path
    assert (told["state"], told["can_release"], told["seconds_left"]) == ("open", 2, 1800)
    assert (told["proposed_by"]["name"], told["proposed_with_key"]) == ("Ada", desk.number)
    heard = await desk.heard(desk.ada, desk.bob, desk.eve)
    assert ([len(each) for each in heard], await desk.alerts()) == ([0, 1, 1], before)
    assert "waits for a second person" in heard[1][0]

    words = {str(told["case_reference"]), "France", "FR ", "identifiers"}
    assert not [word for word in words for mails in heard for mail in mails if word in mail]
    read = await desk.bob.asks("GET", f"{path}/request")
    assert read.json()["particulars"]["facts_summary"]
    assert read.headers["Cache-Control"] == "no-store"
    await desk.bob.asks("GET", f"{path}/request")
    await _is_sealed_for_itself(world)
    opened = await desk.bob.asks("POST", f"{path}/release")
    assert opened.status_code == 201, opened.text
    alert = opened.json()
    persons = (alert["authenticated"], alert["proposed_by"], alert["released_by"])
    assert persons == ("two_persons", desk.ada.account, desk.bob.account)
    assert (await desk.bob.asks("POST", f"{path}/release")).json()["reference"] == alert["reference"]
    assert problem(await desk.eve.asks("POST", f"{path}/release")) == (409, "proposal-settled")
    replay = await world.opens_alert(key=desk.key, once="night-1")
    assert (replay.status_code, replay.json()["reference"]) == (200, alert["reference"])
    (fact,) = await world.facts(alert["reference"], "released", key=desk.key)
    assert (fact["proposed_by"], fact["released_by"]) == (desk.ada.account, desk.bob.account)
    assert (told["proposed_signed"], fact["signed"]) == (False, False)

    theirs = (await world.get(f"/v1/alerts/{alert['reference']}", key=world.contact_point)).json()
    persons = (theirs["authenticated"], theirs["proposed_by"], theirs["released_by"])
    assert persons == ("two_persons", None, None), "whom the requesting Party has there is not for others"
    assert await world.facts(alert["reference"], "released") == []
    assert await desk.alerts() == before + 1
    await _calls_back(world, alert["reference"])
    assert await world.code_of(world.network["FR"].officers[0]), "somebody is woken, as by any other alert"
    assert alert["reference"] in (await desk.heard(desk.ada))[0][-1]
    await _leaves_its_readings_alone(world, reader=desk.bob.account)

    await _is_sent_anew_once(desk, f"/v1/alerts/{alert['reference']}")
    await tells_that_the_first_had_signed(desk)


async def _is_sent_anew_once(desk: Desk, path: str) -> None:
    """Whoever asks again, by other keys and at once, is told which proposal waits."""
    assert (await desk.ada.asks("POST", f"{path}/withdrawal", {"reason": "wrong_party"})).status_code == 200
    anew = next(iter(ACTS["resend_alert"].values())) | {"requested_party": "JP"}
    resent = await desk.world.post(f"{path}/resending", anew, key=desk.ada.token, once="anew")
    assert (resent.status_code, resent.json()["resent_from"]) == (202, path.rpartition("/")[2])
    tabs = ("anew", "other", "third")
    asked = [desk.world.post(f"{path}/resending", anew, key=desk.bob.token, once=once) for once in tabs]
    for again in await asyncio.gather(*asked):
        assert (problem(again), again.json()["proposal"]) == ((409, "already-resent"), resent.json()["id"])
    opened = await desk.bob.asks("POST", f"{resent.json()['links']['self']}/release")
    assert opened.json()["resent_from"] == path.rpartition("/")[2]


async def _is_sealed_for_itself(world: World) -> None:
    """Whoever has the keyring, and a copy without the data keys, opens nothing that waits."""
    keyring = world.runtime.tools.keyring
    async with world.runtime.db.session() as session:
        row = await session.fetchrow(
            """select p.id, sealed, wrapped, fingerprint from proposals p
                 join data_keys k on k.owner = 'proposal' and k.number = p.id"""
        )
        with pytest.raises(Exception, match="has not ended"):
            await session.execute("update data_keys set wrapped = null, destroyed_at = now() where owner = 'proposal'")
    assert row is not None
    with pytest.raises(Unsealable):
        keyring.open(row["sealed"], place=proposal_place(row["id"]))
    place, alone = proposal_place(row["id"]), Keyring({"new": b"n" * 32}, secrets.token_bytes)
    assert keyring.unwrap(row["wrapped"], row["fingerprint"]).open(row["sealed"], place=place)
    await reseal(world.runtime.db, keyring=Keyring({**alone.keys, **keyring.keys}, secrets.token_bytes))
    async with world.runtime.db.session() as session:
        wrapped = await session.fetchval("select wrapped from data_keys where owner = 'proposal'")
    assert alone.unwrap(wrapped, row["fingerprint"]).open(row["sealed"], place=place)
    await reseal(world.runtime.db, keyring=Keyring({**keyring.keys, **alone.keys}, secrets.token_bytes))


async def _leaves_its_readings_alone(world: World, *, reader: int) -> None:
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from readings where actor_id = $1", reader) == 2
        assert await session.fetchval("select sealed from proposals") is None
        left = "select count(*) from data_keys where owner = 'proposal' and wrapped is not null"
        assert await session.fetchval(left) == 0


async def _calls_back(world: World, reference: str) -> None:
    """The contact point calls back whom the request names: that is told, and holds nothing back."""
    path = f"/v1/alerts/{reference}"
    before = (await world.get(path)).json()
    assert (before["call_back"], before["called_back_at"]) == ("named", None), "no request comes without such a person"
    refused = await world.post(f"{path}/call-backs", {"outcome": "confirmed"})
    assert refused.status_code == 403, "whoever asks does not confirm what is asked"
    for outcome in ("not_reached", "confirmed"):
        told = (await world.post(f"{path}/call-backs", {"outcome": outcome}, key=world.contact_point)).json()
    changed = {"call_back", "called_back_at", "duty_post", "proposed_by", "released_by"}
    assert (told["call_back"], told["called_back_at"]) == ("confirmed", moment(world.clock.at))
    assert {name for name in told if told[name] != before[name]} <= changed
    facts = await world.facts(reference, "called_back", key=world.requester)
    assert [each["outcome"] for each in facts] == ["not_reached", "confirmed"]
    assert (await world.post(f"{path}/call-backs", {"outcome": "sure"}, key=world.contact_point)).status_code == 422


async def test_no_person_does_both_by_whatever_they_have(world: World, desk: Desk) -> None:
    second, _ = await desk.makes_key(holder_id=desk.ada.account)
    rotated = await desk.administrator.asks("POST", f"/v1/keys/{desk.number}/rotation", {"holder_id": desk.bob.account})
    bobs = rotated.json()["secret"]
    nobodys = await key_of(world, "requester", "US", "Invented Desk")
    stranger = {"party": "US", "authority": "Other", "holder_id": desk.ada.account}
    strange = await desk.administrator.asks("POST", "/v1/keys", stranger)
    assert strange.json()["errors"][0]["pointer"] == "/holder_id"
    # An administrator who has a second account, and the same person again under another address.
    alias = await person(world, "max@us.example.org", name=" max  EXAMPLE", **DESK)
    twin = await person(world, "ada.private@us.example.org", name="\u0410DA", **DESK)  # a Cyrillic letter
    assert (await desk.switches(True)).status_code == 200

    for proposing in (desk.ada.token, desk.key, second):
        path = (await desk.proposes(proposing))["links"]["self"]
        for key in (desk.key, second, bobs, nobodys, desk.ada.token, twin.token):
            told = await sends(world, "POST", f"{path}/release", None, {"Authorization": f"Bearer {key}"})
            assert problem(told) == (409, "second-person-needed")
            refused = await world.post(f"{path}/refusal", {"reason": "other"}, key=key)
            assert problem(refused) == (409, "second-person-needed")
        if proposing != desk.ada.token:
            told = await alias.asks("POST", f"{path}/release")
            assert problem(told) == (409, "second-person-needed"), "who made the key has known its secret"
        assert (await desk.bob.asks("POST", f"{path}/release")).status_code == 201
    told = await desk.proposes(bobs)
    assert problem(await desk.bob.asks("POST", f"{told['links']['self']}/release"))[0] == 409
    assert problem(await world.opens_alert(key=nobodys)) == (409, "holder-needed")
    strangers = [
        await key_of(world, *who) for who in (("requester", "US", "Other"), ("requester", "JP", "Invented Desk"))
    ]
    for key in strangers:
        assert (await world.get(told["links"]["self"], key=key)).status_code == 404
        assert (await world.get("/v1/proposals", key=key)).json()["items"] == []
    secretariat = await key_of(world, "secretariat")
    seen = await world.get(told["links"]["self"], key=secretariat)
    assert seen.json()["can_release"] == 3, "Ada, her twin, and Eve: the one who made the key is left out"
    hidden = await world.get(f"{told['links']['self']}/request", key=secretariat)
    assert hidden.status_code == 403
    async with world.runtime.db.session() as session:
        with pytest.raises(Exception, match="second_person"):
            await session.execute(
                "update proposals set state = 'released', settled_at = now(), settled_by = person_id, sealed = null,"
                " alert_reference = 'X' where id = $1",
                told["id"],
            )


async def test_a_key_that_names_nobody_is_given_a_holder_once(world: World, desk: Desk) -> None:
    readable = (await desk.switches(True)).json()
    (number,) = readable["authorities"][0]["keys_without_holder"]
    assert [each["code"] for each in readable["warnings"]] == ["keys_without_holder"]
    assert f": {number}. Name" in readable["warnings"][0]["detail"]
    assert problem(await world.opens_alert(key=world.requester)) == (409, "holder-needed")
    for holder, refused in (
        (desk.administrator, "unknown"),
        (desk.bob, None),
        (desk.bob, None),
        (desk.eve, "not_allowed"),
        (None, None),
    ):
        answer = await _names(desk, number, None if holder is None else holder.account)
        if refused:
            assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/holder_id", refused)]
        else:
            assert (answer.status_code, answer.json()["holder_id"]) == (200, desk.bob.account)
    assert (await desk.administrator.asks("GET", "/v1/parties/US/two-persons")).json()["warnings"] == []
    path = (await desk.proposes(world.requester))["links"]["self"]
    assert problem(await desk.bob.asks("POST", f"{path}/release")) == (409, "second-person-needed")
    assert (await desk.administrator.asks("DELETE", f"/v1/accounts/{desk.bob.account}")).status_code == 200
    assert (await world.opens_alert(key=world.requester)).status_code == 401, "the key has ended with its holder"
    assert (await desk.eve.asks("POST", f"{path}/release")).status_code == 409, "and what it proposed opens nothing"


async def test_what_waits_or_comes_to_nothing_is_told_and_never_silent(world: World, desk: Desk) -> None:
    office = DESK | {"authority": "Small office"}
    few = await person(world, "solo@us.example.org", name="Solo", **office)
    twin = await person(world, "solo.again@us.example.org", name=" SOLO ", **office)
    short = await desk.switches(True)
    assert (*problem(short), *short.json()["authorities"]) == (409, "too-few-persons", "Small office")
    for each in (few, twin):
        assert (await desk.administrator.asks("DELETE", f"/v1/accounts/{each.account}")).status_code == 200
    assert (await desk.switches(True)).status_code == 200
    readable = (await desk.administrator.asks("GET", "/v1/parties/US/two-persons")).json()
    (office,) = readable["authorities"]
    assert (office["persons"], len(office["keys_without_holder"])) == (3, 1)

    told = await desk.proposes(desk.key, status="exercise")
    path = told["links"]["self"]
    await desk.heard(desk.ada, desk.bob)
    world.clock.at += timedelta(minutes=11)
    assert [await see_to_proposals(desk_of(world.runtime)) for _ in range(2)] == [1, 0]
    assert ["still waits" in mails[0] for mails in await desk.heard(desk.ada, desk.bob)] == [True, True]
    await _wakes(desk)
    world.clock.at = datetime.fromisoformat(told["expires_at"])
    over = await _read(desk, path)
    assert (over["state"], over["can_release"], over["seconds_left"]) == ("expired", 0, 0), "before any engine looked"
    await _wakes(desk)
    assert problem(await desk.bob.asks("POST", f"{path}/release")) == (409, "proposal-settled")
    await see_to_proposals(desk_of(world.runtime))
    mails = [each[-1] for each in await desk.heard(desk.ada, desk.bob, desk.eve)]
    assert all(each.startswith("EXERCISE") and "Nobody released the request in time" in each for each in mails)

    path = (await desk.proposes(once="lost"))["links"]["self"]
    refused = await desk.bob.asks("POST", f"{path}/refusal", {"reason": "not_proposed_by_them"})
    assert (refused.json()["state"], refused.json()["settled_by"]["name"]) == ("refused", "Bob")
    assert "refused" in (await desk.heard(desk.ada))[0][-1]
    assert problem(await world.opens_alert(key=desk.ada.token, once="lost")) == (409, "proposal-settled")
    path = (await desk.proposes())["links"]["self"]
    for reader in (desk.eve, desk.bob, desk.eve):
        assert (await reader.asks("GET", f"{path}/request")).status_code == 200
    assert (await desk.ada.asks("POST", f"{path}/withdrawal")).json()["state"] == "withdrawn"
    first = (await desk.ada.asks("GET", f"{path}/readings?limit=2")).json()
    rest = (await desk.ada.asks("GET", f"{path}/readings?cursor={first['next_cursor']}")).json()
    read = _READINGS.validate_python({"items": first["items"] + rest["items"], "next_cursor": rest["next_cursor"]})
    assert [each["person"] for each in read["items"]] == ["Eve", "Bob", "Eve"], "what came to nothing was read as well"
    assert all(each["address"] for each in read["items"])
    keys = [await key_of(world, *who) for who in (("auditor",), ("secretariat",), ("requester", "JP"))]
    told = [(await world.get(f"{path}/readings", key=key)).status_code for key in keys]
    assert told == [200, 403, 404]
    assert "withdrawn" in (await desk.heard(desk.bob))[0][-1]
    listed = [(await desk.eve.asks("GET", f"/v1/proposals?state={each}")).json()["items"] for each in ("open", "all")]
    assert [len(each) for each in listed] == [0, 3]

    await _nobody_is_left(world, desk)


async def _nobody_is_left(world: World, desk: Desk) -> None:
    """The second persons leave: whoever waits hears of it, and whoever makes accounts; nothing more is proposed."""
    await desk.administrator.steps_up()
    await desk.proposes()
    await desk.heard(desk.ada, desk.administrator)
    for each, left in ((desk.bob, ["", ""]), (desk.eve, ["Nobody is left who could release", "Invented Desk"])):
        assert (await desk.administrator.asks("DELETE", f"/v1/accounts/{each.account}")).status_code == 200
        heard = await desk.heard(desk.ada, desk.administrator)
        assert all(words in str(mails) and bool(words) == bool(mails) for words, mails in zip(left, heard, strict=True))
    assert await few_persons.few(world.runtime.db, now=world.clock.at) == ["US: Invented Desk"]
    assert problem(await world.opens_alert(key=desk.ada.token)) == (409, "nobody-to-release")
    assert await desk.alerts() == 0


async def test_of_all_who_settle_it_at_once_one_does_and_what_breaks_opens_nothing(world: World, desk: Desk) -> None:
    await desk.switches(True)
    path = (await desk.proposes())["links"]["self"]
    both = [desk.bob.asks("POST", f"{path}/release"), desk.eve.asks("POST", f"{path}/release")]
    told = sorted(each.status_code for each in await asyncio.gather(*both, desk.ada.asks("POST", f"{path}/withdrawal")))
    assert (told.count(409), await desk.alerts()) in ((2, 1), (2, 0))

    path = (await desk.proposes())["links"]["self"]
    twice = [desk.bob.asks("POST", f"{path}/release") for _ in range(3)]
    answers = await asyncio.gather(*twice)
    kept = {each.json()["reference"] for each in answers if each.status_code < 300}
    assert len(kept) == 1
    assert {each.status_code for each in answers} <= {200, 201, 409}
    repeated = await asyncio.gather(*(world.opens_alert(key=desk.ada.token, once="same") for _ in range(4)))
    assert len({(each.status_code, each.json()["id"]) for each in repeated}) == 1

    path = (await desk.proposes(desk.key))["links"]["self"]
    assert (await desk.administrator.asks("DELETE", f"/v1/keys/{desk.number}")).status_code == 204
    ended = await desk.bob.asks("POST", f"{path}/release")
    assert problem(ended) == (409, "proposal-settled")
    assert "propose it anew" in ended.json()["detail"]

    path = (await desk.proposes())["links"]["self"]
    async with world.runtime.db.session() as session:
        await session.execute(
            "create function dies() returns trigger language plpgsql as $$ begin raise 'gone'; end $$;"
            " create trigger dies before update on proposals for each row execute function dies()"
        )
    before = await desk.alerts()
    assert (await desk.bob.asks("POST", f"{path}/release")).status_code >= 500
    assert await desk.alerts() == before, "what dies before the commit has opened nothing"
    async with world.runtime.db.session() as session:
        await session.execute("drop trigger dies on proposals")
    assert (await desk.bob.asks("POST", f"{path}/release")).status_code == 201

    other = await person(world, "zoe@us.example.org", name="Zoe", role="administrator", party="US")
    await desk.heard(other, desk.administrator)
    await desk.administrator.steps_up()
    stale = await world.opens_alert(key=desk.ada.token)
    assert stale.status_code == 202
    assert (await desk.switches(False)).json()["required"] is False
    assert (await world.opens_alert(key=desk.ada.token)).status_code == 201
    mails, own = await desk.heard(other, desk.administrator)
    assert ("switched off" in mails[-1], own) == (True, [])
    history = (await desk.administrator.asks("GET", "/v1/parties/US/history")).json()
    assert "two_persons" in str(history)
    assert (await desk.ada.asks("PUT", "/v1/parties/US/two-persons", {"required": True})).status_code == 403
    assert (await desk.administrator.asks("PUT", "/v1/parties/FR/two-persons", {"required": True})).status_code == 403
    world.clock.at += timedelta(minutes=11)
    assert problem(await desk.switches(True)) == (403, "step-up-needed")


async def test_a_release_that_is_cut_off_anywhere_loses_nothing_and_opens_nothing_twice(
    world: World, desk: Desk
) -> None:
    await desk.switches(True)
    seen, runtime = set(), world.runtime
    for at in itertools.count(1):
        told, before = await desk.proposes(), await desk.alerts()
        path = told["links"]["self"]
        bob = await find_actor(runtime.db, token=desk.bob.token, now=world.clock.at)
        assert bob is not None
        release = releasing.release(
            *(runtime.db, told["id"]), actor=bob, now=world.clock.at, take_in=runtime.take_in, tools=runtime.tools
        )
        was_cut = await cut_off(release, at=at)
        seen.add(((await _read(desk, path))["state"], await desk.alerts() - before))
        again = [(await desk.bob.asks("POST", f"{path}/release")).json() for _ in range(2)]
        assert again[0]["reference"] == again[1]["reference"], "whoever hears no answer asks again"
        assert (await _read(desk, path))["alert"] == again[0]["reference"]
        assert await desk.alerts() == before + 1
        async with world.runtime.db.session() as session:
            woken = await session.fetchval(
                """select count(*) from messages m join alerts a on a.id = m.alert_id
                    where a.reference = $1 and m.purpose = 'alert' and m.kind = 'sms'""",
                again[0]["reference"],
            )
        assert woken == 1, "somebody is called, and once"
        if not was_cut:
            break
    assert seen == {("open", 0), ("released", 1)}
    assert at > 10


async def _read(desk: Desk, path: str) -> Any:
    return (await desk.bob.asks("GET", path)).json()


async def _wakes(desk: Desk) -> None:
    """Sessions that were silent for long are begun anew."""
    for each in (desk.bob, desk.ada, desk.eve, desk.administrator):
        await each.asks("GET", "/v1/proposals")
