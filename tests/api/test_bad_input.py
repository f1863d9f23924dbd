"""What bad input gets: a clear problem, and nothing half-written."""

import re

import pytest

from contactpoints.api.operations import OPERATIONS
from schemas.examples import example
from tests.api.conftest import KeyOf
from tests.world import PIN, World

TARGET = "/v1/alerts"


async def test_a_body_that_is_no_alert_is_refused_with_a_problem(world: World) -> None:
    for case, raw, status in (
        ("malformed", b'{"kind": ', 400),
        ("a key twice", b'{"kind": "preservation", "kind": "assistance"}', 400),
        ("NaN", b'{"kind": NaN}', 400),
        ("100,000 brackets", b"[" * 100_000, 400),
        ("NUL", b'{"case_reference": "\\u0000"}', 400),
        ("a lone surrogate", b'{"case_reference": "\\ud800"}', 400),
        ("an unknown kind", b'{"kind": "teleportation"}', 422),
        ("10 MB", b'"' + b"x" * 10_000_000 + b'"', 413),
    ):
        answer = await world.post(TARGET, raw, once="key")
        assert answer.status_code == status, case
        assert answer.headers["Content-Type"] == "application/problem+json", case
        assert (await world.get(TARGET)).json()["items"] == [], case


async def test_all_faults_come_at_once_with_their_places(world: World) -> None:
    body = example("preservation") | {"urgency": "very", "surprise": 1, "requested_party": "France"}
    pointers = {each["pointer"] for each in (await world.post(TARGET, body, once="key")).json()["errors"]}
    assert {"/urgency", "/requested_party"} <= pointers


async def test_a_party_that_nobody_answers_for_is_told_with_the_faults_of_the_shape(world: World) -> None:
    for case, wrong, told in (
        ("unknown", {"requested_party": "ZZ"}, {"/requested_party"}),
        ("without a contact point", {"requested_party": "AD"}, {"/requested_party"}),
        ("a territory without one", {"territory": "CW"}, {"/territory"}),
        ("a territory that is none", {"requested_party": "ZZ", "territory": 1}, {"/requested_party", "/territory"}),
        ("that answers", {}, set()),
    ):
        refused = await world.opens_alert(urgency="very", surprise=1, **wrong)
        assert refused.status_code == 422, case
        assert {each["pointer"] for each in refused.json()["errors"]} == told | {"/urgency", "/surprise"}, case


async def test_an_unknown_party_and_one_without_a_contact_point_use_up_no_key(world: World) -> None:
    for party in ("ZZ", "AD"):
        refused = await world.opens_alert(once="key", requested_party=party)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/requested_party"
    assert (await world.opens_alert(once="key")).status_code == 201


async def test_a_party_asks_itself_in_an_exercise_alone(world: World) -> None:
    actual = {"requested_party": "US", "urgency": "emergency", "status": "actual"}
    for refused in (
        await world.opens_alert(**actual, once="key"),
        await world.post("/v1/alerts/preview", example("preservation") | actual),
    ):
        assert refused.status_code == 422
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
            ("/requested_party", "own_party")
        ]
    assert (await world.opens_alert(**actual | {"status": "exercise"}, once="key")).status_code == 201


@pytest.mark.parametrize("once", ["", "k" * 3000, "a b"], ids=["none", "3,000 characters", "a space"])
async def test_a_bad_idempotency_key_is_refused(world: World, once: str) -> None:
    answer = await world.post(TARGET, example("preservation"), once=once)
    assert answer.status_code == 400


async def test_without_a_key_nobody_comes_in(world: World) -> None:
    answer = await world.get(TARGET, key="cp_nobody")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_contact_point_opens_no_alert(world: World) -> None:
    assert (await world.opens_alert(key=world.contact_point)).status_code == 403


async def test_a_nul_in_an_address_is_no_breakdown(world: World) -> None:
    assert (await world.get("/v1/parties/%00")).status_code in (400, 404)
    assert (await world.get("/v1/alerts?state=nonsense")).status_code == 422
    assert (await world.get("/v1/alerts/%00")).status_code == 404


async def test_a_parameter_that_nobody_knows_is_refused_by_its_name_at_every_address_of_the_api(
    world: World, key_of: KeyOf
) -> None:
    for operation in OPERATIONS:
        path = re.sub(r"{\w+}", "1", operation.path)
        answer = await world.client.request(operation.method, f"{path}?frmo=2026-10-14")
        if not path.startswith("/v1/"):
            assert answer.status_code == 200, path
            continue
        if operation.any_query:
            assert "/query" not in answer.text, path
            continue
        assert answer.status_code == 422, path
        (fault,) = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/query/frmo", "unknown_field")
    assert "known are: from, to, party" in (await world.get("/v1/cover?form=svg")).json()["errors"][0]["detail"]
    twice = (await world.get("/v1/cover?from=2026-10-14&from=2026-10-15")).json()["errors"]
    assert [(each["pointer"], each["code"]) for each in twice] == [("/query/from", "duplicate_name")]
    admin = await key_of("administrator", "FR")
    for path, wrong in (
        ("shifts?from=x&to=y&format=z&foo=1&post_id=a", "from to format foo post_id"),
        ("shifts?foo=1&to=2026-10-14&to=2026-10-15", "foo to"),
        ("cover?from=2026-12-20T00:00:00Z&to=2026-12-10T00:00:00Z&format=pdf&party=x", "to format party"),
        ("officers?limit=abc&cursor=zz&contact_point_id=-", "limit cursor contact_point_id"),
        ("parties/FR/history?limit=0&cursor=zz&format=svg&foo=", "limit cursor format foo"),
        ("acknowledgements?limit=0&cursor=zz&format=svg&from=x&to=y", "limit cursor format from to"),
        ("alerts?state=x&status=y&limit=z&cursor=-", "state status limit cursor"),
        ("swaps?state=x&limit=z&cursor=-&post_id=-", "state limit cursor post_id"),
        ("address-changes?state=x&limit=z&cursor=-", "state limit cursor"),
        ("competence?party=fr&foo=1", "party foo kind"),
        ("parties/FR?as_of=x&foo=1", "as_of foo"),
        ("duty?format=x&foo=1", "format foo"),
    ):
        answer = await world.get(f"/v1/{path}", key=admin)
        assert answer.status_code == 422, path
        told = sorted(each["pointer"].removeprefix("/query/") for each in answer.json()["errors"])
        assert told == sorted(wrong.split()), path
    # What is no name may be a secret in the wrong place: it is not said again.
    assert (await world.get("/v1/cover?cp+secret=1")).json()["errors"][0]["pointer"] == "/query"


