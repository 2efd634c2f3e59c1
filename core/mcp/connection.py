"""The bot's side of one server: its process is started when it is needed, ended when it is not, and
killed when it hangs. Parses nothing that a server wrote."""

import asyncio
import sys
from asyncio import SubprocessTransport, WriteTransport
from collections.abc import Callable, Mapping
from functools import partial
from os import environ
from pathlib import Path
from time import monotonic
from typing import cast

from core.mcp.orphans import MARK, end_marked, new_mark
from core.mcp.server import Listing, Server
from core.mcp.talk import MOST_BYTES, Ended, Has, Ready, Said, Unheard, asking, heard, opening
from core.state.operations import Json
from core.subagents.sandbox.tree import kill_all

START_S = 20.0
"""How long a server may take to its greeting."""
IDLE_S = 300.0
"""How long it is kept while nobody asks it for anything."""
FORGOTTEN_S = 15.0
"""How long after one failed start the next is tried."""
_AT_ONCE = 8
_SLACK_S = 5.0
_ROOT = Path(__file__).parents[2]
# What programs need to be found and to find others; no key of the bot's is among it.
_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Unreachable(Exception):
    """The server cannot be used now; the text goes on from its name, and is partly its own."""


class Line(asyncio.SubprocessProtocol):
    """A process that talks to a server, which has the mark in its environment."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._sweep: asyncio.Future[None] | None = None
        self.transport: SubprocessTransport
        self.pending: dict[int, asyncio.Future[Said | Has]] = {}
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: str | None = None
        self.gone = asyncio.Event()
        self._came = bytearray()

    def send(self, line: bytes) -> None:
        """Say something to it."""
        stdin = self.transport.get_pipe_transport(0)
        if stdin is not None and not stdin.is_closing():
            cast(WriteTransport, stdin).write(line)

    def let_go(self) -> None:
        """It is needed no more: it ends by itself, with all that it has started."""
        stdin = self.transport.get_pipe_transport(0)
        if stdin is not None:
            stdin.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio calls this)."""
        self.transport = cast(SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what came (asyncio calls this)."""
        self._came += data
        *lines, rest = self._came.split(b"\n")
        self._came = rest
        for line in lines:
            self._hear(bytes(line))
        if len(rest) > MOST_BYTES:
            self.end("its process sends lines without end")

    def process_exited(self) -> None:
        """End (asyncio calls this)."""
        self.end("it has ended")
        self.transport.close()
        # It ends what it has started, unless something has killed it.
        loop = asyncio.get_running_loop()
        self._sweep = loop.run_in_executor(None, end_marked, self._mark)
        self._sweep.add_done_callback(lambda _: self.gone.set())

    def end(self, why: str) -> None:
        """Whoever waits is told; the first reason counts."""
        if self.ended is not None:
            return
        self.ended = why
        if not self.ready.done():
            self.ready.set_exception(Unreachable(why))
            self.ready.exception()  # nobody may be left who takes notice of it
        for waiting in self.pending.values():
            if not waiting.done():
                waiting.set_exception(Unreachable(why))
                waiting.exception()

    def _hear(self, line: bytes) -> None:
        try:
            word = heard(line)
        except Unheard:
            self.end("its process says what cannot be understood")
            return
        match word:
            case Ready() if not self.ready.done():
                self.ready.set_result(None)
            case Ended():
                self.end(word.why)
            case Said() | Has():
                waiting = self.pending.get(word.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(word)


class Connection:
    """One server, for all jobs together."""

    def __init__(self, server: Server, clock: Callable[[], float] = monotonic) -> None:
        self.server = server
        self._clock = clock
        self._line: Line | None = None
        self._number = 0
        self._failed: tuple[float, str] | None = None
        # One start at a time, however many wait for it; whoever is cancelled there leaves it to
        # the next.
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._idle: asyncio.TimerHandle | None = None

    async def listing(self) -> Listing:
        """What it has now. Raises Unreachable."""
        try:
            word = await self._ask("list", START_S)
        except Unreachable:
            if self._failed is not None or self.server.lacks:
                raise
            # It had ended while nobody looked: asking what it has does no harm a second time.
            word = await self._ask("list", START_S)
        if isinstance(word, Has):
            return word.listing
        raise Unreachable(f"it does not say what it has: {word.text}")

    async def call(self, tool: str, arguments: Mapping[str, Json]) -> Said:
        """Have it run a tool. Raises Unreachable; the tool may have run all the same."""
        what = {"tool": tool, "arguments": dict(arguments)}
        async with self._places:
            word = await self._ask(what, self.server.timeout_s + _SLACK_S)
        assert isinstance(word, Said)
        return word

    async def close(self) -> None:
        """End it, and whatever it started."""
        if self._idle is not None:
            self._idle.cancel()
        if self._line is not None:
            await _kill(self._line)
            self._line = None

    async def _ask(self, what: object, seconds: float) -> Said | Has:
        line = await self._started()
        self._number += 1
        number = self._number
        answer: asyncio.Future[Said | Has] = asyncio.get_running_loop().create_future()
        line.pending[number] = answer
        try:
            line.send(asking(number, what))
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError as error:
            # Its process minds the time of calls itself: one that does not is stuck.
            why = "it did not answer in time, and was ended"
            self._failed = self._clock(), why
            line.end(why)
            await _kill(line)
            raise Unreachable(why) from error
        except asyncio.CancelledError:
            line.send(asking(number, "drop"))
            raise
        finally:
            del line.pending[number]
            self._rest()

    async def _started(self) -> Line:
        if self.server.lacks:
            raise Unreachable(self.server.lacks)
        async with self._starting:
            if self._line is not None and self._line.ended is None:
                return self._line
            if self._failed is not None:
                at, why = self._failed
                if self._clock() < at + FORGOTTEN_S:
                    raise Unreachable(why)
            if self._line is not None:
                await _kill(self._line)
                self._line = None
            try:
                self._line = await self._start()
            except Unreachable as error:
                self._failed = self._clock(), str(error)
                raise
            self._failed = None
            return self._line

    async def _start(self) -> Line:
        mark = new_mark()
        # uvloop's and asyncio's types differ in what they allow; both give what was made.
        _, line = await asyncio.get_running_loop().subprocess_exec(
            partial(Line, mark), sys.executable, "-P", "-c", _program(),
            stderr=asyncio.subprocess.DEVNULL, cwd="/", start_new_session=True,
            env={name: environ[name] for name in _PASSED if name in environ},
        )  # fmt: skip
        try:
            line.send(opening(self.server, {MARK: mark}))
            async with asyncio.timeout(START_S):
                await asyncio.shield(line.ready)
        except TimeoutError as error:
            await _kill(line)
            raise Unreachable(f"it did not answer within {START_S:g} s") from error
        except BaseException:
            await _kill(line)
            raise
        return line

    def _rest(self) -> None:
        """Somebody has done with it: from now on it is idle, unless others go on."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._let_go)

    def _let_go(self) -> None:
        if self._line is not None and not self._line.pending:
            self._line.end("it was not needed")
            self._line.let_go()


def _program() -> str:
    """The first words of the process: found beside this file, whatever is installed where."""
    return (
        f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from core.mcp.child import main; main()"
    )


async def _kill(line: Line) -> None:
    """End the process and all below it; return when it is gone. Cancelled, it goes on by itself."""
    line.end("it was ended")
    if not line.gone.is_set():
        await asyncio.to_thread(kill_all, line.transport.get_pid())
        await line.gone.wait()
