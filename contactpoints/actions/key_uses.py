"""When and from where keys were last used: held in memory, and written aside, so that no request waits for it."""

from datetime import datetime

from contactpoints.store import keys
from contactpoints.store.database import Database


class KeyUses:
    """The uses of keys in one process that are not written down yet: of each key the last one.

    Whoever writes them down once a minute writes once a minute for each key, however often it is used.
    """

    def __init__(self) -> None:
        self._uses: dict[int, tuple[datetime, str | None]] = {}

    def note(self, number: int, address: str | None, *, now: datetime) -> None:
        """Note a use from an address; None where nobody knows it."""
        self._uses[number] = (now, address)

    async def write_down(self, db: Database) -> None:
        """Write down what was noted since the last time; what cannot be written is kept for the next."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            async with db.session() as session:
                await keys.note_uses(session, uses)
        except BaseException:
            self._uses = uses | self._uses
            raise
