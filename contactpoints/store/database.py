"""The one place that knows `databases`, which is archived upstream and walled in here (docs/decisions/0003).

`databases` gives the pool, the connection per task and the transactions. The SQL runs on the asyncpg connection
beneath, because `databases` compiles every statement again and logs the arguments at level DEBUG.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import ClassVar, Literal, NamedTuple, TypeAlias, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import asyncpg
import databases

from contactpoints.rules.refusals import RequestInFlight, Unavailable
from contactpoints.store import acting
from schemas.writing import write_json

# asyncpg's classes are generic for type checkers alone, hence the quotes.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Session: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Row = asyncpg.Record

# What a repeat waits for the first request with the same Idempotency-Key, before it hears 409.
LOCK_PATIENCE = "2s"

_log = logging.getLogger(__name__)

# Seconds that a line has to end in; one that hangs would keep the process from ending.
_GOODBYE = 5.0

_SETTINGS = {
    "application_name": "contactpoints",
    "jit": "off",
    "lock_timeout": LOCK_PATIENCE,
    "idle_in_transaction_session_timeout": "30s",
    "statement_timeout": "30s",
    "TimeZone": "UTC",
    # As `_told_of` quotes: a backslash is a backslash.
    "standard_conforming_strings": "on",
}

AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What a line answers on which the server has said goodbye, until its end is noticed.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
    TimeoutError,
)

# SQLSTATE classes: connection, rollback, resources, object in use, intervention, system.
_PASSING = ("08", "40", "53", "55", "57", "58")

_told: ContextVar[set[str] | None] = ContextVar("told", default=None)


def ring_after_commit(subject: str) -> None:
    """Ring the bell for ``subject`` when the transaction that this task is in has been committed, and only then."""
    told = _told.get()
    if told is not None:
        told.add(subject)


def _told_of(act: acting.Act) -> str:
    """Return the statement that tells PostgreSQL, for one transaction, of which act it is part.

    No query, after which the transaction could not say any more how isolated it is. What it quotes has no apostrophe.
    """
    told = write_json(act.told()).replace("'", "\\u0027")
    return f"set local contactpoints.act = '{told}'"


async def tell_of_act(session: Session) -> None:
    """Tell PostgreSQL of which act a transaction is part: when it begins, and again once it has found out who acts."""
    if (act := acting.current()) is not None:
        await session.execute(_told_of(act))


async def wait_at_most(session: Session, patience: str) -> None:
    """Wait no longer than ``patience``, as PostgreSQL writes it, for each lock until the transaction has ended."""
    await session.execute("select set_config('lock_timeout', $1, true)", patience)


async def one_moment(session: Session) -> None:
    """Let the transaction that has just begun see everything as it is at one moment, and change nothing."""
    await session.execute("set transaction isolation level repeatable read, read only")


# PostgreSQL's FirstUnpinnedObjectId: what is below is the same everywhere, what is above is numbered by each server.
_FIRST_OF_OTHERS = 12000


class _Named(NamedTuple):
    name: str


class _Knowing(asyncpg.Connection):
    """A connection that knows what PostgreSQL's own types are made of, once any connection of this process has asked.

    asyncpg asks on each connection for each kind of list among the arguments of a statement, and that question costs
    PostgreSQL more than most statements. Should asyncpg stop calling this, each connection asks for itself again.
    """

    _known: ClassVar[dict[tuple[int, frozenset[int]], list[Row]]] = {}

    async def _introspect_types(  # as asyncpg calls it
        self,
        typeoids: Iterable[int],
        timeout: float | None,  # noqa: ASYNC109
    ) -> tuple[list[Row], object]:
        asked = frozenset(typeoids)
        version = self.get_server_version().major
        if (known := self._known.get((version, asked))) is not None:
            # Any name will do: it says that the statement which is being prepared was not replaced by the question.
            return known, _Named("known")
        answer: tuple[list[Row], object] = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc]
        if max(asked) < _FIRST_OF_OTHERS:
            self._known[version, asked] = answer[0]
        return answer


async def prepare(connection: Connection) -> None:
    """Teach one new connection that jsonb is Python's own dicts and lists."""
    await connection.set_type_codec("jsonb", encoder=write_json, decoder=json.loads, schema="pg_catalog")


async def _reset(connection: Connection) -> None:
    """Give a connection back without the round trip of asyncpg's own reset: no session state is ever set here.

    Never fails, for `databases` would not notice that the connection is back; one that is of no use is dropped.
    """
    try:
        if connection.is_in_transaction():
            await connection.execute("rollback")
    except (*AWAY, asyncpg.PostgresError):
        connection.terminate()


def plain_url(url: str) -> str:
    """Return ``url`` in the form that `databases` and asyncpg share, whatever came before and behind it."""
    return urlsplit(url)._replace(scheme="postgresql", query="").geturl()


Tls = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


def tls_of(url: str) -> Tls | None:
    """Return the ``sslmode`` behind an address, as libpq knows it; None for none: asyncpg then does as libpq does.

    `databases` drops it without a word, and SQLAlchemy passes it on under a name that asyncpg does not know.
    """
    return cast(Tls | None, dict(parse_qsl(urlsplit(url).query)).get("sslmode"))


