"""The first roster of a post: what it leaves uncovered needs a reason, that nobody has a PIN yet needs none."""

from typing import Any

import httpx

from tests.api.conftest import KeyOf
from tests.world import World


async def test_a_first_roster_needs_a_reason_for_what_it_leaves_and_none_for_who_has_no_pin_yet(
    world: World, key_of: KeyOf
) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    told = {"contact_point_id": france.contact_point, "function": "New desk"}
    newcomers = [
        (await world.post("/v1/officers", told | {"name": name, "language": "fr"}, key=key)).json()["id"]
        for name in ("Nouvelle Inventée", "Nouveau Inventé")
    ]
    whole: dict[str, Any] = {"period": "weekly", "zone": "Europe/Paris", "starts_on": "2026-10-12"}
    whole |= {"handover": "09:00", "members": newcomers}
    for minimum, line, left in ((1, "decision_maker", False), (2, "mutual_assistance", True)):
        post = told | {"line": line, "minimum": minimum}
        number = (await world.post("/v1/posts", post, key=key)).json()["id"]
        roster = whole | {"post_id": number}
        days = roster | {"weekdays": [0, 1, 2, 3, 4]}
        once = {"post_id": number, "action": "add", "officer_id": newcomers[0]}
        once |= {"starts_at": "2026-10-24T10:00:00Z", "ends_at": "2026-10-25T06:00:00Z"}
        tries = [("rotations", days), ("rotations", days | {"temporary": True, "ends_on": "2026-11-09"})]
        for path, body in (*tries, ("overrides", once)):
            refused = await world.post(f"/v1/{path}", body, key=key)
            assert refused.status_code == 422, refused.text
            faults = {(each["pointer"], each["code"]) for each in refused.json()["errors"]}
            assert faults == {("/reason", "leaves_uncovered")}
        made = await world.post("/v1/rotations", roster, key=key)
        assert made.status_code == (422 if left else 201), "one at a time is too few where two are asked for"
        if left:
            made = await world.post("/v1/rotations", roster | {"reason": "the second ones follow"}, key=key)
            assert (made.status_code, made.json()["reason"], len(_gaps(made))) == (201, "the second ones follow", 1)
        else:
            assert _gaps(made) == []


def _gaps(answer: httpx.Response) -> list[str]:
    return [each["detail"] for each in answer.json()["warnings"] if each["code"] == "leaves_uncovered"]


async def test_a_file_with_the_first_roster_of_a_post_needs_the_reason_for_what_that_leaves(
    world: World, key_of: KeyOf
) -> None:
    key = await key_of("secretariat")
    desk = {"name": "New desk", "function": "24/7", "zone": "Europe/Paris", "languages": ["fr"]}
    layer: dict[str, Any] = {"post_id": "new", "period": "weekly", "zone": "Europe/Paris", "starts_on": "2026-10-12"}
    layer |= {"handover": "09:00", "members": ["ana"], "reason": None}
    weekdays, reason = layer | {"weekdays": [0, 1, 2, 3, 4]}, "the weekend follows"

    def file(*layers: dict[str, Any], house: object) -> dict[str, Any]:
        post = {"key": "new", "contact_point_id": house, "line": "decision_maker", "function": "Decides"}
        return {
            "format": "contactpoints/1",
            "posts": [post],
            "officers": [{"key": "ana", "contact_point_id": house, "name": "Ana Example", "function": "Duty"}],
            "rotations": list(layers),
        }

    new = {"contact_points": [{"key": "desk", "party": "FR", "territory": "FR-GF", "capabilities": {}, **desk}]}
    for rows in (file(weekdays, house=world.network["FR"].contact_point), file(weekdays, house="desk") | new):
        for how in ("", "dry_run=false"):
            refused = await world.post(f"/v1/import?{how}", rows, key=key)
            assert refused.status_code == 422, refused.text
            faults = {(each["pointer"], each["code"]) for each in refused.json()["errors"]}
            assert faults == {("/query/reason", "leaves_uncovered")}, refused.text
        told = await world.post(f"/v1/import?reason={reason}", rows, key=key)
        assert (told.status_code, {each["code"] for each in told.json()["warnings"]}) == (200, {"leaves_uncovered"})
    whole = file(weekdays, layer | {"layer": 2, "weekdays": [5, 6]}, house=world.network["FR"].contact_point)
    assert (await world.post("/v1/import?dry_run=false", whole, key=key)).json()["warnings"] == []
