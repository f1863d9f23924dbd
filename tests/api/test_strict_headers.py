"""Every answer has the strictest headers, and no address leads to another host, whatever is asked and who answers."""

import re
from dataclasses import replace

import httpx
from starlette.routing import Route

from contactpoints.serving import doors
from contactpoints.web import application
from tests.api.conftest import KeyOf
from tests.far_ends import PUBLIC
from tests.world import World

EVIL = "evil.example"
# As they are meant, and not as they are written there: nobody drops one unseen.
_MEANT = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_OWN_CACHE = ("/static/", "/v1/feeds/")
_OWN_POLICY = re.compile(r"default-src 'none'; (style-src '(self|sha256-[^']+)'; )?")
# What could be led astray: a path that begins like a host, an address to go on to, a host that is not ours.
_ASTRAY = (
    "//evil.example",
    "//evil.example/..",
    "/%2f%2fevil.example",
    "/\\evil.example",
    "/static//evil.example",
    "/a/",
)
_GO_ON = f"?next=//{EVIL}&url=https://{EVIL}&return_to=//{EVIL}&redirect=%2F%2F{EVIL}"


def _found_missing(answer: httpx.Response) -> list[str]:
    """Return which headers an answer lacks, or has weaker than they must be."""
    own = answer.url.path.startswith(_OWN_CACHE)
    missing = [
        name
        for name, value in _MEANT.items()
        if answer.headers.get_list(name) != [value] and not (own and name == "Cache-Control")
    ]
    policies = answer.headers.get_list("Content-Security-Policy")
    strict = len(policies) == 1 and _OWN_POLICY.match(policies[0]) and "unsafe" not in policies[0]
    inside = {"frame-ancestors 'none'", "base-uri 'none'"} <= set(policies[0].split("; ")) if policies else False
    return missing + ([] if strict and inside and "form-action" in policies[0] else ["Content-Security-Policy"])


def _paths(world: World, reference: str) -> list[tuple[str, str]]:
    """Return every method and address that there is, and for each one that it does not know."""
    found = []
    for route in application(world.runtime).routes:
        assert isinstance(route, Route)
        path = route.path.replace("{reference}", reference).replace("{party}", "FR").replace("{code}", "FR")
        path = re.sub(r"\{(id|number)[^}]*\}", "1", path).replace("{name}", "page.css")
        path = re.sub(r"\{[^}]*\}", "x" * 22, path)
        methods = (route.methods or {"GET"}) - {"HEAD"}
        found += [("HEAD" if "stream" in path and method == "GET" else method, path) for method in (*methods, "PATCH")]
    return found


async def test_every_answer_is_strict_and_no_address_leads_away(world: World, key_of: KeyOf) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    walked = _paths(world, reference) + [("GET", path) for path in (*_ASTRAY, "/nowhere", "/v1/nowhere")]
    by_key = {"Authorization": f"Bearer {await key_of('secretariat')}", "Content-Type": "application/json"}
    heard: set[int] = set()
    for method, path in walked:
        # To print takes a second, and begins like every other file.
        own = by_key if not path.endswith(("directory.pdf", "/stream")) else {}
        astray = own | {"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}", "Accept": "text/html"}
        for headers in (own, astray) if method in ("GET", "HEAD") else ({} if method == "PATCH" else own,):
            url = httpx.URL(f"{PUBLIC}{path}{_GO_ON if headers is astray else ''}")
            answer = await world.client.request(method, url, headers=headers)
            heard.add(answer.status_code)
            assert _found_missing(answer) == [], (method, path, answer.status_code)
            assert answer.headers["Strict-Transport-Security"] == "max-age=63072000", (method, path)
            told = answer.headers.get("Location", "/")
            assert re.match(r"/(?![/\\])", told), (method, path, told)
            assert f"//{EVIL}" not in answer.text.replace(path, ""), (method, path)
    assert {200, 303, 400, 401, 404, 405, 422} <= heard


async def test_what_breaks_is_strict_too_and_so_is_a_real_stream(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    by_key = {"Authorization": f"Bearer {world.requester}"}
    near = replace(world.runtime, settings=replace(world.runtime.settings, public_url="http://localhost"))
    async with doors(near, port=0) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        async with client.stream("GET", f"/v1/alerts/{reference}/stream", headers=by_key) as answer:
            assert (answer.status_code, _found_missing(answer)) == (200, [])
        assert "Strict-Transport-Security" not in answer.headers, "nobody comes by https here"
        assert "Server" not in answer.headers, "who serves is nobody's business"
        async with world.runtime.db.session() as session:
            await session.execute("alter table alerts rename to zz")
        for path in (f"/v1/alerts/{reference}", "/a/" + "x" * 22):
            broken = await client.get(path, headers=by_key)
            assert (broken.status_code, _found_missing(broken)) == (500, []), path
