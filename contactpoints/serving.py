"""Web and engine in one process, on one machine: `contactpoints all`, and the demo."""

import asyncio
import ctypes
import gc
import importlib
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contactpoints.engine.desk import Desk
from contactpoints.engine.run import run
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from contactpoints.settings import BadSetting
from contactpoints.store.database import DatabaseFault

# M_MMAP_THRESHOLD of glibc's malloc.h: blocks from this size on are mapped one by one, and given back one by one.
_MAPPED_ALONE = (-3, 4 << 20)
# How many more objects there may be before circles among the youngest are looked for.
_OBJECTS = 20_000
_PATIENCE = 0.001
# Seconds for a head to be whole, and for the rest of a body behind its answer.
_PATIENT = 10.0
_LONGEST_HEAD = 65_536
_MOST_UNREAD = 1_048_576


def run_process(main: Coroutine[Any, Any, None]) -> None:
    """Run a process to its end."""
    # A hash of a PIN takes 19 MB in its thread, and glibc would keep them for the next one in each thread.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(*_MAPPED_ALONE)
    # What was imported stays: no collection need walk over it again, and none happens in the middle of an alert for it.
    gc.collect()
    gc.freeze()
    # Hardly anything here is garbage in circles, and walking over what is in work took a tenth of the time under load.
    gc.set_threshold(_OBJECTS)
    # What is reckoned in a thread gives way to an alert within a moment; Python's own patience is five times as long.
    sys.setswitchinterval(_PATIENCE)
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        runner.run(main)


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes event loops of the fastest sort that is installed; None where asyncio's own is to be taken."""
    return uvicorn.Config(app="", loop="auto", log_config=None).get_loop_factory()


def desk_of(runtime: Runtime) -> Desk:
    """Return what the engine works with."""
    return Desk(runtime.db, runtime.tools, runtime.notifiers, runtime.now, runtime.bell.ring, runtime.check_pin)


async def keep_watch(runtime: Runtime, stop: asyncio.Event) -> None:
    """Run the engine until ``stop`` is set."""
    await run(desk_of(runtime), runtime.bell.subscribe, stop)


class _Door(HttpToolsProtocol):
    """uvicorn's, with an end to heads that have none, and to bodies of which nothing is read any more.

    What is in a head that is whole, `api.entrance` judges. A target that names a host of its own (absolute form) counts
    more than the Host header beside it (RFC 9112, 3.2.2).
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._in_head, self._head, self._unread = True, 0, 0
        self._timer = self.loop.call_later(_PATIENT, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and no more of a head than any of ours has."""
        within = self._in_head
        super().data_received(data)
        if within and self._in_head:
            self._head += len(data)
            if self._head > _LONGEST_HEAD and not self.transport.is_closing():
                self.transport.write(b"HTTP/1.1 431 \r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                self._hang_up()

    def on_message_begin(self) -> None:
        """Begin with the next request of a connection."""
        super().on_message_begin()
        self._in_head, self._head, self._unread = True, 0, 0
        self._wait()

    def on_headers_complete(self) -> None:
        """Let a request in."""
        self._in_head = False
        self._timer.cancel()
        _, absolute, target = self.url.partition(b"://")
        if absolute and not self.url.startswith(b"/"):
            named = re.split(b"[/?#]", target, maxsplit=1)[0]
            self.headers[:] = [*(each for each in self.headers if each[0] != b"host"), (b"host", named)]
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; what comes behind the answer is thrown away, up to an end."""
        super().on_body(body)
        if self.cycle.response_complete:
            self._unread += len(body)
            if self._unread > _MOST_UNREAD:
                self._hang_up()

    def on_message_complete(self) -> None:
        """End a request."""
        self._timer.cancel()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait a while for the rest of a body that nobody reads."""
        if self.cycle.more_body:
            self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        self._timer.cancel()
        self._timer = self.loop.call_later(_PATIENT, self._hang_up)

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: whoever started us decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _web() -> Any:
    """Return the module of the doors, which is not loaded before somebody opens them.

    An engine by itself never does; what they bring along, to print and sign the directory above all, would take more
    than a third of its memory.
    """
    is_new = "contactpoints.web" not in sys.modules
    module = importlib.import_module("contactpoints.web")
    if is_new:
        gc.freeze()
    return module


def _listen(host: str, port: int) -> socket.socket:
    version6 = ":" in host
    family = socket.AF_INET6 if version6 else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=version6)
    except OSError as failure:
        raise BadSetting(("PORT", f"is {port}, where nobody can listen: {failure.strerror}.")) from None


def must_be_free(host: str, port: int) -> None:
    """Raise `BadSetting` where somebody listens already, or nobody can."""
    _listen(host, port).close()


@asynccontextmanager
async def _at_work(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something be done beside the block; it is given up when that ends."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def doors(runtime: Runtime, *, port: int, host: str = "127.0.0.1", prepared: bool = False) -> AsyncIterator[int]:
    """Serve the web doors for as long as the block lasts; yield the port (0 asks for any free one).

    ``prepared``: what the first pages need is made ready beside whatever is asked meanwhile. Raises `BadSetting` where
    the port is taken.
    """
    listener = _listen(host, port)
    taken: int = listener.getsockname()[1]
    app = _web().application(runtime)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        http=_Door,
        timeout_graceful_shutdown=2,
        # Whose word about the client's address counts is asked in `web`, and nowhere else.
        proxy_headers=False,
        server_header=False,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with _at_work(_web().prepare(app)) if prepared else nullcontext():
            yield taken
    finally:
        app.state.close()
        server.should_exit = True
        await serving
        listener.close()
        with suppress(Refusal, DatabaseFault):
            await runtime.key_uses.write_down(runtime.db)
