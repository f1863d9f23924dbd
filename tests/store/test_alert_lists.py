"""Words that are looked for in alerts: PostgreSQL folds them as the rules do."""

import json
import re
from pathlib import Path
from unicodedata import category

import contactpoints
from contactpoints.rules.folding import PLAIN, folded
from contactpoints.store.alert_lists import FOLDED
from contactpoints.store.database import Database

_SCRIPT = Path(contactpoints.__file__).parent / "console" / "static" / "desk.js"


async def test_postgresql_and_the_rules_fold_every_latin_greek_and_cyrillic_letter_alike(db: Database) -> None:
    letters = [chr(each) for each in (*range(0x20, 0x590), 0x1E9E) if category(chr(each))[0] in "LMN"]
    assert {*PLAIN, *"ÞÆŒØŁĐÐĦ"} <= {*letters}
    async with db.session() as session:
        rows = await session.fetch(
            f"select letter, {FOLDED.format('letter')} as told from unnest($1::text[]) letter", letters
        )
    different = {row["letter"]: (row["told"], folded(row["letter"])) for row in rows}
    assert {each: told for each, told in different.items() if told[0] != told[1]} == {}


def test_pages_fold_by_the_same_letters() -> None:
    [table] = re.findall(r"^const PLAIN = \{ (.*) \};$", _SCRIPT.read_text(), re.MULTILINE)
    told = json.loads("{" + re.sub(r"(\w): ", r'"\1": ', table) + "}")
    assert told == {**PLAIN, "\u03c2": "\u03c3"}, "a script knows no final sigma"
