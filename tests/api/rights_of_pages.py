"""What is heard at doors that are no operations of the paper, with and without a link: pages, feeds and files."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from contactpoints.actions.mail_links import ask_pin
from contactpoints.actions.proofs import ask_mailbox
from contactpoints.api.operations import OPERATIONS
from contactpoints.rules.codes import mail_code
from contactpoints.web import application
from tests.api.callers import Caller
from tests.api.people import invited
from tests.api.rights import MAY, Walk
from tests.api.rights_of_console import of_console
from tests.asgi import asks
from tests.far_ends import PUBLIC
from tests.world import PIN, World

_NEW_PIN = "739164"
_NONE = "NoSuchLink234567890ABC"
_NO_LINKS = {
    "/static/{name}": "",
    "/rehearsal/{message}": "",
    "/signin/openid/{name}": " (where no such provider is set up)",
    "/signin/openid/{name}/return": " (where no such provider is set up)",
}

Place = tuple[str, str]


def doors(world: World) -> Iterator[Place]:
    """Yield method and path of every door that is no operation of the paper, but those of gateways."""
    known = {(each.method.upper(), each.path) for each in OPERATIONS}
    for route in application(world.runtime).routes:
        for method in sorted(getattr(route, "methods", None) or {"ANY"}):
            place = (method, str(getattr(route, "path", route)))
            head = method == "HEAD" and "GET" in (getattr(route, "methods", None) or ())
            beside = place[1].startswith("/hooks/") or of_console(place[1])
            if place not in known and not head and not beside:
                yield place


async def links(walk: Walk) -> tuple[dict[str, str], dict[Place, Mapping[str, Any]]]:
    """Return what stands in the place of the field of a path, and the forms that whoever has the link fills in."""
    world, first = walk.world, walk.world.network["FR"].officers[0]
    now, tools, post = world.clock.at, world.runtime.tools, world.network["FR"].posts["first"]
    async with world.runtime.db.session() as session:
        await session.execute("update channels set verified_at = created_at where kind = 'email'")
        answers = await session.fetchval("select page_token from reply_codes where officer_id = $1", first.id)
        mailbox = await session.fetchval("select id from channels where kind = 'email' and officer_id = $1", first.id)
        await session.execute(
            "insert into handovers (post_id, officer_id, at, incoming, kind, address, channel_id, code, page_token,"
            " told_at) select $1, $2, '2026-10-20 07:00Z', true, kind, address, id, 'K7QPM3X', 'SomeHandover234567890',"
            " $4 from channels where id = $3",
            *(post, first.id, mailbox, now),
        )
    await ask_pin(world.runtime.db, first.id, actor=None, now=now, tools=tools)
    await ask_mailbox(world.runtime.db, mailbox, actor=None, now=now, tools=tools)
    await world.settles()
    sent = (await world.get("/rehearsal/messages")).json()["items"]
    mailed = [str(each["link"]).removeprefix(PUBLIC).split("/")[1:] for each in sent if each["link"]]
    pin, address = (next(path[1] for path in mailed if path[0] == kind) for kind in ("pin", "address"))
    feed = await world.post(f"/v1/posts/{post}/feeds", {}, key=walk.keeper)
    invitation = await invited(world, "guest@fr.example.org")
    found = {
        "/a/{token}": answers,
        "/a/{token}/request": answers,
        "/a/{token}/decline": answers,
        "/pin/{token}": pin,
        "/address/{token}": address,
        "/handover/{token}": "SomeHandover234567890",
        **dict.fromkeys(("/invitation/{token}", "/invitation/{token}/passkey"), invitation),
        "/feeds/{token}.ics": feed.json()["address"].rpartition("/")[2].removesuffix(".ics"),
        "/rehearsal/{message}": str(next(each["id"] for each in sent if each["kind"] == "sms")),
        "/static/{name}": "page.css",
        "/signin/openid/{name}": "none-is-set-up",
        "/signin/openid/{name}/return": "none-is-set-up",
    }
    forms: dict[Place, Mapping[str, Any]] = {
        ("POST", "/a/{token}"): {"pin": PIN},
        ("POST", "/a/{token}/request"): {"pin": PIN},
        ("POST", "/a/{token}/decline"): {"pin": ""},
        ("POST", "/pin/{token}"): {"code": mail_code(pin), "pin": _NEW_PIN, "again": _NEW_PIN},
        ("POST", "/address/{token}"): {"code": mail_code(address)},
        ("POST", "/handover/{token}"): {"code": "K7QPM3X"},
        ("POST", "/rehearsal/{message}"): {"text": "hello"},
        ("POST", "/rehearsal/replies"): {"sender": first.sms, "text": "hello"},
    }
    return found, forms


async def pages(walk: Walk) -> dict[Place, list[str]]:
    """Return of each door what nobody hears, what somebody with a key or in a session, and what whoever has the link.

    A key or session makes no difference where none is asked for, and is sent along to every door.
    """
    found, forms = await links(walk)
    some = [each for each in walk.everybody if each.who in _SOME]
    heard: dict[Place, list[str]] = {}
    async with walk.undone():
        for method, path in doors(walk.world):
            name = path.partition("{")[2].partition("}")[0]
            if name and path not in found:
                walk.unsound.append(f"{path} has no link in tests/api/rights_of_pages.py")
                continue
            missing = path.replace(f"{{{name}}}", _NONE)
            told = [await _heard(walk, method, missing, form=forms.get((method, path)), by=some)]
            if name:
                there = path.replace(f"{{{name}}}", found[path])
                told.append(await _heard(walk, method, there, form=forms.get((method, path)), by=some))
            heard[method, path] = told
    return heard


_SOME = {("nobody", None, ""), ("secretariat", None, ""), ("requester", "JP", "first")}


async def _heard(walk: Walk, method: str, path: str, *, form: Mapping[str, Any] | None, by: Iterable[Caller]) -> str:
    """Return what everybody hears at a door, or who hears what where not all hear the same."""
    # Nobody asks for all of them within a minute.
    walk.world.clock.at += timedelta(seconds=1)
    told = {each: await _asks(walk, method, path, form=form, caller=each) for each in by}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return ", ".join(dict.fromkeys(f"{'nobody' if e.role == 'nobody' else e.by}: {said}" for e, said in told.items()))


async def _asks(walk: Walk, method: str, path: str, *, form: Mapping[str, Any] | None, caller: Caller) -> str:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC}
    if caller.by == "account":
        headers["Cookie"] = f"__Host-session={caller.secret}"
    elif caller.role != "nobody":
        headers["Authorization"] = f"Bearer {caller.secret}"
    content = b""
    if path == "/rehearsal/replies":
        content, headers["Content-Type"] = json.dumps(form).encode(), "application/json"
    elif method == "POST":
        content, headers["Content-Type"] = urlencode(form or {}).encode(), "application/x-www-form-urlencoded"
    # A stream has no end; its head says how it would begin.
    asked = "HEAD" if path.endswith("/stream") else method
    answer = await asks(walk.app, asked, path, headers=headers, body=content)
    if answer.leads.startswith("/signin") and not path.startswith("/signin"):
        return "is asked to sign in"
    return MAY if answer.status == 422 else walk.judged(f"{method} {path}", answer)


def pages_table(heard: Mapping[Place, list[str]]) -> str:
    """Return the table of all those doors."""
    lines = ["|  | without a link | whoever has the link |", "|---|---|---|"]
    for (method, path), (first, *rest) in heard.items():
        link = path not in _NO_LINKS and rest
        without, having = (first, rest[0]) if link else ((rest or [first])[0] + _NO_LINKS.get(path, ""), "")
        lines.append(f"| `{method} {path}` | {without} | {having} |")
    return "\n".join(lines)
