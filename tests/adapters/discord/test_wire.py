"""Requests on their way: which take a place, for how long, and what becomes of their time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from adapters.discord.gate import Gate, Priority
from adapters.discord.status import Status
from adapters.discord.wire import Asking, asking, traced

REST_S = 0.05  # a place is free again so long after the answer


@dataclass(slots=True, kw_only=True)
class Line:
    """A gate with one place, and a server behind it that answers when it is let."""

    gate: Gate
    status: Status
    session: aiohttp.ClientSession
    url: str
    let: asyncio.Event
    arrived: asyncio.Semaphore

    async def ask(self, path: str = "", within_s: float = 10.0) -> int:
        """The answer's status. Raises TimeoutError and what aiohttp raises."""
        async with asyncio.timeout(within_s) as limit:
            about = Asking(priority=Priority.ANSWER, limit=limit, longest_s=within_s)
            with asking(about):
                async with self.session.get(self.url + path) as answer:
                    return answer.status


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    let, arrived = asyncio.Event(), asyncio.Semaphore(0)

    async def serve(request: web.Request) -> web.Response:
        arrived.release()
        await let.wait()
        if request.path == "/cut" and request.transport is not None:
            request.transport.abort()
        headers = {"Retry-After": "0.5"} if request.path == "/slow" else {}
        return web.Response(status=429 if headers else 200, headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gate, status = Gate(most=1, seconds=REST_S), Status()
    async with aiohttp.ClientSession(trace_configs=[traced(gate, status)]) as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        yield Line(
            gate=gate, status=status, session=session, url=url, let=let, arrived=arrived
        )  # fmt: skip
        let.set()
    await runner.cleanup()


async def test_the_next_goes_out_a_while_after_the_answer_to_the_one_before(line: Line) -> None:
    loop = asyncio.get_running_loop()
    first, second = asyncio.ensure_future(line.ask()), asyncio.ensure_future(line.ask())
    await line.arrived.acquire()
    assert line.gate.waiting == 1
    before = loop.time()  # the answer
    line.let.set()
    await first
    await line.arrived.acquire()
    assert loop.time() - before > REST_S
    assert await second == 200
    assert line.status.throttled_s > REST_S * 0.8


async def test_a_connection_that_breaks_leaves_its_place(line: Line) -> None:
    line.let.set()
    with pytest.raises(aiohttp.ClientError):
        await line.ask("cut")
    assert await line.ask() == 200


async def test_one_that_is_given_up_leaves_its_place(line: Line) -> None:
    with pytest.raises(TimeoutError):
        await line.ask(within_s=0.02)
    line.let.set()
    assert await line.ask() == 200


async def test_time_before_the_gate_does_not_count(line: Line) -> None:
    await line.gate.enter(Priority.ANSWER)
    line.let.set()
    waiting = asyncio.ensure_future(line.ask(within_s=2.0))
    asyncio.get_running_loop().call_later(2.2, line.gate.leave, Priority.ANSWER)
    assert await waiting == 200


async def test_what_nobody_asks_for_needs_no_place(line: Line) -> None:
    await line.gate.enter(Priority.ANSWER)
    line.let.set()
    async with asyncio.timeout(60), line.session.get(line.url) as answer:
        assert answer.status == 200


async def test_what_discord_refuses_for_now_is_counted(line: Line) -> None:
    line.let.set()
    assert await line.ask("slow") == 429
    assert (line.status.retries, line.status.throttled_s) == (1, 0.5)
