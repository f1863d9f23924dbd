"""A world in which every page has something on it, and the list of pages for each of the demo's invented people."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from contactpoints.actions.demo_people import enter, load_people
from contactpoints.actions.mail_links import ask_pin
from contactpoints.actions.proofs import ask_mailbox
from contactpoints.store import accounts, openid
from tests.api.people import invited, sends
from tests.far_ends import PUBLIC
from tests.world import PIN, START, World

_ASKS = {"requested_party": "FR", "kind": "preservation", "urgency": "emergency", "status": "actual"}
_PLACE = {"place": "FR"} | {name: told for name, told in _ASKS.items() if name != "requested_party"}


@dataclass
class Busy:
    """Such a world: sessions of its people, references of its alerts and numbers of what else has a page."""

    world: World
    tokens: dict[str, str]
    alerts: dict[str, str]
    there: dict[str, Any]

    async def does(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Do something by the API, which must succeed; return what it answers."""
        told = {"Authorization": f"Bearer {self.tokens[who]}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        answer = await sends(self.world, method, path, body, told)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json() if answer.content else None

    async def fills_in(self, who: str, path: str, /, **fields: str) -> str:
        """Send a form; return where it leads."""
        cookies = {"Cookie": f"__Host-session={self.tokens[who]}", "Sec-Fetch-Site": "same-origin"}
        answer = await self.world.client.post(path, data=fields, headers=cookies)
        assert answer.status_code == 303, (path, answer.text)
        return answer.headers["Location"]


async def busy_world(world: World) -> Busy:
    """Fill a world: alerts of four kinds, a roster with changes, things that wait for somebody, keys and drafts."""
    db, france = world.runtime.db, world.network["FR"]
    await load_people(db, france, asks="US", now=START)
    busy = Busy(world, {}, {}, {"post": france.posts["first"], "point": france.contact_point})
    for who in ("requester", "officer", "administrator", "second", "secretariat", "auditor"):
        begun = await enter(
            db, who, language="en", address=None, device="Desk 4", now=world.clock.at, tools=world.runtime.tools
        )
        busy.tokens[who] = begun.token
    await _alerts(busy)
    async with db.session() as session:
        await session.execute("update sessions set proven_at = $1", world.clock.at)
    await _links(busy)
    await _rosters(busy)
    await _desks(busy)
    await _waits(busy)
    return busy


async def _alerts(busy: Busy) -> None:
    """Let one be acknowledged by the second line, one climb to its end as an exercise, and one climb still."""
    world = busy.world
    for name, status in (("answered", "actual"), ("exhausted", "exercise")):
        opened = await world.opens_alert(key=busy.tokens["requester"], status=status)
        busy.alerts[name] = opened.json()["reference"]
        await world.passes(minutes=6)
        if name == "answered":
            second = world.network["FR"].officers[1]
            await world.answers(second, f"{await world.code_of(second)} ok, {PIN}")
        await world.passes(minutes=20)
    busy.alerts["climbing"] = (await world.opens_alert(key=busy.tokens["requester"])).json()["reference"]
    await world.passes(minutes=4)


async def _links(busy: Busy) -> None:
    """Send the mails whose links have pages, and keep the last part of each address."""
    world, (first, second, *_) = busy.world, busy.world.network["FR"].officers
    now, tools = world.clock.at, world.runtime.tools
    async with world.runtime.db.session() as session:
        tokens = await session.fetch(
            "select distinct on (a.id) a.reference, page_token from reply_codes r join alerts a on a.id = r.alert_id"
            " order by a.id, r.id"
        )
        await session.execute("update channels set verified_at = created_at where kind = 'email'")
        mailbox, sms, other = [
            await session.fetchval("select id from channels where address = $1", each)
            for each in (first.email, first.sms, second.email)
        ]
        # The first line changes hands on Tuesday, 20 October, at 09:00 in Paris.
        await session.execute("update contact_points set handover_minutes = 60")
        await session.execute(
            "insert into handovers (post_id, officer_id, at, incoming, kind, address, channel_id, code, page_token,"
            " told_at) select $1, $2, '2026-10-20 07:00Z', true, kind, address, id, 'K7QPM3X', 'SomeHandover234567890',"
            " $4 from channels where id = $3",
            *(busy.there["post"], second.id, other, now),
        )
    await ask_pin(world.runtime.db, first.id, actor=None, now=now, tools=tools)
    await ask_mailbox(world.runtime.db, mailbox, actor=None, now=now, tools=tools)
    await world.settles()
    sent = (await world.get("/rehearsal/messages")).json()["items"]
    mailed = [str(each["link"]).removeprefix(PUBLIC) for each in sent if each["link"]]
    busy.there |= {
        "answers": {row["reference"]: f"/a/{row['page_token']}" for row in tokens},
        "mailed": [next(path for path in mailed if path.startswith(kind)) for kind in ("/pin/", "/address/")],
        "invitation": f"/invitation/{await invited(world, 'guest@fr.example.org')}",
        "sent": next(each["id"] for each in sent if each["kind"] == "sms"),
        "mailbox": mailbox,
        "sms": sms,
    }


async def _rosters(busy: Busy) -> None:
    """Change a roster for a while, offer a shift, and give it a feed and a calendar."""
    post, (first, second, *_) = busy.there["post"], busy.world.network["FR"].officers

    def span(days: float, more: float) -> dict[str, str]:
        begins = START + timedelta(days=days)
        return {
            "starts_at": f"{begins:%Y-%m-%dT%H:%M:%SZ}",
            "ends_at": f"{begins + timedelta(days=more):%Y-%m-%dT%H:%M:%SZ}",
        }

    keeper = "administrator"
    leave = {"officer_id": first.id, "reason": "leave", **span(3, 2)}
    busy.there["absence"] = (await busy.does(keeper, "POST", "/v1/absences", leave))["id"]
    told = {"post_id": post, "officer_id": second.id, "action": "replace", "reason": "a conference", **span(7, 1)}
    await busy.does(keeper, "POST", "/v1/overrides", told)
    offered = {"post_id": post, "officer_id": first.id, **span(1.5, 0.25)}
    busy.there["swap"] = (await busy.does("officer", "POST", "/v1/swaps", offered))["id"]
    await busy.does(keeper, "POST", f"/v1/posts/{post}/feeds", {})
    calendar = {"post_id": post, "name": "Duty of the house", "layer": 2}
    busy.there["calendar"] = (await busy.does(keeper, "POST", "/v1/calendars", calendar))["id"]


async def _desks(busy: Busy) -> None:
    """Keep a draft, a key, an account that nobody has accepted, and an alert that waits for a second person."""
    world, db = busy.world, busy.world.runtime.db
    busy.there["draft"] = await busy.fills_in("requester", "/trigger/drafts", **_ASKS, once=secrets.token_hex(16))
    key = await busy.does("administrator", "POST", "/v1/keys", {"party": "FR", "authority": "Night unit"})
    busy.there["key"] = key["id"]
    async with db.transaction() as session:
        standing: dict[str, str | None] = dict.fromkeys(("contact_point_id", "officer_id", "openid"))
        standing |= {"name": "Kim Other", "role": "requester", "party": "US", "language": "en"}
        standing["authority"] = "Invented Emergency Desk"
        number = await accounts.add(session, standing, email="kim@requester.example", by=None, now=world.clock.at)
        assert number is not None
        await openid.accept(session, number, now=world.clock.at)
        await session.execute("update parties set two_persons = true where code = 'US'")
    busy.there["account"] = number
    told = await world.opens_alert(key=busy.tokens["requester"], kind="preservation")
    assert told.status_code == 202, told.text
    busy.there["proposal"] = told.json()["id"]


async def _waits(busy: Busy) -> None:
    """Ask for another number of an officer: a second person has to approve it."""
    told = {"channel_id": busy.there["sms"], "address": "+33639980198"}
    busy.there["change"] = (await busy.does("administrator", "POST", "/v1/address-changes", told))["id"]
    await busy.world.settles()


def pages_of(busy: Busy) -> dict[str, list[str]]:
    """Return the paths that each of the invented people looks at; "" is whoever has not signed in."""
    at, alerts, first = busy.there, busy.alerts, busy.world.network["FR"].officers[0]
    roster, point = f"/rosters/{at['post']}", f"/directory/contact-points-{at['point']}"
    account, key = f"/administration/accounts/{at['account']}", f"/administration/keys/{at['key']}"
    new = f"/directory/new/channels-{first.id}"
    return {
        "": [
            *(
                "/demo",
                "/rehearsal?before=99",
                f"/rehearsal/{at['sent']}",
                "/signin",
                "/nowhere",
                "/signin/openid/none/return",
            ),
            *(at["invitation"], *at["mailed"], "/handover/SomeHandover234567890"),
            *(at["answers"][alerts[each]] for each in ("climbing", "exhausted", "answered")),
        ],
        "requester": [
            *("/board", "/trigger", f"/trigger/preview?{urlencode(_PLACE)}", at["draft"], f"{at['draft']}/look"),
            *("/alerts", f"/alerts/{alerts['answered']}", f"/alerts/{alerts['climbing']}"),
            f"/alerts/{alerts['answered']}/notes",
            *(point, "/directory/parties-FR", "/proposals", f"/proposals/{at['proposal']}", "/account", "/nowhere"),
        ],
        "officer": [
            *("/board", f"/alerts/{alerts['climbing']}", f"/alerts/{alerts['answered']}", roster, "/account"),
        ],
        "administrator": [
            *("/board", "/rosters", roster, f"{roster}?view=week&on=2026-10-25", f"{roster}/rotation"),
            *(f"{roster}/feeds", f"{roster}/calendars", "/directory", "/directory?q=duty", point, f"{point}/history"),
            f"{point}/change",
            *(f"/directory/channels-{at['sms']}", f"/directory/officers-{first.id}", new, "/directory/approvals"),
            *("/directory/proofs", "/directory/copy", "/numbers", "/administration", "/administration/accounts"),
            *("/administration/accounts/new", "/administration/keys", "/administration/keys/new", key),
            *(f"{key}/change", "/administration/roles", "/administration/two-persons", "/administration/audit"),
            *("/directory/import", f"/directory/officers-{first.id}/leaving"),
        ],
        "secretariat": [
            *("/alerts", f"/alerts/{alerts['exhausted']}", "/administration/health", "/administration/settings"),
            *("/directory/new/parties", "/rosters", account, f"{account}/change", "/account/again"),
        ],
        "auditor": ["/board", "/rosters", f"/alerts/{alerts['exhausted']}", "/administration/audit"],
    }
