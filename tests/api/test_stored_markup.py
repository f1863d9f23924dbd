"""Whoever puts markup, formulas or headers into every field that takes words gets words: on no way out do they act.

The entries of a contact point, of its Party, and a whole request say it wherever they can. Then everything that shows
them is read as its reader would: pages, mails at a real mail server, calendars, cards, tables, pictures.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import httpx
from icalendar import Calendar
from pydantic import ValidationError

from contactpoints.api.directory import SHELVES
from schemas.alerts import OPEN_SHAPES
from schemas.examples import example
from schemas.fields import Shape
from schemas.spreadsheet import is_formula
from tests.api.conftest import KeyOf
from tests.api.people import person
from tests.console.test_account_pages import Browser
from tests.console.test_answer_page import look, page_of, types
from tests.far_ends import Gateways
from tests.world import PIN, World

MARK = "zqmarkup"
# Longest first: a field takes the first that fits. HTML, an attribute, a template, a formula, an encoded header.
EVIL = (
    f"=1+{{{{797*797}}}}\"'><script>{MARK}()</script><img src=x onerror={MARK}()>&lt;u&gt;%0d%0aBcc: "
    f"{MARK}@evil.example =?utf-8?q?=0D=0ABcc:_x@evil.example?= \\nATTENDEE:mailto:x@evil.example;,\u200b",
    f"=<script>{MARK}()</script>",
    f"@<b onx={MARK}>",
)
_SEVERAL_LINES = f"{EVIL[0]}\r\nBcc: {MARK}@evil.example\r\nATTENDEE:mailto:{MARK}@evil.example\r\nEND:VEVENT"
_LEFT_ALONE = {"key", "zone", "party", "territory", "email", "fingerprint"}


def _takes(shape: type[Shape], body: dict[str, Any]) -> bool:
    try:
        shape.model_validate_json(json.dumps(body))
    except ValidationError:
        return False
    return True


def _spoilt(shape: type[Shape], body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a body with the worst that each of its fields takes, and how many took something."""
    spoilt, count = dict(body), 0
    for name in shape.model_fields.keys() - _LEFT_ALONE:
        old = spoilt.get(name)
        for evil in (_SEVERAL_LINES, *EVIL):
            tried = {} if not isinstance(old, dict) else dict.fromkeys(old, evil)
            for worse in (evil, [evil], tried):
                if worse and _takes(shape, spoilt | {name: worse}) and spoilt.get(name) == old:
                    spoilt[name], count = worse, count + 1
    return spoilt, count


class _Html(HTMLParser):
    """Reads HTML as a browser does; keeps elements, and attributes that would run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.acting: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.acting += [name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]
        self.acting += [f"{name}={value}" for name, value in attrs if MARK in f"{name}{value}" and name != "value"]

    def handle_data(self, data: str) -> None:
        self.words += data


def _is_harmless_page(text: str) -> None:
    page = _Html(text)
    assert page.elements & {"script", "img", "iframe", "object", "svg", "u", "base"} == set()
    assert page.acting == []
    # Longer than what codes, references and tokens of links have by chance.
    assert str(797 * 797) not in page.words, "no template is filled in twice"


def _is_harmless_desk(answer: httpx.Response) -> None:
    """The console has pictures, scripts from files, and words of others in its attributes; none of them may act."""
    assert answer.status_code == 200, answer.request.url
    page = _Html(answer.text)
    assert page.elements & {"img", "iframe", "object", "u", "base"} == set(), answer.request.url
    assert [each for each in page.acting if each.startswith("on") or "javascript:" in each] == []
    assert MARK in answer.text, answer.request.url
    assert not any(re.findall(r"<script[^>]*>([^<]+)", answer.text)), "scripts are files"
    assert str(797 * 797) not in page.words


def _is_harmless_mail(mail: EmailMessage, *, to: str) -> None:
    assert mail.get_all("To") == [to]
    assert not {"bcc", "cc", "attendee"} & {name.lower() for name in mail}
    for name, value in mail.items():
        assert not re.search(r"[\r\n]", str(value)), name
    html = mail.get_body(("html",))
    assert html is not None
    _is_harmless_page(html.get_content())


def _plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _is_harmless_picture(text: str) -> None:
    for element in ElementTree.fromstring(text).iter():
        assert element.tag.rpartition("}")[2] not in {
            "script",
            "foreignObject",
            "a",
            "image",
            "animate",
            "set",
            "iframe",
        }
        assert [name for name in element.attrib if name.startswith("on") or name.endswith("href")] == []


def _is_harmless_table(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if is_formula(cell)] == []


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a calendar or a card, unfolded; lines end in CRLF alone, but a reader may know others."""
    yield from re.split(r"[\r\n\u2028\u2029\x85]+", re.sub(r"\r\n[ \t]", "", text))


