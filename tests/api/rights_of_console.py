"""What everybody hears at every page of the console: each role, at home and abroad, in a session, by a key, as nobody.

The forms that are sent are those that the pages of whoever may have, with what a person would type into them; so one
and the same sound form comes from everybody, and the database undoes what it does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from contactpoints.rules.access import Actor, Role
from contactpoints.web import application
from tests.api.callers import NOBODY, Caller, by_account
from tests.api.rights import MAY, Heard, Walk, cell
from tests.api.test_calendars import NIGHT, ics
from tests.asgi import Answer, asks
from tests.far_ends import PUBLIC
from tests.robot import Forms
from tests.world import PIN, World

Place = tuple[str, str]
Form = Mapping[str, str]
_ROOMS = {
    "account",
    "proposals",
    "rosters",
    "trigger",
    "alerts",
    "board",
    "directory",
    "numbers",
    "administration",
}
_APART = {"account", "proposals", "trigger", "alerts", "administration"}
_ROLES = ("requester", "contact_point", "administrator", "secretariat", "auditor")
_SIGNS_IN, _LED_BACK, _FAULTS = "signs in", "led back", "422"


# Of what somebody sent is kept what may be shown, until they have signed in.
_HELD = 'href="/signin" target="_blank"'


def of_console(path: str) -> bool:
    """Say whether a door belongs to the pages of whoever has signed in."""
    return path.split("/")[1] in _ROOMS


def console_doors(world: World) -> Iterator[Place]:
    """Yield method and path of every door of the console: pages first, for the forms that stand on them."""
    found = [
        (method, str(getattr(route, "path", "/")))
        for route in application(world.runtime).routes
        for method in getattr(route, "methods", None) or ()
    ]
    yield from sorted({each for each in found if each[0] != "HEAD" and of_console(each[1])})


@dataclass
class Console:
    """A night of which every page has something to show, and who asks for the pages."""

    walk: Walk
    places: Mapping[str, str]
    typed: Mapping[str, Mapping[str, str]]
    forms: dict[str, Form] = field(default_factory=dict)
    heard: dict[Place, Heard] = field(default_factory=dict)

    async def asked_by_everybody(self) -> None:
        """Ask at every door as everybody in a session, as nobody, and by one key after the other."""
        walk = self.walk
        async with walk.undone():
            for method, path in console_doors(walk.world):
                walk.world.clock.at += timedelta(seconds=1)
                there, typed = self._there(path), self.typed.get(path, {})
                told: Heard = {}
                for caller in self._asking(path):
                    # Whoever is led back as nobody was asked for no name: others are not told apart there either.
                    if _LED_BACK not in told.values() or caller.role == "secretariat":
                        told[caller] = await self._asks(method, there, caller=caller, typed=typed)
                self.heard[method, path] = told

    def _asking(self, path: str) -> list[Caller]:
        """Return who asks, nobody first: of a Party's authorities and contact points some where none are told apart."""
        keys = [each for each in self.walk.everybody if each.by == "key" and each.role != "nobody"]
        accounts = [each for each in self.walk.everybody if each.by == "account"]
        if path.split("/")[1] not in _APART:
            accounts = [each for each in accounts if each.unit != "second"]
        return [NOBODY, keys[len(self.heard) % len(keys)], *accounts]

    def _there(self, path: str) -> str:
        name = path.partition("{")[2].partition("}")[0]
        if name and path not in self.places:
            self.walk.unsound.append(f"{path} has no place in tests/api/rights_of_console.py")
        return path.replace(f"{{{name}}}", self.places.get(path, "1"))

    async def _asks(self, method: str, path: str, *, caller: Caller, typed: Form) -> str:
        own = path.replace("/sessions/1/", f"/sessions/{caller.other_session}/")
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC}
        if caller.by == "account":
            headers["Cookie"] = f"__Host-session={caller.secret}"
        elif caller.role != "nobody":
            headers["Authorization"] = f"Bearer {caller.secret}"
        content = b""
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            code = {"code": caller.code(self.walk.world.clock.at)} if path == "/account/again" and caller.totp else {}
            content = urlencode({**self.forms.get(path, {}), **typed, **code}).encode()
        # A stream has no end; its head says how it would begin.
        asked = "HEAD" if path.endswith("/stream") else method
        answer = await asks(self.walk.app, asked, own, headers=headers, body=content)
        if method == "GET" and answer.status == 200 and "<form" in answer.text:
            for _, action, fields in Forms(answer.text).found:
                self.forms.setdefault(action, fields)
        return self._judged(answer, what=f"{method} {own}")

    def _judged(self, answer: Answer, *, what: str) -> str:
        """Return what an answer means. What broke was undone: so far comes only whoever may."""
        led = answer.leads
        if led.startswith(("/signin", "/account/again")):
            return _SIGNS_IN
        if answer.status == 403 and _HELD in answer.text:
            return _SIGNS_IN
        if answer.status == 500:
            self.walk.broken += 1
            return MAY
        if answer.status < 400:
            return _LED_BACK if led and what.startswith("GET ") else MAY
        if answer.status not in (403, 404, 409, 422):
            self.walk.unsound.append(f"{what}: {answer.status}")
        return str(answer.status)


