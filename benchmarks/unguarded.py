"""The web process with nobody at its door: `python -m benchmarks.unguarded web`. Only the benchmark has this.

Whoever asked once is believed ever after by the header he sends: no hash, no limits, no word of it kept, and nothing
asked of the database. What a trigger takes beside this is what authentication and rights take.
"""

import sys

from starlette.requests import Request

from contactpoints import cli
from contactpoints.api import alerts as door
from contactpoints.api.identity import known_caller
from contactpoints.rules.access import Actor
from contactpoints.runtime import Runtime
from contactpoints.store import acting, intake

_STATEMENT = "_TAKE_IN"
_BEGINS, _ENDS = "exists (select 1 from api_keys", "as allowed"


_SEEN: dict[str, Actor] = {}


async def _believed(runtime: Runtime, request: Request) -> Actor:
    said = request.headers["Authorization"]
    actor = _SEEN.get(said)
    if actor is None:
        actor = _SEEN[said] = await known_caller(runtime, request)
    acting.by_actor(actor)
    return actor


def main() -> int:
    """Take the guards away, and serve."""
    setattr(door, "known_caller", _believed)  # noqa: B010  # mypy: a module's function is not assigned to
    before, begins, rest = getattr(intake, _STATEMENT).partition(_BEGINS)
    _, ends, after = rest.partition(_ENDS)
    if not (begins and ends):
        raise SystemExit("The statement that opens alerts is another one: see what of it checks a key.")
    setattr(intake, _STATEMENT, f"{before}true {ends}{after}")
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
