"""A line to somewhere that can be cut and mended: what "the database is away" looks like from a process.

async with Line("127.0.0.1", 5432) as line:
    ...                  # connect to line.port
    await line.cut()     # open conversations end, and new ones are refused
    await line.mend()
    line.loses()         # whatever is said in the conversations that are open now is lost, and nobody hears of it
    line.carried         # every byte that went out over it
"""

import asyncio


class Line:
    """See the module."""

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self._server: asyncio.Server | None = None
        self._talking: set[asyncio.StreamWriter] = set()
        self._lost: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.carried = bytearray()

    async def __aenter__(self) -> "Line":
        await self.mend()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Hang up on everybody and refuse whoever calls."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._talking):
            writer.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()

    def loses(self) -> None:
        """Let open conversations stay open with nobody at the other end."""
        self._lost |= self._talking

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._far)
        self._talking |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back, kept=self.carried), self._pass_on(there, writer))
        self._talking -= {writer, back}

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, kept: bytearray | None = None
    ) -> None:
        try:
            while part := await reader.read(65_536):
                if writer in self._lost:
                    continue
                if kept is not None:
                    kept += part
                writer.write(part)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