async def test_what_a_proxy_appends_keeps_nobody_from_opening_acknowledging_closing_or_withdrawing(
    world: World,
) -> None:
    stray, first = "?_=1791936000&api-version=2&trace=a&trace=b", world.network["FR"].officers[0]
    body = example("preservation") | {"requested_party": "FR", "status": "actual", "urgency": "emergency"}
    opened = await world.post(f"{TARGET}{stray}", body, once="key")
    assert opened.status_code == 201, opened.text
    again = await world.post(TARGET, body, once="key")
    assert (again.status_code, again.json()["reference"]) == (200, opened.json()["reference"]), "the same alert"
    one = f"{TARGET}/{opened.json()['reference']}"
    await world.settles()
    said = {"officer": first.id, "reply_code": await world.code_of(first), "pin": PIN}
    taken = await world.post(f"{one}/acknowledgements{stray}", said, key=world.contact_point)
    assert taken.status_code == 200, taken.text
    closed = await world.post(f"{one}/closure{stray}", {"reason": "handled"})
    assert closed.status_code == 200, closed.text
    other = f"{TARGET}/{(await world.opens_alert()).json()['reference']}"
    withdrawn = await world.post(f"{other}/withdrawal{stray}", {"reason": "wrong_party"})
    assert withdrawn.status_code == 200, withdrawn.text
    assert (await world.get(f"{one}?_=1")).status_code == 422, "reading stays strict"
    known = {each.name for each in OPERATIONS if each.any_query}
    assert known == {"open_alert", "resend_alert", "acknowledge_alert", "withdraw_alert", "close_alert"}


async def test_what_is_not_there_is_named(world: World, key_of: KeyOf) -> None:
    for path, status, detail in (
        ("/v1/duty/QQ", 404, "There is no Party QQ."),
        ("/v1/duty/fr", 404, "A Party is named by its code of ISO 3166-1, two capital letters: FR."),
        ("/v1/cover?party=JP", 404, "There is nothing of Party JP to read for you."),
        (
            "/v1/cover?contact_point_id=4711",
            404,
            "There is no contact point 4711 that answers and that this key may read.",
        ),
        ("/v1/shifts?post_id=4711", 404, "There is no duty post 4711 that this key may read."),
        ("/v1/shifts?party=fr", 422, "A code of ISO 3166-1: two capital letters."),
        ("/v1/legal-basis?from=US&to=QQ&kind=preservation", 422, "There is no Party QQ."),
    ):
        answer = await world.get(path, key=await key_of("administrator", "FR"))
        told = answer.json()
        said = told["errors"][0]["detail"] if status == 422 else told["detail"]
        assert (answer.status_code, said) == (status, detail), path


async def test_a_wrong_path_and_a_wrong_method_say_what_there_is(world: World) -> None:
    nothing = await world.get("/v1/nothing")
    assert (nothing.status_code, nothing.headers["Content-Type"]) == (404, "application/problem+json")
    assert "/openapi.json" in nothing.json()["detail"]
    for path, known in (("/v1/duty", "GET, HEAD"), ("/v1/officers/1", "DELETE, GET, HEAD, PUT")):
        refused = await world.client.patch(path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, known)
        assert f"It knows {known}." in refused.json()["detail"]
        assert "/openapi.json" in refused.json()["detail"]


async def test_whoever_sends_no_body_hears_what_to_send(world: World, key_of: KeyOf) -> None:
    headers = {"Authorization": f"Bearer {await key_of('administrator', 'FR')}"}
    for more in ({}, {"Content-Type": "application/json"}):
        refused = await world.client.post("/v1/swaps/1/withdraw", headers=headers | more)
        (fault,) = refused.json()["errors"]
        assert (refused.status_code, fault["pointer"], fault["code"]) == (400, "", "missing")
        assert "`{}`" in fault["detail"]


async def test_the_doors_say_how_they_are(world: World) -> None:
    for path in ("/healthz", "/readyz", "/healthz/engine"):
        assert (await world.get(path)).status_code == 200
    await world.opens_alert()
    world.clock.at = world.clock.at.replace(minute=2)
    assert (await world.get("/healthz/engine")).status_code == 503
