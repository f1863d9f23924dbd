"""The pages on which an alert is triggered: told before, written as a sealed draft, looked at once more, sent once."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest

from contactpoints.actions.drafts import MOST
from contactpoints.actions.forgetting import forget
from contactpoints.console.rendering import macro
from contactpoints.rules.rooms import LONGEST_KEPT
from contactpoints.rules.throttle import EMERGENCY, Limit
from tests.api.people import Person, person
from tests.console.browsers import Filled, instants
from tests.desks import DESK, Desk, open_desk
from tests.world import World

PLACE = {"place": "FR", "kind": "preservation", "urgency": "emergency", "status": "actual"}


class Fields(HTMLParser):
    """What a browser would send of the form with an id, and with which address."""

    def __init__(self, words: str, form: str) -> None:
        super().__init__()
        self.form, self.inside, self.action = form, False, ""
        self.sent: dict[str, str] = {}
        self._area = self._choice = ""
        self.feed(words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name = told.get("name", "")
        if tag == "form":
            self.inside = told.get("id") == self.form
            self.action = told["action"] if self.inside else self.action
        elif not self.inside:
            return
        elif tag == "input" and (told["type"] not in ("radio", "checkbox") or "checked" in told):
            self.sent[name] = told.get("value", "")
        elif tag == "textarea":
            self._area, self.sent[name] = name, ""
        elif tag == "select":
            self._choice = name
        elif tag == "option" and ("selected" in told or self._choice not in self.sent):
            self.sent[self._choice] = told["value"]

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area] += data.removeprefix("\n")


class Asker:
    """A requester at a browser without scripts."""

    def __init__(self, world: World, who: Person) -> None:
        self.world, self.who = world, who

    async def opens(self, path: str, language: str = "en", **query: str) -> httpx.Response:
        return await self._asks("GET", path, language, params=query or None)

    async def sends(self, path: str, language: str = "en", /, **fields: str) -> httpx.Response:
        return await self._asks("POST", path, language, data=fields)

    async def _asks(self, method: str, path: str, language: str = "en", **more: object) -> httpx.Response:
        headers = {"Cookie": f"__Host-session={self.who.token}; zone=Europe/Berlin", "Sec-Fetch-Site": "same-origin"}
        headers["Accept-Language"] = language
        return await self.world.client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]

    async def begins(self, **place: str) -> str:
        """Choose, and begin a draft; return its address."""
        shown = await self.opens("/trigger/preview", **PLACE | place)
        assert shown.status_code == 200, shown.text
        form = Fields(shown.text, "begin")
        begun = await self.sends(form.action, **form.sent)
        assert begun.status_code == 303, begun.text
        return begun.headers["Location"]

    async def writes(self, path: str, do: str = "look", **fields: str) -> httpx.Response:
        """Fill in the form as it is shown, and send it with a button."""
        form = Fields((await self.opens(path)).text, "request")
        return await self.sends(form.action, **form.sent | {"do": do} | fields)


_SECOND = ("asks for two persons: nobody is called before", "It waits 30 minutes for that", "at once when released")
WRITTEN = {
    "case_reference": "BE-2026/7",
    "request/sender_person/function": "Desk",
    "request/callback_person/name": "Bo Second",
    "request/callback_person/function": "Head",
    "request/callback_person/phone": "+13125550123",
    "request/offences/0/provision": "18 U.S.C. 1030",
    "request/facts_summary": "Somebody broke in <b>here</b>.",
    "request/data_description": "Logs of the night",
    "request/relation_to_offence": "They show who did it",
    "request/identifiers/0": "203.0.113.7",
    "request/time_range/begins_at": "2026-10-13T20:00",
    "request/time_range/ends_at": "2026-10-14T01:30",
    "request/custodian": "Nuage SA",
    "request/necessity": "They are deleted after a week",
    "request/mla_intent": "yes",
}


_BOTH = re.compile(r"\d\d:\d\d Berlin, Paris · 2026-10-13 \d\d:\d\d New York · 2026-10-14 \d\d:\d\d UTC")
"""An instant of the first night by the clocks of the reader in Berlin, of both sides, and UTC."""


async def count(world: World, what: str) -> int:
    async with world.runtime.db.session() as session:
        return int(await session.fetchval(f"select count(*) from {what}"))


def says(answer: httpx.Response, *words: str, status: int = 200) -> None:
    assert answer.status_code == status, answer.text
    told = unescape(answer.text)
    assert [each for each in words if each not in told] == []


async def _asks_too_much(world: World, asker: Asker, send: Fields) -> None:
    """Send a form while too much was asked for: the page that keeps it says when to try again, and later it counts."""
    spent = Limit(1, EMERGENCY.every * (EMERGENCY.burst - 1) + timedelta(seconds=42))
    world.runtime.pace.take("emergencies", asker.who.account, limit=spent, now=world.clock.at)
    await world.runtime.pace.settle(world.runtime.db, now=world.clock.at)
    for language, said in (("fr", "Réessayez dans 42 s."), ("es", "dentro de 42 s."), ("en", "Try again in 42 s.")):
        async with world.runtime.db.session() as session:
            await session.execute("update accounts set language = $1", language)
        slowed = await asker.sends(send.action, **send.sent)
        says(slowed, said, status=429)
        assert (slowed.headers["Retry-After"], Filled(slowed.text).form(send.action)) == ("42", send.sent)
    world.clock.at += timedelta(seconds=43)


def _goes_on(shown: str) -> None:
    finding, choose = (Fields(shown, each) for each in ("finding", "choose"))
    kept = {"find": "sydney", "requested_party": "FR", "kind": "preservation", "status": "exercise"}
    assert (finding.action, finding.sent) == ("/trigger", kept)
    assert choose.action == "/trigger/preview"
    assert ("form=" in shown, "formaction" in shown) == (False, False), "Enter at a choice goes on"


async def test_an_alert_is_told_before_kept_while_it_is_written_looked_at_and_sent_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada = Asker(world, await person(world, "ada@us.example.org", name="Ada", **DESK))
    says(await ada.opens("/trigger"), "Invented Duty Desk of Australia", "Sydney")
    says(await ada.opens("/trigger", find="alban"), "no contact point here yet")
    chosen = await ada.opens("/trigger", find="sydney", place="FR", kind="preservation", status="exercise")
    for value in ("FR", "preservation", "exercise"):
        assert f'value="{value}" checked' in chosen.text, "what was chosen stays while a Party is looked for"
    _goes_on(chosen.text)
    assert 'value="AU"' not in (await ada.opens("/trigger", find="france", place="FR")).text
    told = await ada.opens("/trigger/preview", **PLACE)
    says(told, "at once", "the first line", "after 5 min", "night there", "SMS, e-mail")
    says(told, "carries it", "Art. 29, 35.1.b")
    assert [each for each in instants(told.text) if not _BOTH.fullmatch(each)] == [], "each step, and how long it waits"
    begin = Fields(told.text, "begin")
    path = (await ada.sends(begin.action, **begin.sent)).headers["Location"]
    assert (await ada.sends(begin.action, **begin.sent)).headers["Location"] == path, (
        "a page sent twice begins one draft"
    )
    for at in (path, "/trigger"):
        folded = (await ada.opens(at)).text.partition(f'action="{path}/removal"')[0].rpartition("<details")[2]
        assert "Throw away</summary>" in folded, "a draft is thrown away after a second look"
    begun = Fields((await ada.opens(path)).text, "request").sent
    assert (begun["request/sender_person/name"], begun["request/requesting_authority"]) == ("Ada", "Invented Desk")
    assert begun["request/issued_at"] == "2026-10-14T02:00", "by the clocks of Berlin"

    half = {name: value for name, value in WRITTEN.items() if "callback" not in name and "custodian" not in name}
    assert (await ada.writes(path, **half)).headers["Location"] == f"{path}/look"
    faulty = await ada.opens(f"{path}/look")
    says(faulty, "Whom to call back to confirm, Name: This is needed.", "ETS 185 Art. 29.2 d", status=422)
    assert re.findall(r'id="f-([a-z_-]+)-fault"', faulty.text) == [
        *("request-custodian", "request-system_location"),
        *(f"request-callback_person-{each}" for each in ("name", "function", "email")),
    ]
    assert Fields(faulty.text, "request").sent["request/facts_summary"] == WRITTEN["request/facts_summary"]
    assert 'href="/alerts/' not in faulty.text
    assert (await ada.sends(f"{path}/send", version="2")).status_code == 422, "what is not whole is not sent"
    assert await count(world, "alerts") == 0

    await ada.writes(path, **WRITTEN)
    shown = await ada.opens(f"{path}/look")
    says(shown, "Somebody broke in <b>here</b>.", "Nothing has been sent yet")
    assert "Somebody broke in <b>" not in shown.text
    send = Fields(shown.text, "send")
    await _asks_too_much(world, ada, send)
    both = await asyncio.gather(*(ada.sends(send.action, **send.sent) for _ in range(2)))
    later = [await ada.sends(send.action, **send.sent), await ada.opens(path), await ada.opens(f"{path}/look")]
    assert {each.status_code for each in (*both, *later)} == {303}
    (there,) = {each.headers["Location"] for each in (*both, *later)}
    assert re.fullmatch(r"/alerts/[0-9A-Z]{4}-[0-9A-Z]{4}", there)
    kept = (await world.get(f"/v1{there}/request", key=ada.who.token)).json()["particulars"]
    assert (kept["time_range"]["begins_at"], kept["identifiers"]) == ("2026-10-13T18:00:00Z", ["203.0.113.7"])
    late = await ada.sends(path, **begun | WRITTEN | {"request/necessity": "typed too late"})
    says(late, "This was sent already", 'value="typed too late"', there, status=409)
    assert [
        await count(world, each) for each in ("alerts", "drafts", "data_keys where owner = 'draft' and wrapped is null")
    ] == [1, 0, 1]
    assert "broke in" not in caplog.text
    await _asks_the_same_again(world, ada, there)


async def _asks_the_same_again(world: World, ada: Asker, there: str) -> None:
    """Ask what was asked already: it is said, and sent only where somebody says that it is another request."""
    path = await ada.begins()
    await ada.writes(path, **WRITTEN)
    send = Fields((await ada.opens(f"{path}/look")).text, "send")
    double = await ada.sends(send.action, **send.sent)
    says(double, "tick below", "the same case reference", status=422)
    assert _BOTH.fullmatch(instants(double.text.partition('id="duplicates"')[2])[0])
    assert "2026-10-13 20:00 Berlin, Paris · 14:00 New York · 18:00 UTC" in instants(double.text), "as it was typed"
    await ada.writes(path, do="keep", **{"request/custodian": "Nube SL"})
    says(await ada.sends(send.action, **send.sent, another="yes"), "was changed since you looked", status=422)
    assert await count(world, "alerts") == 1
    send = Fields((await ada.opens(f"{path}/look")).text, "send")
    last = await ada.sends(send.action, **send.sent, another="yes")
    assert last.status_code == 303, last.text
    assert last.headers["Location"] != there


async def test_a_draft_is_its_writers_alone_and_nothing_typed_is_lost_between_two_pages(world: World) -> None:
    ada = Asker(world, await person(world, "ada@us.example.org", name="Ada", **DESK))
    bob = Asker(world, await person(world, "bob@us.example.org", name="Bob", **DESK))
    other = Asker(world, await person(world, "max@fr.example.org"))
    path = await ada.begins()
    assert [(await other.opens(each)).status_code for each in (path, f"{path}/look", "/trigger")] == [404] * 3
    assert [(await bob.opens(path)).status_code, (await bob.sends(path, do="keep")).status_code] == [404, 404]
    assert (await bob.sends(f"{path}/send", version="1")).status_code == 404
    await bob.sends(f"{path}/removal")
    first = Fields((await ada.opens(path)).text, "request")
    quiet = first.sent | {"do": "quietly", "request/necessity": "Gone <soon>"}
    kept = [await ada.sends(path, **quiet) for _ in range(2)]
    assert [each.headers["Draft-Version"] for each in kept] == ["2", "2"], "sent twice it is kept once"
    assert "UTC" in kept[0].text
    # What the script of the page hears, and tells in words of its own.
    far_more = await ada.sends(path, **quiet | {"request/necessity": "x" * LONGEST_KEPT})
    assert (far_more.status_code, (await ada.sends(path, **quiet)).headers["Draft-Version"]) == (413, "2")
    sent = far_more.request.headers["Content-Length"]
    says(far_more, f"At most {LONGEST_KEPT} bytes are taken here; {sent} were sent.", status=413)
    for typed, status in ((quiet, 409), ({"do": "quietly"}, 404)):
        assert (await ada.sends("/trigger/drafts/999999", **typed)).status_code == status
    clash = first.sent | {"request/necessity": "Mine", "case_reference": "B-7"}
    assert (await ada.sends(path, **clash | {"do": "quietly"})).status_code == 409
    compared = await ada.sends(path, **clash | {"do": "look"})
    says(compared, "changed on another page", "Why preservation is needed", "Gone <soon>", status=409)
    again = Fields(compared.text, "request").sent
    assert (again["request/necessity"], again["version"]) == ("Mine", "2")
    assert (
        (await ada.sends(path, **again | {"do": "more:request/identifiers", "request/identifiers/0": "a"}))
        .headers["Location"]
        .endswith("more=request/identifiers#f-request-identifiers-1")
    )
    assert 'name="request/identifiers/1"' in (await ada.opens(f"{path}?more=request/identifiers")).text
    says(await ada.opens("/trigger"), "B-7", "Throw away")

    draft = path.rpartition("/")[2]
    asked: list[tuple[dict[str, str], str]] = [({}, "FR"), ({"place": "JP", "kind": "assistance"}, "JP")]
    for meanwhile, party in asked:
        found = (await ada.opens("/trigger", draft=draft, find="japan", **meanwhile)).text
        for each in (party, meanwhile.get("kind", "preservation")):
            assert f'value="{each}" checked' in found, "what was chosen since stays"
    chosen = Fields((await ada.opens("/trigger/preview", **PLACE | {"kind": "assistance"}, draft=draft)).text, "begin")
    assert (await ada.sends(chosen.action, **chosen.sent)).headers["Location"] == path
    says(await ada.opens(path), "The question", "ETS 185 Art. 35.1")
    async with world.runtime.db.session() as session:
        sealed = await session.fetchval("select sealed from drafts")
    assert b"Mine" not in sealed
    ada.who.token = "cs_" + "x" * 43
    says(await ada.sends(path, **again), "Your session has ended", 'value="Mine"', status=403)
    world.clock.at += timedelta(days=8)
    while await forget(world.runtime.db, now=world.clock.at):
        pass
    assert (
        await count(world, "drafts")
        == await count(world, "data_keys where owner = 'draft' and wrapped is not null")
        == 0
    )


async def test_what_cannot_be_asked_is_said_before_and_drafts_are_few(world: World) -> None:
    ada = Asker(world, await person(world, "ada@us.example.org", name="Ada", language="fr", **DESK))
    says(await ada.opens("/trigger/preview", **PLACE | {"place": "AL"}), "encore de point de contact", status=422)
    says(await ada.opens("/trigger/preview", place="FR"), "Ce champ", status=422)
    nonsense = await ada.opens("/trigger/preview", **PLACE | {"kind": "nonsense"})
    assert re.findall(r'href="#(f-[^"]*)"', nonsense.text) == ["f-kind"], "each fault leads to a field that there is"
    says(await ada.opens("/trigger/preview", **PLACE | {"place": "US"}), "votre propre Partie", status=422)
    far = await ada.opens("/trigger/preview", **PLACE | {"kind": "emergency_disclosure", "place": "JP"})
    says(far, "ne la fonde pas", "Deuxième Protocole additionnel", "Ce qui pourrait être demandé", "Sur quoi elle peut")
    path = await ada.begins()
    await ada.writes(path, **WRITTEN | {"request/time_range/ends_at": "2026-10-25T02:30", "case_reference": "a\0b"})
    asked = await ada.opens(f"{path}/look")
    says(asked, "vient deux fois", "Période", "Un signe", "deux est nécessaire)", status=422)
    form = Fields(asked.text, "request")
    meant = {"request/time_range/ends_at_which": "second", "case_reference": "BE-2026/7", "do": "look"}
    asked_for = [form.sent[f"request/time_range/{name}"] for name in ("ends_at", "ends_at_which")]
    assert asked_for == ["2026-10-25T02:30", ""], "it is asked, and not answered by the page"
    await ada.sends(form.action, **form.sent | meant)
    told = (await ada.opens(f"{path}/look")).text
    assert "2026-10-25T01:30:00+00:00" in told
    assert "2026-10-13T18:00:00+00:00" in told, "no other time was moved"
    assert Fields((await ada.opens(path)).text, "request").sent["request/time_range/ends_at_which"] == "second"
    for _ in range(MOST - 1):
        await ada.begins()
    form = Fields((await ada.opens("/trigger/preview", **PLACE)).text, "begin")
    says(await ada.sends(form.action, **form.sent), "jetez-en un", status=409)
    assert await count(world, "drafts") == MOST
    async with world.runtime.db.session() as session:
        await session.execute("update drafts set sealed = 'x' where id = $1", int(path.rpartition("/")[2]))
    listed = await ada.opens("/trigger")
    says(listed, "Ce brouillon ne peut pas être ouvert ici pour le moment.", f'action="{path}/removal"', 'id="choose"')
    assert f'href="{path}"' not in listed.text
    away = await ada.opens(path)
    says(away, "été modifié. Réessayez dans un instant.", "téléphonez au secrétariat", status=503)
    assert "SMS" not in away.text, "a requester has none"
    assert listed.text.count("Continuer</a>") == MOST - 1, "the others go on"
    says(await ada.sends(form.action, **form.sent), "jetez-en un", status=409)
    assert (await ada.sends(f"{path}/removal")).status_code == 303
    assert (await ada.sends(form.action, **form.sent)).status_code == 303, "one that stays closed bars nobody"


async def test_where_two_persons_are_asked_for_it_waits_and_is_listed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk: Desk = await open_desk(world)
    await desk.switches(True)
    ada, bob = Asker(world, desk.ada), Asker(world, desk.bob)
    path = await ada.begins()
    says(await ada.opens("/trigger/preview", **PLACE), *_SECOND)
    await ada.writes(path, **WRITTEN)
    seen = await ada.opens(f"{path}/look")
    says(seen, *_SECOND, "Propose it to the second person")
    assert not re.search("Send it now|>at once<", seen.text), "nobody is called before it is released"
    send = Fields(seen.text, "send")
    sent = [(await ada.sends(send.action, **send.sent)).headers["Location"] for _ in range(2)]
    assert sent == [sent[0]] * 2
    assert re.fullmatch(r"/proposals/\d+", sent[0])
    says(await bob.opens("/trigger"), "wait for a second person: 1")
    listed, one = await bob.opens("/proposals"), await bob.opens(sent[0])
    says(listed, "Ada, Invented Desk", f'href="{sent[0]}"', "waits", 'data-live="/board/stream"', 'data-over="over"')
    for further in ({"state": "all"}, {"cursor": "99"}):
        assert "data-live" not in (await bob.opens("/proposals", **further)).text, "asked for when somebody wants it"
    assert [_BOTH.sub("", each) for each in instants(listed.text)] == ["", ""], "proposed, and until when it waits"
    assert instants(one.text) == instants(listed.text)[::-1]
    assert "told by mail" not in one.text
    assert 'data-live="/board/stream"' in one.text, "who waits sees when it is released"
    with monkeypatch.context() as without:
        without.delitem(world.runtime.tools.gateways, "email")
        says(await ada.opens(sent[0]), "Nobody was told by mail", "tell the second person yourself")
    read = await bob.sends(f"{sent[0]}/request")
    says(read, "What is asked")
    assert "data-live" not in read.text, "what is read stays on the page"
    says(await Asker(world, desk.administrator).opens("/proposals"), "Nothing waits.")
    assert (await bob.sends(f"{sent[0]}/release")).status_code == 303
    says(await bob.opens("/proposals", state="all"), "released", "/alerts/")
    assert (await ada.sends(send.action, **send.sent)).headers["Location"] == sent[0]
    assert await desk.alerts() == 1


def test_steps_that_are_seconds_apart_are_told_apart_and_languages_by_their_names() -> None:
    start = datetime(2026, 10, 14, 9, tzinfo=UTC)
    at = [(start + timedelta(seconds=each)).isoformat() for each in (0, 3, 30, 45)]
    call: dict[str, object] = {
        "line": "first",
        "officer_function": "Officer",
        "contact_point": "Desk",
        "channels": ["sms"],
    }
    call |= {"language": "fr", "languages": ["fr", "en"], "zone": "Europe/Paris", "night": False, "holiday": None}
    steps = [{"at": each, "only_if_undelivered": False, "calls": [call]} for each in at[:2]]
    told = {"at": at[0], "steps": steps, "skipped": [], "answer_by": at[2], "exhausted_at": at[2], "restarts_at": at[3]}
    clocks = ["Europe/Paris", "UTC"]
    shown = macro("foreseen.html", "called", language="en", zone="Europe/Paris", clocks=clocks, now=start)(told)
    said = ("at once", "after 3 s", "after 30 s:", "after 45 s:", f"{start + timedelta(seconds=3):%M:%S}", "French")
    assert [each for each in said if each not in shown] == []
    assert "speaks French, English" in shown
