"""The forms in the templates of pages."""

import re

from contactpoints.console.rendering import STATIC

_FORM = re.compile(r'<form method="post"([^>]*(?:{{[^}]*}}[^>]*)*)>(.*?)</form>', re.DOTALL)
_LED_BACK = ("desk.html", "account.html")
"""Signing out, and one's own account: whoever is led to signing in, or to show a factor, comes back to that."""


def test_every_form_has_a_field_so_that_it_is_kept_where_a_session_has_ended() -> None:
    found = 0
    for path in sorted(STATIC.with_name("templates").glob("*.html")):
        told = path.read_text()
        if told.startswith("{% extends") and not told.startswith('{% extends "desk.html"'):
            continue  # nobody is signed in there
        for named, words in _FORM.findall(told):
            kept = re.sub("<button.*?</button>", "", words, flags=re.DOTALL)
            found += 1
            has = re.search(r' name="|{{ (line|area|choice|tick|where|ask|span)\(', kept)
            assert has or path.name in _LED_BACK, (path.name, named)
    assert found > 40