class Database:
    """A pool of connections to one PostgreSQL, version 16 or later. Opened and closed by `runtime`."""

    def __init__(self, url: str, *, most: int = 16) -> None:
        # Its DEBUG records quote the arguments of statements, and those may be case data.
        logging.getLogger("databases").setLevel(logging.WARNING)
        self._url, self._tls, self._most = plain_url(url), tls_of(url), most
        self.ring: Callable[..., None] | None = None
        self._databases = databases.Database(
            self._url,
            min_size=1,
            max_size=most,
            init=prepare,
            connection_class=_Knowing,
            reset=_reset,
            server_settings=_SETTINGS,
            ssl=self._tls,
            timeout=5,
            command_timeout=30,
            max_inactive_connection_lifetime=0,
        )

    def __repr__(self) -> str:
        return "Database(...)"

    async def open(self) -> None:
        """Connect. Raises `Unavailable` when PostgreSQL does not answer, `DatabaseFault` when it answers no.

        Neither tells the address or the password.
        """
        try:
            await self._databases.connect()
        except AWAY as failure:
            raise Unavailable(f"PostgreSQL does not answer: {type(failure).__name__}.") from None
        except asyncpg.PostgresError as failure:
            raise DatabaseFault.of(failure) from None

    async def close(self) -> None:
        """Close every connection; one that does not say goodbye in time is dropped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._databases.disconnect(), _GOODBYE)

    async def widen(self) -> None:
        """Have three quarters of the connections open before somebody wants them; fewer where the server refuses.

        On a machine that is busy a new one takes seconds. The last quarter is left to whoever comes meanwhile.
        """
        count = self._most - self._most // 4
        gate = asyncio.Barrier(count)

        async def hold() -> None:
            try:
                async with self.session():
                    with suppress(asyncio.BrokenBarrierError):
                        await gate.wait()
            except (Unavailable, DatabaseFault) as refused:
                _log.warning("a connection to the database is not to be had: %s", refused)
            finally:
                # Whoever still waits there would wait for one that never comes; after all have come it changes nothing.
                await gate.abort()

        await asyncio.gather(*(hold() for _ in range(count)))

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Lend a connection; every statement is its own transaction unless the task is inside `transaction`."""
        with _translated():
            async with self._databases.connection() as connection:
                yield connection.raw_connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Lend a connection inside one transaction, committed at the end and rolled back on any exception.

        Start no task inside: a child task has another connection. What `ring_after_commit` was told is rung at the end.
        Of which act it is part, PostgreSQL hears first: see `acting`.
        """
        told: set[str] = set()
        token = _told.set(told)
        try:
            with _translated():
                # Not the transaction of `databases`: where a rollback fails because the line is dead, that one never
                # gives the connection back, and the task that it belongs to would have a dead one for ever.
                async with self._databases.connection() as connection, connection.raw_connection.transaction():
                    await tell_of_act(connection.raw_connection)
                    yield connection.raw_connection
        finally:
            _told.reset(token)
        if told and self.ring is not None:
            self.ring(*told)

    async def dedicated(self, *, patience: float = 30.0) -> Connection:
        """Open one connection outside the pool, for LISTEN or for the bell. The caller closes it.

        A statement that is not answered within ``patience`` seconds raises `TimeoutError`: the line may be dead.
        """
        parts = urlsplit(self._url)
        return await asyncpg.connect(
            host=parts.hostname,
            port=parts.port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=parts.path.lstrip("/"),
            server_settings=_SETTINGS,
            ssl=self._tls,
            timeout=5,
            command_timeout=patience,
        )


class _translated:  # noqa: N801 - reads as a phrase where it is used
    """Turn what PostgreSQL and the network say into refusals that quote no row and no address."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, failure: BaseException | None, _: object) -> None:
        if isinstance(failure, asyncpg.LockNotAvailableError):
            raise RequestInFlight("Another request is working on the same thing; try again.") from None
        if isinstance(failure, AWAY):
            raise Unavailable(f"The database is away: {type(failure).__name__}.") from None
        if isinstance(failure, asyncpg.PostgresError):
            raise DatabaseFault.of(failure) from None


class DatabaseFault(Exception):
    """PostgreSQL refused a statement; told by its code and constraint alone, for its own words quote rows."""

    def __init__(self, message: str, *, sqlstate: str, constraint: str | None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.constraint = constraint

    @property
    def passes(self) -> bool:
        """Say whether the same statement may succeed a moment later: after a deadlock, a time-out, a full disk."""
        return self.sqlstate[:2] in _PASSING

    @classmethod
    def of(cls, failure: asyncpg.PostgresError) -> "DatabaseFault":
        """Keep the kind, SQLSTATE and constraint of ``failure``."""
        constraint = getattr(failure, "constraint_name", None)
        sqlstate = failure.sqlstate or ""
        told = f"{type(failure).__name__} ({sqlstate}{', ' + constraint if constraint else ''})"
        return cls(told, sqlstate=sqlstate, constraint=constraint)


def url_for(*, user: str, password: str, host: str, port: int, database: str) -> str:
    """Compose a URL, quoting what needs it."""
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{database}"
