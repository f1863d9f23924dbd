"""`python -m benchmarks.launcher web|engine`: the service with its real notifiers, until its own commands open them."""

import asyncio
import os
import secrets
import signal
import sys
from dataclasses import replace

from contactpoints.runtime import Runtime, open_runtime
from contactpoints.serving import doors, keep_watch
from contactpoints.settings import read_settings
from notifiers.catalogue import open_notifiers, read_options
from notifiers.message import Notifier


def _with_gateways(runtime: Runtime, opened: tuple[Notifier, ...]) -> Runtime:
    gateways = {each.kind: (each.name,) for each in opened}
    tools = replace(runtime.tools, gateways=gateways)
    return replace(runtime, tools=tools, notifiers={each.name: each for each in opened})


async def _serve(command: str) -> None:
    settings = read_settings(os.environ, entropy=secrets.token_bytes)
    values = {name.removeprefix("CONTACTPOINTS_"): value for name, value in os.environ.items()}
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_runtime(settings, database_url=settings.database_url) as plain:
        opened = open_notifiers(read_options(values, public_url=settings.public_url, rehearsal=False))
        runtime = _with_gateways(plain, opened)
        if command == "engine":
            await keep_watch(runtime, stop)
        else:
            async with doors(runtime, port=settings.port) as port:
                print(f"contactpoints answers at http://localhost:{port}", flush=True)
                await stop.wait()
        for each in opened:
            await each.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
