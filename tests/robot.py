"""A mail gateway's scanner: opens every link, in every way it knows, and presses every button it finds.

It can do all that a machine can do without understanding what it reads: no form is left alone, and every field gets
whatever is at hand. What it never does is type a PIN that it cannot know, or a code out of a sentence.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

JUNK = ("", " ", "yes", "OK", "test", "scanner@gateway.example", "AAAAA", "22222", "<script>alert(1)</script>")
DIGITS = ("739164", "0000000000", "111222")
_LINK = re.compile(r"https?://[^\s\"'<>]+")
_WAYS: tuple[dict[str, str], ...] = (
    {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"},
    {"User-Agent": "Mozilla/5.0", "Sec-Purpose": "prefetch;prerender"},
    {"User-Agent": "gateway/1.0"},
)


class Forms(HTMLParser):
    """The forms of a page: method, address and fields with their values."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self.feed(words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((told.get("method", "get"), told.get("action", ""), {}))
        elif tag in ("input", "textarea", "select") and self.found and "name" in told:
            self.found[-1][2][told["name"]] = told.get("value", "")


def links_of(message: dict[str, Any]) -> set[str]:
    """Return every link of a mail or an SMS, in its text and on its button."""
    return set(_LINK.findall(f"{message['subject'] or ''} {message['body']} {message['link'] or ''}"))


@dataclass
class Robot:
    """The scanner. ``typed`` is what it puts into fields; ``pressed`` counts the buttons that it pressed."""

    client: httpx.AsyncClient
    typed: tuple[str, ...] = JUNK
    pressed: int = 0
    seen: set[str] = field(default_factory=set)

    async def scans(self, messages: list[dict[str, Any]]) -> None:
        """Open every link of every message."""
        for message in messages:
            for link in links_of(message):
                await self.visits(link)

    async def visits(self, link: str) -> None:
        """Open a link in every way, then submit every form of its page with everything."""
        self.seen.add(link)
        words = ""
        for headers in _WAYS:
            await self.client.head(link, headers=headers)
            await self.client.options(link, headers=headers)
            words = (await self.client.get(link, headers=headers, follow_redirects=True)).text
        for method, action, fields in Forms(words).found:
            for typed in self.typed:
                hidden = {name: value or typed for name, value in fields.items()}
                everything = dict.fromkeys(fields, typed)
                for sent in (hidden, everything, {}):
                    await self._presses(method, action or link, sent)

    async def _presses(self, method: str, action: str, sent: dict[str, str]) -> None:
        headers = _WAYS[0] | {"Sec-Fetch-Site": "same-origin"}
        answer = await self.client.request(method, action, data=sent, headers=headers, follow_redirects=True)
        assert answer.status_code < 500
        self.pressed += 1
