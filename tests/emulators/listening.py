"""How an emulator begins to listen. What it serves, the emulators know."""

import asyncio

from aiohttp import web


async def listening(runner: web.AppRunner, port: int = 0, backlog: int = 128) -> int:
    """Serve on 127.0.0.1; returns the port. Wholly or not at all: who is called off in the middle
    leaves no socket open, which would be found, and told as a fault, in any later test."""
    opening = asyncio.create_task(_open(runner, port, backlog))
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        await opening
        await runner.cleanup()
        raise
    return int(runner.addresses[0][1])


async def _open(runner: web.AppRunner, port: int, backlog: int) -> None:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=backlog, reuse_address=True).start()
