"""`contactpoints check`, as an operator runs it: against a real database, one that is behind, and none."""

import asyncio
import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contactpoints.cli import main
from tests.world import World

KEY, PEPPER = (base64.b64encode(hashlib.sha256(each).digest()).decode() for each in (b"key", b"pepper"))


def _environment(url: str, **more: str) -> dict[str, str]:
    sound = {"DATABASE_URL": url, "REHEARSAL": "1", "KEYRING": f"test:{KEY}", "PIN_PEPPER": PEPPER}
    return {f"CONTACTPOINTS_{name}": value for name, value in (sound | more).items() if value}


async def _found(
    capsys: pytest.CaptureFixture[str], environment: dict[str, str], *words: str
) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code, and what was found."""
    code = await asyncio.to_thread(main, ("check", "--json", *words), environment)
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told["weaknesses"]


async def test_what_is_weak_is_named_by_its_numbers(
    world: World, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    officer = world.network["FR"].officers[0].id
    now = datetime.now(UTC)
    async with world.runtime.db.session() as session:
        await session.execute("update pins set locked_at = $2 where officer_id = $1", officer, now)
        await session.execute("update api_keys set created_at = $1, expires_at = $2", now, now + timedelta(days=9))
        await session.execute(
            "update api_keys set created_at = $1, expires_at = null where id = 2", now - timedelta(91)
        )
    code, found = await _found(capsys, _environment(database_url))
    told = {each["about"]: each["told"] for each in found}
    assert code == 1
    assert told["officers"].startswith(f"no. {officer} have no PIN")
    keys = [each["told"] for each in found if each["about"] == "keys"]
    assert [each.split(":")[0] for each in keys] == ["no. 2 never expire", "no. 2 were not used for 90 days"]
    assert told["accounts"].startswith("of the secretariat: none yet.")
    assert "(createdb)" in " ".join(each["told"] for each in found if each["about"] == "DATABASE_URL"), (
        "as the tests come"
    )
    assert "is not the one" in told["PIN_PEPPER"]
    assert not [each for each in (KEY, PEPPER) if each in json.dumps(found)]


async def test_a_database_that_is_behind_or_away_is_told_with_the_rest(
    database_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, world: World
) -> None:
    async with world.runtime.db.session() as session:
        await session.execute("delete from alembic_version")
    code, found = await _found(capsys, _environment(database_url))
    assert (code, found[0]["severity"]) == (1, "danger")
    assert "contactpoints migrate" in found[0]["told"]
    (tmp_path / "pepper").write_text(PEPPER)
    (tmp_path / "pepper").chmod(0o644)
    away = _environment(
        "postgresql://u:s3cret@127.0.0.1:1/nobody", PIN_PEPPER="", PIN_PEPPER_FILE=str(tmp_path / "pepper")
    )
    code, found = await _found(capsys, away)
    assert code == 1
    assert {"database", "PIN_PEPPER_FILE"} <= {each["about"] for each in found}
    assert "s3cret" not in json.dumps(found)
    assert await asyncio.to_thread(main, ("check",), away) == 1
    lines, counted = capsys.readouterr()
    assert "warning: CONTACTPOINTS_PIN_PEPPER_FILE names a file" in lines
    assert counted == "2 weaknesses found, 1 of them a danger; 1 hint.\n"
    code, found = await _found(capsys, away | {"CONTACTPOINTS_KEYRING": "nonsense"})
    assert (code, [(each["severity"], each["about"]) for each in found]) == (1, [("danger", "KEYRING")])
