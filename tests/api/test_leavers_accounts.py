"""With an officer the account ends at once, with its sessions, and the keys that were made in it end in a week."""

from datetime import timedelta

from tests.api.conftest import KeyOf
from tests.api.people import person, sends
from tests.world import World


async def test_the_plan_names_account_and_keys_and_both_end_with_the_officer(world: World, key_of: KeyOf) -> None:
    first, second = world.network["FR"].officers[:2]
    cleo = await person(world, "cleo@fr.example.org", officer_id=first.id)
    dora = await person(world, "dora@fr.example.org")
    held = (await cleo.asks("POST", "/v1/keys", {"party": "FR", "authority": "Unit"})).json()
    short = {"party": "FR", "authority": "Unit", "expires_at": "2026-10-16T00:00:00Z"}
    ends_before = (await cleo.asks("POST", "/v1/keys", short)).json()
    others = (await dora.asks("POST", "/v1/keys", {"party": "FR", "authority": "Unit"})).json()

    desk = {"role": "requester", "authority": "Unit"}
    emil = await person(world, "emil@fr.example.org", officer_id=first.id, **desk)
    finn = await person(world, "finn@fr.example.org", **desk)
    holds = {"party": "FR", "authority": "Unit"}
    by_emil, by_finn = [
        (await dora.asks("POST", "/v1/keys", holds | {"holder_id": each.account})).json() for each in (emil, finn)
    ]

    path = f"/v1/officers/{first.id}/leaving"
    read = await dora.asks("GET", path)
    named = {"accounts": [cleo.account, emil.account], "keys": [held["id"], ends_before["id"], by_emil["id"]]}
    assert read.json()["ends"].items() >= named.items()
    taken = {"action": "replace", "officer_id": second.id}
    plan = [{"ref": each["ref"], "version": each["version"], **taken} for each in read.json()["dependencies"]]
    headers = {"Authorization": f"Bearer {dora.token}", "If-Match": read.headers["ETag"]}
    own = await sends(world, "POST", path, {"plan": plan}, headers | {"Authorization": f"Bearer {cleo.token}"})
    assert (own.status_code, "own account" in own.json()["detail"]) == (409, True)
    assert (await cleo.asks("GET", "/v1/sessions")).status_code == 200
    for dry_run in (True, False):
        answer = await sends(world, "POST", path, {"plan": plan, "dry_run": dry_run}, headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["ends"].items() >= named.items()
        seen = (await cleo.asks("GET", "/v1/sessions")).status_code
        assert seen == (200 if dry_run else 401)
    assert (await cleo.first_step()).status_code == 401
    assert (await dora.asks("GET", f"/v1/accounts/{cleo.account}")).json()["disabled_at"] is not None

    assert (await dora.asks("DELETE", f"/v1/accounts/{finn.account}")).status_code == 200
    ends = {}
    for key in (held, ends_before, others, by_emil, by_finn):
        told = (await dora.asks("GET", f"/v1/keys/{key['id']}")).json()
        ends[key["id"]] = (told["expires_at"], [each["code"] for each in told["warnings"]])
    week = f"{world.clock.at + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"
    assert ends == {
        held["id"]: (week, ["ends_soon"]),
        ends_before["id"]: ("2026-10-16T00:00:00Z", ["ends_soon"]),
        others["id"]: (None, []),
        by_emil["id"]: (week, ["ends_soon"]),
        by_finn["id"]: (week, ["ends_soon"]),
    }
    assert (await world.get("/v1/alerts", key=held["secret"])).status_code == 200
    world.clock.at += timedelta(days=7)
    assert (await world.get("/v1/alerts", key=held["secret"])).status_code == 401
