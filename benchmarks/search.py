"""Row: searching by words in 100,000 invented entries that share most of them; every other question has an error.

The requester sees contact points and posts, the secretariat officers too. Whatever is asked is there.
"""

import json
import random
import secrets
import time
from collections.abc import Iterator
from urllib.parse import quote

from benchmarks.load import Line, lines
from benchmarks.report import percentile
from benchmarks.stage import Stage
from contactpoints.rules.folding import kept_terms, words
from contactpoints.store.sealing import secret_hash

ENTRIES = 100_000
_FIRST = 1_000_000
_HOUSES = (
    *("Cybercrime Centre", "Police judiciaire", "Centro de guardia", "Prosecutor General", "Unité centrale"),
    *("Permanence cybercriminalité", "Zentralstelle", "Oficina de cooperación", "Evidence desk", "Investigations"),
)
_FUNCTIONS = ("24/7 duty desk", "Guardia 24/7", "First line", "Second line", "Team leader", "Première ligne")
_SYLLABLES = ("ka", "ro", "mi", "lé", "su", "nor", "bel", "fo", "zan", "pé", "gu", "la", "chi", "wen", "os", "tra")


def _name(dice: random.Random) -> str:
    return "".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4))).capitalize()


def _fields(number: int, dice: random.Random) -> tuple[str, dict[str, str]]:
    match number % 10:
        case 0 | 1 | 2:
            name = f"{dice.choice(_HOUSES)} {_name(dice)}"
            return "contact_points", {"name": name, "function": dice.choice(_FUNCTIONS)}
        case 3 | 4 | 5:
            return "posts", {"function": f"{dice.choice(_FUNCTIONS)} {_name(dice)}", "line": "first"}
        case _:
            return "officers", {"name": f"{_name(dice)} {_name(dice)}", "function": dice.choice(_FUNCTIONS)}


def _rows(dice: random.Random) -> Iterator[tuple[object, ...]]:
    for number in range(ENTRIES):
        kind, fields = _fields(number, dice)
        terms = [*kept_terms(fields.values()), "@RO"]
        inside = kind == "officers"
        yield kind, _FIRST + number, "RO", _FIRST + number // 10, inside, json.dumps(fields), terms


def _mistyped(word: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(word))
    before, after = word[:place], word[place:]
    return dice.choice((before + after[1:], f"{before}x{after}", f"{before}x{after[1:]}"))


def _question(fields: dict[str, str], dice: random.Random) -> str:
    known = [word for text in fields.values() for word in words(text)]
    asked = dice.sample(known, min(len(known), dice.randint(1, 3)))
    long = [place for place, word in enumerate(asked) if len(word) > 4]
    if long and dice.random() < 0.5:
        asked[long[0]] = _mistyped(asked[long[0]], dice)
    return " ".join(asked)


async def _ask(stage: Stage, line: Line, key: str, *, questions: list[str]) -> list[float]:
    took = []
    for question in questions:
        path, headers = f"/v1/search?q={quote(question)}", f"Host: alerts.example\r\nAuthorization: Bearer {key}"
        begun = time.perf_counter_ns()
        status, body = await line.ask(f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        took.append((time.perf_counter_ns() - begun) / 1e6)
        if status != 200 or not json.loads(body)["items"]:
            stage.report.faults.append(f"search: {question!r} was answered {status}, with nothing found")
    return took


async def search(stage: Stage) -> None:
    """Ask one question after the other."""
    dice = random.Random(35)
    columns = ("kind", "id", "party", "contact_point_id", "inside", "fields", "terms")
    rows = list(_rows(dice))
    await stage.db.copy_records_to_table("findable", records=rows, columns=columns)
    await stage.db.execute("vacuum analyze findable")
    key = f"cp_{secrets.token_urlsafe(32)}"
    await stage.db.execute(
        """with actor as (insert into actors (kind) values ('key') returning id)
           insert into api_keys (id, secret_hash, role, authority, created_at)
           select id, $1, 'secretariat', 'Invented', now() from actor""",
        secret_hash(key),
    )
    for who, asks in (("requester", stage.network.keys[0]), ("secretariat", key)):
        seen = [json.loads(str(row[5])) for row in rows if who == "secretariat" or not row[4]]
        questions = [_question(dice.choice(seen), dice) for _ in range(stage.count(1500, 300))]
        async with lines(stage.web, 1) as (line,):
            await _ask(stage, line, asks, questions=questions[:50])
            before = stage.meter.read()
            took = await _ask(stage, line, asks, questions=questions)
        stage.alert_cost(f"search, {who}", before, alerts=len(questions))
        stage.report.add("search", f"{who}: a search in {ENTRIES} entries, p50", percentile(took, 0.5), "ms")
        stage.report.add("search", f"{who}: a search in {ENTRIES} entries, p99", percentile(took, 0.99), "ms", most=25)
    await stage.db.execute("delete from findable where id >= $1", _FIRST)
