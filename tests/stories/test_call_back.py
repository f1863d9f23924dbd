"""Whom a contact point calls back: persons registered with a key, and never the numbers that a request brings along."""

from typing import Any

import pytest

from schemas.calling_back import VerificationOut
from schemas.examples import example
from tests.api.people import Person, person
from tests.api.test_keys import OPEN
from tests.console.test_answer_page import page_of
from tests.world import PIN, World

BEN = {"name": "Ben Example", "title": "Dr", "function": "Head of the desk", "phone": "+12025550199"}
TERMS = {"persons": [BEN, {"name": "Zoe Example", "function": "Deputy", "phone": "+12025550111"}], "required": True}


def asked(name: str, **more: Any) -> dict[str, Any]:
    """Return a request that names somebody for call-back with a number of the sender's own."""
    said = {"name": name, "function": "Head of the desk", "phone": "+12025550666", "mobile": "+12025550667"}
    return {"request": example("preservation")["request"] | {"callback_person": said}, **more}


@pytest.fixture
async def keeper(world: World) -> Person:
    return await person(world, "admin@us.example.org", role="administrator", party="US", authority="Office")


async def test_a_key_names_whom_it_is_confirmed_by_but_an_emergency_is_opened(world: World, keeper: Person) -> None:
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"required": True}, "/call_back/required"),
        ({"persons": [BEN, BEN | {"name": "ben  EXAMPLE"}]}, "/call_back/persons"),
        ({"persons": [BEN | {"phone": None, "email": "ben@us.example.org"}]}, "/call_back/persons/0/phone"),
    )
    desk = {"party": "US", "authority": "Invented Desk"}
    for terms, pointer in wrong:
        refused = await keeper.asks("POST", "/v1/keys", desk | {"call_back": terms})
        assert (refused.status_code, [each["pointer"] for each in refused.json()["errors"]]) == (422, [pointer])
    made = (await keeper.asks("POST", "/v1/keys", desk)).json()
    key, path = made["secret"], f"/v1/keys/{made['id']}"
    assert (await world.opens_alert(key=key, urgency="normal", **asked("Eve Example"))).json()["call_back"] == "named"
    change = OPEN | {"notify": made["notify"], "call_back": TERMS}
    headers = {"Authorization": f"Bearer {keeper.token}", "If-Match": '"1"'}
    told = (await world.client.put(path, json=change, headers=headers)).json()
    assert (told["call_back"]["persons"][0]["phone"], told["call_back"]["required"]) == ("+12025550199", True)

    refused = await world.opens_alert(key=key, urgency="normal", **asked("Eve Example"))
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/request/callback_person", "not_registered")
    ]
    preview = example("preservation") | {"requested_party": "FR", "urgency": "normal"} | asked("Eve Example")
    preview.pop("notify")
    assert (await world.post("/v1/alerts/preview", preview, key=key)).status_code == 422
    emergency = (await world.opens_alert(key=key, **asked("Eve Example"))).json()
    assert emergency["call_back"] == "named"
    assert "callback_not_registered" in [each["code"] for each in emergency["warnings"]]
    known = (await world.opens_alert(key=key, urgency="normal", **asked(" ben  EXAMPLE".strip()))).json()
    assert (known["call_back"], known["called_back_at"]) == ("known", None)
    assert "callback_not_registered" not in [each["code"] for each in known["warnings"]]

    # The process that remembers the key refuses nobody who is registered a moment later.
    more = change | {"call_back": TERMS | {"persons": [BEN, BEN | {"name": "Eve Example"}]}}
    assert (await world.client.put(path, json=more, headers=headers | {"If-Match": '"2"'})).status_code == 200
    assert (await world.opens_alert(key=key, urgency="normal", **asked("Eve Example"))).status_code == 201
    successor = (await keeper.asks("POST", f"{path}/rotation", {})).json()
    assert [each["name"] for each in successor["call_back"]["persons"]] == ["Ben Example", "Eve Example"]


async def test_a_contact_point_calls_the_number_that_is_registered(world: World, keeper: Person) -> None:
    desk = {"party": "US", "authority": "Invented Desk", "call_back": {"persons": [BEN]}}
    key = (await keeper.asks("POST", "/v1/keys", desk)).json()["secret"]

    async def verification(reference: str) -> VerificationOut:
        read = await world.get(f"/v1/alerts/{reference}/request", key=world.contact_point)
        told: VerificationOut = read.json()["verification"]
        return told

    strange = (await world.opens_alert(key=key, **asked("Eve Example"))).json()["reference"]
    told = await verification(strange)
    assert (told["call_back"], told["known_person"], told["advice"]["code"]) == ("named", None, "find_the_number")
    reference = (await world.opens_alert(key=key, **asked("Ben Example"))).json()["reference"]
    told = await verification(reference)
    assert (told["authenticated"], told["call_back"], told["advice"]["code"]) == ("key", "known", "call_known_person")
    assert told["known_person"] == BEN | {"mobile": None, "email": None}

    officer = world.network["FR"].officers[0]
    await world.settles()
    path = await page_of(world, reference)
    assert (await world.client.post(path, data={"pin": PIN})).status_code == 303
    page = (await world.client.post(f"{path}/request", data={"pin": PIN})).text
    before, _, after = page.partition("est-ce bien eux")
    assert "+12025550666" in before, "what the request says is told as it was written"
    assert (BEN["phone"] in after, "+12025550666" in after, "raccrochez" in after) == (True, False, True)
    for outcome in ("sure", "confirmed\r\n"):
        assert (await world.client.post(f"{path}/request", data={"pin": PIN, "outcome": outcome})).status_code == 200
    wrong = await world.client.post(f"{path}/request", data={"pin": "111222", "outcome": "confirmed"})
    assert (wrong.status_code, (await verification(reference))["call_back"]) == (422, "known")
    assert 'name="outcome" value="confirmed" checked' in wrong.text, "it is not chosen again"
    page = (await world.client.post(f"{path}/request", data={"pin": PIN, "outcome": "not_confirmed"})).text
    assert '<p class="said">Rappelé : NON confirmé' in page
    told = await verification(reference)
    assert (told["call_back"], told["called_back_at"]) == ("not_confirmed", "2026-10-14T00:00:30Z")
    assert told["known_person"] is not None, "whoever was not reached is called again"
    (fact,) = await world.facts(reference, "called_back", key=world.contact_point)
    assert (fact["outcome"], fact["officer"]) == ("not_confirmed", officer.id)
    (fact,) = await world.facts(reference, "called_back", key=world.requester)
    assert fact == {"outcome": "not_confirmed"}
