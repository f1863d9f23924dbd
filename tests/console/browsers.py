"""A browser that keeps cookies as real ones do, as far as signing in goes."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import httpx

from tests.world import World


@dataclass
class Browser:
    """Somebody's browser; ``cookies`` are those of the service."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)

    async def asks(self, method: str, path: str, **more: object) -> httpx.Response:
        """Ask the service, and keep the cookies that it sets."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "User-Agent": "Desk 4",
        }
        if method != "GET":
            headers["Sec-Fetch-Site"] = str(more.pop("site", "same-origin"))
        answer = await self.world.client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
        for each in answer.headers.get_list("Set-Cookie"):
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(each.split("; ")), each
            for name, morsel in SimpleCookie(each).items():
                self.cookies[name] = morsel.value
                if not morsel.value:
                    del self.cookies[name]
        return answer

    async def goes_to_provider(self, path: str) -> str:
        """Follow the link of a provider; return the path of ours that it sends the browser back to."""
        sent = await self.asks("GET", path)
        assert sent.status_code == 303, sent.text
        async with httpx.AsyncClient(verify=False) as outside:
            back = await outside.get(sent.headers["Location"])
        assert back.status_code == 303, back.text
        parts = urlsplit(back.headers["Location"])
        return f"{parts.path}?{parts.query}"

    async def signs_in(self, path: str) -> httpx.Response:
        """Go to a provider and come back."""
        return await self.asks("GET", await self.goes_to_provider(path))


_MADE = re.compile(r"data-made>.*?</time>", re.DOTALL)
_INSTANT = re.compile(r'<time class="instant" datetime="[^"]+">(.*?)</time>', re.DOTALL)


def instants(words: str) -> list[str]:
    """Return the instants that a page tells, as they are read: neither clocks that tick, nor when it was made."""
    return [re.sub(r"<[^>]+>", "", each).strip() for each in _INSTANT.findall(_MADE.sub("", words))]


class Filled(HTMLParser):
    """The forms of a page as they stand: address, and what a browser would send of each without its buttons."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._field = ""
        self.feed(words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((told.get("action", ""), {}))
        elif tag == "option" and self._field and ("selected" in told or self._field not in self.found[-1][1]):
            self.found[-1][1][self._field] = told.get("value", "")
        elif tag in ("select", "textarea"):
            self._field = told.get("name", "")
            if tag == "textarea":
                self.found[-1][1][self._field] = ""
        elif tag == "input" and told.get("name") and (told.get("type") != "checkbox" or "checked" in told):
            self.found[-1][1][told["name"]] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.found[-1][1][self._field] = self.found[-1][1][self._field].removeprefix("\n")
        if tag in ("select", "textarea"):
            self._field = ""

    def handle_data(self, data: str) -> None:
        if self._field and self.lasttag == "textarea":
            self.found[-1][1][self._field] += data

    def form(self, ending: str) -> dict[str, str]:
        """Return what a browser would send of the form whose address ends so. Raises `StopIteration`."""
        return dict(next(fields for action, fields in self.found if action.endswith(ending)))