def _is_harmless_file(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    begins = {line.partition(":")[0].partition(";")[0] for line in _lines(answer.text)}
    assert not {"ATTENDEE", "Bcc", "ORGANIZER", "ATTACH"} & begins
    assert answer.headers["Content-Type"].startswith("text/")


async def _spoil_directory(world: World, key: str) -> int:
    """Change every entry of France so that it says the worst wherever it can; return how many fields took it."""
    headers, total = {"Authorization": f"Bearer {key}"}, 0
    for shelf in SHELVES:
        items = (await world.get(f"{shelf.path}?limit=200", key=key)).json()["items"]
        for item in [each for each in items if _is_french(each, world)][:3]:
            there = f"{shelf.path}/{item.get('id', item.get('code'))}"
            told = await world.client.get(there, headers=headers)
            body = {name: value for name, value in told.json().items() if name in shelf.shape.model_fields}
            spoilt, count = _spoilt(shelf.shape, body)
            change = headers | {"If-Match": told.headers["ETag"]}
            answer = await world.client.put(there, json=spoilt, headers=change)
            assert answer.status_code in (200, 202, 409, 422), answer.text
            total += count if answer.status_code == 200 else 0
    return total


def _is_french(item: dict[str, Any], world: World) -> bool:
    return item.get("code", item.get("party", "FR")) == "FR" and item.get("contact_point_id", 0) in (
        0,
        world.network["FR"].contact_point,
    )


async def _opens(world: World, key: str, *, once: str) -> str:
    """Open an alert by an authority of that name, whose request says it everywhere."""
    body = example("preservation") | {"requested_party": "FR", "case_reference": EVIL[1], "notify": ["desk@us.example"]}
    shape = OPEN_SHAPES["preservation"].model_fields["request"].annotation
    assert isinstance(shape, type)
    request, count = _spoilt(shape, body["request"])
    assert count > 8
    answer = await world.post("/v1/alerts", body | {"request": request}, key=key, once=once)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def test_words_stay_words_on_every_way_out(real_world: World, gateways: Gateways, key_of: KeyOf) -> None:
    world = real_world
    key = await key_of("secretariat")
    assert await _spoil_directory(world, key) > 12
    asks = await key_of("requester", "US", EVIL[0][:200])
    reference = await _opens(world, asks, once="1")
    await world.settles()
    path = await page_of(world, reference)
    for page in (await look(world, path), await types(world, path, "111222"), await types(world, path, PIN)):
        _is_harmless_page(page.text)
    read = await world.client.post(f"{path}/request", data={"pin": PIN})
    assert MARK in read.text, "the request is shown"
    _is_harmless_page(read.text)
    _is_harmless_page(
        (await world.client.get(f"/nowhere/<script>{MARK}()</script>", headers={"Accept": "text/html"})).text
    )
    await _opens(world, asks, once="2")
    await world.passes(minutes=70)
    assert len(gateways.smtp.letters) > 3
    told = "".join(_plain(each.mail) for each in gateways.smtp.letters)
    assert MARK in told, "mails say names of the directory"
    for letter in gateways.smtp.letters:
        _is_harmless_mail(letter.mail, to=letter.to)
    await _files(world, key, auditor=await key_of("auditor"))
    await _console(world, reference)


async def _console(world: World, reference: str) -> None:
    """Open what the console shows of all that, as those who may see the most of it."""
    france = world.network["FR"]
    asked, looks = [
        Browser(world, cookies={"__Host-session": made.token})
        for made in [
            await person(world, f"{role}@fr.example.org", role=role, party=party, authority="A")
            for role, party in (("contact_point", "FR"), ("auditor", None))
        ]
    ]
    _is_harmless_desk(await asked.sends(f"/alerts/{reference}/request"))
    at = f"/rosters/{france.posts['first']}"
    for path in ("/board", f"/alerts/{reference}", at, f"{at}?view=week", "/numbers", "/directory?q=fr"):
        _is_harmless_desk(await looks.opens(path))
    for path in (f"contact-points-{france.contact_point}", "parties-FR", f"officers-{france.officers[0].id}"):
        _is_harmless_desk(await looks.opens(f"/directory/{path}"))


async def _files(world: World, key: str, *, auditor: str) -> None:
    """Read every file, table and picture that shows the directory."""
    france = world.network["FR"]
    card = await world.get(f"/v1/contact-points/{france.contact_point}/vcard", key=key)
    assert MARK in card.text
    _is_harmless_file(card)
    feed = await world.post(f"/v1/posts/{france.posts['first']}/feeds", {}, key=key)
    calendar = await world.client.get(re.sub(r"https?://[^/]+", "", feed.json()["address"]))
    assert MARK in calendar.text
    _is_harmless_file(calendar)
    assert Calendar.from_ical(calendar.text).walk("VEVENT")
    for path in ("/v1/acknowledgements?format=csv", "/v1/audit?format=csv"):
        table = await world.get(path, key=auditor)
        assert table.status_code == 200
        assert table.text.count("\r\n") > 1
        _is_harmless_table(table.text)
    for path in ("/v1/cover?format=svg&party=FR", "/v1/shifts?format=svg&party=FR"):
        picture = await world.get(path, key=key)
        assert picture.status_code == 200, picture.text
        _is_harmless_picture(picture.text)
