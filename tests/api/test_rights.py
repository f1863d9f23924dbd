"""Who may do what, asked of the running application: the table of `docs/rights.md` is what it answers.

``WRITE_RIGHTS=1 python -m pytest tests/api/test_rights.py`` writes the table anew.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from contactpoints.actions.passwords import hash_password
from contactpoints.api.operations import OPERATIONS
from contactpoints.web import application
from schemas.examples import ACTS, example
from schemas.openapi import Operation
from tests.api.callers import everybody
from tests.api.conftest import Bodies, KeyOf, example_of
from tests.api.people import PASSWORD
from tests.api.rights import MAY, OWN, SECOND, Walk, table
from tests.api.rights_of_console import console, console_table
from tests.api.rights_of_pages import pages, pages_table
from tests.api.test_audit import everything
from tests.api.test_hooks import FORM, INBOUND, posts
from tests.world import PIN, World

PAPER = Path(__file__).parents[2] / "docs" / "rights.md"
_ALERTS = {each.name: each for each in OPERATIONS if each.tag == "alerts"}


@pytest.fixture
async def walk(world: World, key_of: KeyOf) -> Walk:
    hashed = await hash_password(PASSWORD, about=(), tools=world.runtime.tools)
    everyone = await everybody(world, password_hash=hashed)
    keeper = await key_of("secretariat", None, "Night desk")
    made = Walk(world, keeper, await key_of("administrator", "FR", "Day desk"), everybody=everyone)
    await made.begins()
    return made


async def _alerts(walk: Walk) -> None:
    """Open alerts, and try everything that can be done with one; it is done by nobody."""
    world, opened = walk.world, example("preservation") | {"requested_party": "FR", "status": "exercise"}
    key = walk.asker
    reference, wrong = [(await world.opens_alert(key=key)).json()["reference"] for _ in range(2)]
    await world.settles()
    first = world.network["FR"].officers[0]
    code = await world.code_of(first)
    (anew,) = ACTS["resend_alert"].values()
    await world.post(f"/v1/alerts/{wrong}/withdrawal", {"reason": "wrong_party"}, key=key)
    acknowledges = {"officer": first.id, "reply_code": code, "pin": PIN}

    async def tries(name: str, body: Mapping[str, Any], of: str = reference) -> None:
        operation = _ALERTS[name]
        await walk.tries(operation, operation.path.replace("{reference}", of), content=json.dumps(body).encode())

    async with walk.undone():
        await tries("open_alert", opened)
        await tries("preview_alert", opened)
        await tries("note_call_back", {"outcome": "confirmed"})
        await tries("add_note", {"text": "We go on in the morning."})
        await tries("withdraw_alert", {"reason": "danger_over"})
        await tries("decline_alert", acknowledges)
        await tries("acknowledge_alert", acknowledges)
        await tries("resend_alert", {**anew, "issued_at": "2026-10-14T00:00:00Z"}, wrong)
    told = await world.post(f"/v1/alerts/{reference}/acknowledgements", acknowledges, key=world.contact_point)
    assert told.status_code == 200, told.text
    async with walk.undone():
        await tries("hand_over_alert", {"officer": world.network["FR"].officers[1].id})
        await tries("close_alert", {"reason": "handled"})
    walk.there["reference"] = reference


async def _reads(walk: Walk, bodies: Bodies) -> None:
    """Read everything that is there."""
    world, france = walk.world, walk.world.network["FR"]
    calendar = (await world.post("/v1/calendars", bodies["calendars"], key=walk.keeper)).json()["id"]
    await walk.does("subscribe_calendar", {"address": "https://calendar.example/secret.ics"}, id=calendar)
    await world.settles()
    walk.there |= {"contact-points": france.contact_point, "officers": france.officers[0].id}
    async with world.runtime.db.session() as session:
        walk.there["proposals"] = await session.fetchval("select id from proposals where state = 'open'")
    walk.there |= {"posts": france.posts["first"], "calendars": calendar, "party": "FR", "parties": "FR"}
    async with walk.undone():
        for operation in OPERATIONS:
            if operation.method == "get":
                await walk.tries(operation, _placed(operation, walk.there))


def _placed(operation: Operation, there: Mapping[str, int | str]) -> str:
    shelf, path = operation.path.split("/")[2:3], example_of(operation)
    for name in re.findall(r"\{(\w+)\}", path):
        path = path.replace(f"{{{name}}}", str(there[name if name in there else shelf[0]]))
    return path


async def test_everybody_may_do_what_the_paper_says_and_nothing_else(walk: Walk, bodies: Bodies) -> None:
    await _alerts(walk)
    await everything(walk, bodies)
    await _reads(walk, bodies)
    assert not walk.unsound, "\n".join(dict.fromkeys(walk.unsound))
    _is_written("operations", table(walk))
    for operation in OPERATIONS:
        may = {each.role for each, said in walk.heard[operation.name].items() if said in (MAY, OWN, SECOND)}
        # Whoever has an account may be an officer; here those of contact points are.
        expected = {"contact_point"} if operation.path.startswith("/v1/me/") else set(operation.roles)
        assert not operation.roles or may == expected, operation.name


async def test_every_page_shows_everybody_what_the_paper_says_and_nothing_else(walk: Walk) -> None:
    await walk.world.opens_alert(key=walk.asker)
    await walk.world.settles()
    beside, shown = await pages(walk), await console(walk)
    await shown.asked_by_everybody()
    assert not walk.unsound, "\n".join(dict.fromkeys(walk.unsound))
    _is_written("pages", pages_table(beside))
    _is_written("console", console_table(shown.heard))


async def test_gateways_are_known_by_their_signatures_and_by_nothing_else(real_world: World, key_of: KeyOf) -> None:
    lines = ["|  | unsigned, or by others | signed by the gateway |", "|---|---|---|"]
    report = {"MessageSid": FORM["MessageSid"], "MessageStatus": "delivered"}
    status = "/hooks/twilio/twilio_sms/status/AAAA"
    headers = {"Authorization": f"Bearer {await key_of('secretariat')}"}
    for path, form in ((INBOUND, FORM), (status, report)):
        strange = [await posts(real_world, path, form, token="0" * 32)]
        strange.append(await real_world.client.post(path, data=form, headers=headers))
        assert [each.status_code for each in strange] == [403, 403]
        assert (await posts(real_world, path, form)).status_code in (200, 204)
        place = path.replace("twilio_sms", "{name}").replace("AAAA", "{attempt}")
        lines.append(f"| `POST {place}` | 403 | {MAY} |")
    _is_written("hooks", "\n".join(lines))
    paths = [str(getattr(route, "path", "")) for route in application(real_world.runtime).routes]
    assert sorted(path for path in paths if path.startswith("/hooks/")) == sorted(
        line.split("`")[1].removeprefix("POST ") for line in lines[2:]
    )


def _is_written(name: str, told: str) -> None:
    """Compare a table with the paper, or write it there."""
    table_of = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=\n<!-- end of {name} -->)", re.DOTALL)
    written = PAPER.read_text(encoding="utf-8")
    if os.environ.get("WRITE_RIGHTS"):
        PAPER.write_text(table_of.sub(lambda _: told, written), encoding="utf-8")
    else:
        assert table_of.findall(written) == [told]
