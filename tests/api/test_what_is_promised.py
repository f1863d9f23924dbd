"""What a requester is told of a post and of the chain is the same at every door, and no more than can be kept."""

from tests.api.conftest import KeyOf
from tests.world import PIN, World


async def test_a_post_has_one_function_at_every_door(world: World, key_of: KeyOf) -> None:
    (duty,) = (await world.get("/v1/duty/FR")).json()["items"]
    opened = (await world.opens_alert()).json()
    await world.settles()
    officer = world.network["FR"].officers[0]
    await world.answers(officer, f"{await world.code_of(officer)} {PIN}")
    reference = opened["reference"]
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    facts = (await world.get(f"/v1/alerts/{reference}/timeline")).json()["items"]
    told = {
        duty["function"],
        opened["duty_post"]["function"],
        *opened["planned_escalation"][0]["functions"],
        alert["acknowledgement"]["function"],
        *next(fact["data"]["functions"] for fact in facts if fact["code"] == "step_started"),
        next(fact["data"]["function"] for fact in facts if fact["code"] == "acknowledged"),
    }
    assert told == {"Première ligne"}
    own, *_, last = (step["contact_points"] for step in opened["planned_escalation"])
    where = f"/v1/contact-points/{world.network[None].contact_point}"
    secretariat = (await world.get(where, key=await key_of("secretariat"))).json()["name"]
    assert (own, last) == ([opened["duty_post"]["contact_point"]], [secretariat]), "which first line is meant"


async def test_no_telephone_call_is_planned_where_no_gateway_can_make_one(world: World) -> None:
    assert "voice" not in world.runtime.tools.gateways
    planned = (await world.opens_alert()).json()["planned_escalation"]
    assert {kind for step in planned for kind in step["channels"]} == {"sms", "email"}