def console_table(heard: Mapping[Place, Heard]) -> str:
    """Return the table of the pages; doors at which all hear the same are one line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for (method, path), told in heard.items():
        inside = {said for each, said in told.items() if each.by == "account"}
        # What is wrong with a form is told to whoever may: the same form hears of no right from everybody else.
        assert _FAULTS not in inside or inside & {"403", "404"} or path.startswith("/account/"), path
        back = _LED_BACK in told.values()
        columns = (_LED_BACK,) * len(_ROLES) if back else tuple(_cell(told, role, path=path) for role in _ROLES)
        outside = {said for each, said in told.items() if each.by == "key"}
        assert not back or {*told.values()} == {_LED_BACK}, path
        alike.setdefault((*columns, " or ".join(sorted(outside))), []).append(f"`{method} {path}`")
    titles = ("", *(role.replace("_", " ") for role in _ROLES), "nobody, or by a key")
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    lines += [f"| {'<br>'.join(places)} | {' | '.join(told)} |" for told, places in alike.items()]
    return "\n".join(lines)


def _cell(heard: Heard, role: str, *, path: str) -> str:
    home = "US" if role == "requester" and path.startswith(("/alerts/", "/trigger/")) else "FR"
    return cell({each: said for each, said in heard.items() if each.role == role and each.by == "account"}, home=home)


async def console(walk: Walk) -> Console:
    """Return everything that stands on pages, for `Console.asked_by_everybody`: each kind of thing, of France."""
    world, france = walk.world, walk.world.network["FR"]
    first, post = france.officers[0], france.posts["first"]
    proposes = await by_account(
        world, Actor(0, Role.REQUESTER, "FR", "first desk of FR", None), unit="first", password_hash="none"
    )
    session = {each.who: each for each in walk.everybody if each.by == "account"}
    async with world.runtime.db.session() as db:
        await db.execute("update channels set verified_at = created_at where kind = 'email'")
        await db.execute("update parties set two_persons = true where code = 'FR'")
        sms = await db.fetchval("select id from channels where address = $1", first.sms)
        ringing = await db.fetchval("select reference from alerts order by id limit 1")
    proposal = (await world.opens_alert(key=proposes.secret, requested_party="JP")).json()
    taken, misled = [(await world.opens_alert(key=walk.asker)).json()["reference"] for _ in range(2)]
    await world.settles()
    span = {"starts_at": "2026-10-16T00:00:00Z", "ends_at": "2026-10-16T06:00:00Z"}
    withdrawn = await world.post(f"/v1/alerts/{misled}/withdrawal", {"reason": "wrong_party"}, key=walk.asker)
    swap = await world.post("/v1/swaps", {"post_id": post, "officer_id": first.id, **span}, key=walk.keeper)
    change = await world.post("/v1/address-changes", {"channel_id": sms, "address": "+12025550199"}, key=walk.keeper)
    calendar = await world.post("/v1/calendars", {"post_id": post, "name": "Duty", "layer": 5}, key=walk.keeper)
    for made in (withdrawn, swap, change, calendar):
        assert made.status_code < 300, made.text
    alerts = dict.fromkeys(("closure", "handover"), taken) | dict.fromkeys(("resending", "retention"), misled)
    requester = session["requester", "FR", "first"]
    key = next(each for each in walk.everybody if each.by == "key" and each.who == requester.who)
    of = {
        "account": "1",
        "proposals": str(proposal.get("id")),
        "rosters": str(post),
        "trigger": "1",
        "directory": f"channels-{sms}",
        "numbers": "steps",
    }
    places = {}
    for _, path in console_doors(world):
        match path.split("/")[1:]:
            case ["alerts", "{reference}", *act]:
                places[path] = alerts.get("".join(act), ringing)
            case ["directory", "approvals", *_]:
                places[path] = str(change.json().get("id"))
            case ["directory", "new", _]:
                places[path] = f"officers-{france.contact_point}"
            case ["directory", "{entry}", "leaving"]:
                places[path] = f"officers-{first.id}"
            case ["administration", "accounts", *_]:
                places[path] = str(requester.number)
            case ["administration", "keys", *_]:
                places[path] = str(key.number)
            case [room, *_] if room in of:
                places[path] = of[room]
    return Console(walk, places, _typed(first.id, france.officers[1].id))


def _typed(first: int, second: int) -> Mapping[str, Form]:
    """Return what a person types into the form of a door, beside what its page has put there: path -> fields."""
    place = {"requested_party": "FR", "kind": "preservation", "urgency": "emergency", "status": "actual"}
    span = {"starts_at": "2026-10-20T09:00", "ends_at": "2026-10-20T12:00"}
    turns = {"period": "weekly", "starts_on": "2026-11-02", "handover": "08:00", "layer": "9", "zone": "Europe/Paris"}
    moved = {"requested_party": "JP", "consent_to_transfer": "yes", "issued_under_instrument": "yes"}
    anybody = {"name": "Ada Example", "email": "new@fr.example.org", "authority": "Desk", "language": "en"}
    return {
        "/account/languages": {"officer_language": "es", "languages": "es"},
        "/account/pin": {"pin": "739164", "again": "739164"},
        "/proposals/{number}/refusal": {"reason": "other"},
        "/rosters/{number}/change": {"action": "add", "officer_id": str(second), "zone": "Europe/Paris", **span},
        "/rosters/{number}/rotation": {**turns, "members/0": str(first), "act": "look"},
        "/rosters/{number}/offer": {"offer/officer_id": str(first), **{f"offer/{k}": v for k, v in span.items()}},
        "/rosters/{number}/swap": {"officer_id": str(second), "act": "now"},
        "/rosters/{number}/calendars": {"name": "Other", "layer": "7"},
        "/rosters/{number}/calendars/subscription": {"address": "https://calendar.example/x.ics"},
        "/rosters/{number}/calendars/import": {"file": ics(NIGHT).decode(), "act": "look"},
        "/trigger/drafts": {**place, "instrument": "ets185"},
        "/alerts/{reference}/acknowledgement": {"officer": str(first), "reply_code": "AAAAAAA", "pin": PIN},
        "/alerts/{reference}/withdrawal": {"why_withdrawn": "other"},
        "/alerts/{reference}/closure": {"why_closed": "handled"},
        "/alerts/{reference}/resending": moved,
        "/alerts/{reference}/call-back": {"outcome": "confirmed"},
        "/alerts/{reference}/note": {"words": "We go on in the morning."},
        "/alerts/{reference}/handover": {"successor": str(second)},
        "/alerts/{reference}/retention": {"decision": "hold", "keeping": "complaint"},
        "/directory/new/{place}": {"name": "Zoe Example", "function": "Officer", "language": "en"},
        "/directory/approvals/{number}/refusal": {"reason": "no"},
        "/administration/accounts": {**anybody, "role": "administrator", "party": "FR"},
        "/administration/keys": {"authority": "Unit", "language": "en"},
    }
