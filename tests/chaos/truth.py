"""What must be true whatever happens: nothing accepted is lost, and every duplicate is allowed and marked."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from contactpoints.rules.codes import is_reply_code
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio

_ALERTS = """
select a.reference, a.state, a.due_at,
       (select array_agg(number order by number) from timeline where alert_id = a.id) as numbers,
       (select count(*) from idempotency_keys where alert_id = a.id) as keys
  from alerts a
 where a.xmin::text::bigint >= $1 or a.id in (select alert_id from timeline where xmin::text::bigint >= $1)
"""
_MESSAGES = """
select m.id, m.kind, m.address, m.purpose, m.state from messages m
 where m.xmin::text::bigint >= $1 or m.id = any($2::bigint[])
"""
_ARRIVALS = """
select provider_code, received_at from inbound where provider_code is not null and xmin::text::bigint >= $1
"""
_NOW = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_ATTEMPTS = "select code, message_id from attempts where code = any($1::text[])"

_OVER = ("accepted", "delivered", "refused", "cancelled")
_LOOKS, _A_LOOK = 200, 0.02


class Truth:
    """Looks at what came of everything: at what is new or was touched since the last time, or at all of it again."""

    def __init__(self, database: Any, far: FakeTwilio, smtp: FakeSmtp) -> None:
        self._db = database
        self._far = far
        self._smtp = smtp
        self._since = 0
        self._texts = 0
        self._letters = 0
        self._copies: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        self._received: dict[str, datetime] = {}

    async def check(self, promised: Collection[str], *, known: Collection[str], in_flight: Collection[int]) -> None:
        """Fail where an alert, a message or its copies are not as they must be when all is quiet."""
        now = await self._db.fetchval(_NOW)
        await self._check_promises(promised)
        await self._check_messages(known, in_flight)
        self._since = now

    def look_at_everything(self) -> None:
        """Look at everything the next time."""
        self._since = 0

    async def _check_promises(self, promised: Collection[str]) -> None:
        for row in await self._db.fetch(_ALERTS, self._since):
            assert row["reference"] in promised, "an alert that was promised to nobody"
            expected = list(range(1, len(row["numbers"]) + 1))
            assert row["numbers"] == expected, f"{row['reference']}: its timeline has gaps"
            assert row["keys"] == 1
            assert row["due_at"] or row["state"] not in ("alerting", "exhausted"), (
                f"{row['reference']} waits in silence"
            )
        alerts = await self._db.fetchval("select count(*) from alerts")
        assert alerts == len(set(promised)), "an alert for each that was promised, and no other"

    async def _check_messages(self, known: Collection[str], in_flight: Collection[int]) -> None:
        came: set[int] = set()
        rows: list[Any] = []
        for _ in range(_LOOKS):
            # An alarm may be raised at any time; what it sends between looks is at the far end before that is settled
            came |= await self._came()
            rows = await self._rows(came)
            if self._seen_all() and all(row["state"] in _OVER for row in rows):
                break
            await asyncio.sleep(_A_LOOK)
        assert came <= {row["id"] for row in rows}, "something came that nobody sent"
        for row in rows:
            _check_message(row, self._copies[row["id"]], known=known, in_flight=in_flight)

    async def _rows(self, came: Collection[int]) -> list[Any]:
        rows: list[Any] = await self._db.fetch(_MESSAGES, self._since, list(came))
        return rows

    def _seen_all(self) -> bool:
        return len(self._far.messages) == self._texts and len(self._smtp.letters) == self._letters

    async def _came(self) -> set[int]:
        """Take in what reached the far ends since the last time; return the numbers of those messages."""
        texts, letters = self._far.messages[self._texts :], self._smtp.letters[self._letters :]
        self._texts, self._letters = self._texts + len(texts), self._letters + len(letters)
        attempts = {each.callback.split("#")[0].rpartition("/")[2]: each for each in texts}
        rows: Mapping[str, int] = dict(await self._db.fetch(_ATTEMPTS, list(attempts)))
        assert len(attempts) == len(texts), "an attempt is one text"
        assert rows.keys() == attempts.keys(), "a text came that nobody sent"
        came = set(rows.values())
        for attempt, each in attempts.items():
            self._copies[rows[attempt]].append((each.to, each.body))
        for letter in letters:
            number = int(str(letter.head["Message-ID"]).removeprefix("<m").partition(".")[0])
            self._copies[number].append((letter.to, str(letter.head["Subject"])))
            came.add(number)
        return came

    async def check_arrivals(self, taken: Collection[str]) -> None:
        """Fail unless all that was ``taken`` from a gateway is kept, once, with the instant of the first time."""
        for row in await self._db.fetch(_ARRIVALS, self._since):
            first = self._received.setdefault(row["provider_code"], row["received_at"])
            assert row["received_at"] == first, "when a reply was here never changes"
        kept = await self._db.fetchval("select count(*) from inbound where provider_code is not null")
        assert len(self._received) == kept, "what was kept once is kept for ever, and kept once"
        assert set(taken) <= self._received.keys(), "what was answered with 200 is kept"


def _check_message(
    row: Any, copies: list[tuple[str, str]], *, known: Collection[str], in_flight: Collection[int]
) -> None:
    about = f"{row['purpose']} {row['id']} by {row['kind']} is {row['state']}, and came {len(copies)} times"
    assert row["state"] in _OVER, about
    assert copies or row["state"] not in ("accepted", "delivered"), about
    assert {to for to, _ in copies} <= {row["address"]} <= set(known), about
    assert len(copies) < 2 or row["id"] in in_flight, about
    if row["purpose"] == "alert":
        assert all("REPEAT" in words for _, words in copies[1:]), f"{about}, unmarked"
        assert len({word for _, words in copies for word in words.split() if is_reply_code(word)}) <= 1, about
