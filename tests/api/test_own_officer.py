"""An officer's account sets the own languages and PIN, and nothing else; whoever is no officer is told so."""

from datetime import timedelta
from typing import Any

from tests.api.people import Person, person, sends
from tests.world import PIN, World


async def _put(someone: Person, path: str, body: Any, *, tag: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {someone.token}"} | ({"If-Match": tag} if tag else {})
    answer = await sends(someone.world, "PUT", path, body, headers)
    return answer.status_code, answer.json() if answer.content else {}


async def _verified(world: World) -> None:
    """Have every address that is proven be one that was verified."""
    async with world.runtime.db.session() as session:
        await session.execute("update channels set verified_at = proven_at")


async def test_who_makes_an_account_and_says_whose_it_is_sets_nobodys_pin(world: World) -> None:
    france = world.network["FR"]
    first, second = france.officers[:2]
    inside = {"role": "contact_point", "contact_point_id": france.contact_point, "officer_id": first.id}
    away = await person(world, "away@fr.example.org", **inside)
    beside = await person(world, second.email, **inside)
    theirs = await person(world, first.email, **inside)
    await _verified(world)

    async def judged() -> str:
        return str(await world.runtime.check_pin(world.runtime.db, first.id, PIN, world.clock.at))

    for someone in (away, beside):
        status, told = await _put(someone, "/v1/me/pin", {"pin": "739164"})
        assert (status, await judged()) == (403, "right"), "another's mailbox, or nobody's, speaks for no officer"
        assert f"/v1/officers/{first.id}/pin-link" in told["detail"]
    for broken in (
        "proven_at = null",
        "verified_at = null",
        "quarantined_at = proven_at",
        "unapproved_since = proven_at",
        "proven_at = proven_at - interval '181 days'",
        "retired_at = proven_at",
    ):
        async with world.runtime.db.session() as session:
            kept = dict(await session.fetchrow("select * from channels where address = $1", first.email) or {})
            await session.execute(f"update channels set {broken} where id = $1", kept["id"])
            status, _ = await _put(theirs, "/v1/me/pin", {"pin": "739164"})
            assert (status, await judged()) == (403, "right"), broken
            await session.execute(
                """update channels set proven_at = $2, verified_at = $3, quarantined_at = null, unapproved_since = null,
                          retired_at = null where id = $1""",
                *(kept["id"], kept["proven_at"], kept["verified_at"]),
            )
    async with world.runtime.db.session() as session:
        await session.execute("update channels set address = upper(address) where address = $1", first.email)
    assert (await _put(theirs, "/v1/me/pin", {"pin": "739164"}))[0] == 204
    assert await judged() == "wrong"


async def test_an_officer_sets_languages_and_pin_in_a_session_and_nobody_else_does(world: World) -> None:
    france = world.network["FR"]
    first = france.officers[0]
    inside = {"contact_point_id": france.contact_point, "officer_id": first.id}
    cleo = await person(world, first.email, role="contact_point", **inside)
    dora = await person(world, "dora@fr.example.org")
    await _verified(world)
    spoken = {"language": "es", "languages": ["fr", "en"]}

    read = await cleo.asks("GET", "/v1/me/officer")
    assert (read.status_code, read.json()["id"]) == (200, first.id)
    tag = read.headers["ETag"]
    status, told = await _put(cleo, "/v1/me/officer", spoken, tag=tag)
    assert (status, told["language"], told["languages"]) == (200, "es", ["fr", "en"])
    assert (told["notices_by"], told["notices_minutes"]) == (None, None)
    assert (await _put(cleo, "/v1/me/officer", spoken, tag=tag))[0] == 412
    notices = {"notices_by": "voice", "notices_minutes": 1441}
    status, fault = await _put(cleo, "/v1/me/officer", spoken | notices, tag=tag)
    assert (status, {each["pointer"] for each in fault["errors"]}) == (422, {f"/{name}" for name in notices})
    notices = {"notices_by": "email", "notices_minutes": 240}
    status, told = await _put(cleo, "/v1/me/officer", spoken | notices, tag=f'"{told["version"]}"')
    assert (status, {name: told[name] for name in notices}) == (200, notices)
    status, told = await _put(cleo, "/v1/me/officer", spoken | {"language": "xx", "name": "Other"}, tag=tag)
    assert (status, {each["pointer"] for each in told["errors"]}) == (422, {"/language", "/name"})

    assert await world.runtime.check_pin(world.runtime.db, first.id, PIN, world.clock.at) == "right"
    for pin, code in (("123456", "pin_guessable"), ("12", "wrong_form")):
        status, told = await _put(cleo, "/v1/me/pin", {"pin": pin})
        assert (status, [(e["pointer"], e["code"]) for e in told["errors"]]) == (422, [("/pin", code)])
    assert (await _put(cleo, "/v1/me/pin", {"pin": "739164"}))[0] == 204
    await world.settles()
    assert "PIN" in (await world.hears(first.email))[-1]["subject"]
    for pin, judged in ((PIN, "wrong"), ("739164", "right")):
        assert await world.runtime.check_pin(world.runtime.db, first.id, pin, world.clock.at) == judged

    world.clock.at += timedelta(minutes=11)
    status, told = await _put(cleo, "/v1/me/pin", {"pin": "518274"})
    assert (status, told["type"]) == (403, "/problems/step-up-needed")
    for refused in (await dora.asks("GET", "/v1/me/officer"), await world.get("/v1/me/officer")):
        assert refused.status_code == 403, refused.text
    assert "no officer's" in (await dora.asks("GET", "/v1/me/officer")).json()["detail"]
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            "select *, to_jsonb(audit)::text as whole from audit where actor = $1", f"account:{cleo.account}"
        )
    done = {(row["operation"], row["entry"]) for row in rows if row["outcome"] == "done"}
    assert done >= {("set_own_languages", "officers"), ("set_own_pin", "pins")}
    assert not [row for row in rows if "739164" in row["whole"] or "518274" in row["whole"]]
