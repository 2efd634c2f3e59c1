"""One session with a server by the `mcp` package: its tools, its results, its end. Starts it, and
is told by its process when to stop. Loads the package, so that only that process imports this."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

from core.mcp.answers import Bounded
from core.mcp.result import result_text
from core.mcp.schema import Unfit, rebuilt, words
from core.mcp.server import Listing, Tool
from core.mcp.talk import Ended, Has, Ready, Said, Word
from core.state.operations import Json
from core.subagents.sandbox.tree import descendants

MOST_TOOLS = 40
"""Of one server that are offered: each is sent with every call of a model."""
_MOST_PAGES = 20
_MOST_LISTED = 1000
_MOST_LEFT = 20
_MOST_UNASKED = 2000
_LONGEST_WHY = 400
_LAST_WORDS_S = 0.3


class Session:
    """`say` takes what the bot is told; `over` is set when there is no server any more; `bound` is
    called once the server runs, before anything of it is read."""

    def __init__(
        self,
        given: dict[str, Any],
        say: Callable[[Word], None],
        over: Any,
        bound: Callable[[], None],
    ) -> None:
        self._given = given
        self._say = say
        self._over = over
        self._bound = bound
        self.broken = False
        """Whether it has ended by itself, or was too much."""
        self._unasked = 0
        self._complaints = Complaints()
        self._client: Client

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Greet it. Raises whatever goes wrong."""
        try:
            async with Client(
                self._transport(),
                message_handler=self._heard,
                read_timeout_seconds=self._given["timeout_s"],
                cache=None,
            ) as self._client:
                self._say(Ready())
                yield
        except BaseException as error:
            last = self._complaints.last()
            if last and isinstance(error, Exception):
                raise Gone(f"{Session.words(error)} ({last})") from error
            raise

    async def answer(self, number: int, what: Any) -> None:
        """Do what was asked under a number, and say what came of it."""
        self._unasked = 0
        try:
            if what == "list":
                self._say(Has(id=number, listing=await self._listing()))
            else:
                self._say(Said(id=number, **await self._call(**what)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the server's doing
            if isinstance(error, MCPError) and error.error.code == CONNECTION_CLOSED:
                # What it complained of before may still be on its way.
                asyncio.get_running_loop().call_later(_LAST_WORDS_S, self._end, "it has ended")
                return
            self._say(Said(id=number, text=self.words(error), failed=True))

    async def _call(self, tool: str, arguments: dict[str, Json]) -> dict[str, Any]:
        result = await self._client.call_tool(tool, arguments)
        text = result_text(result, self._given["result_chars"])
        return {"text": text, "failed": bool(result.is_error)}

    async def _listing(self) -> Listing:
        found, cursor = [], None
        for _ in range(_MOST_PAGES):
            page = await self._client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if cursor is None or len(found) > _MOST_LISTED:
                break
        tools: dict[str, Tool] = {}
        left: list[str] = []
        for one in found[:_MOST_LISTED]:
            if not any(fnmatchcase(one.name, pattern) for pattern in self._given["tools"]):
                continue
            try:
                if one.name in tools:
                    raise Unfit("is there twice")
                if len(tools) == MOST_TOOLS:
                    raise Unfit(f"is one too many: {MOST_TOOLS} are offered at most")
                made = Tool(
                    name=one.name,
                    description=words(one.description),
                    schema=rebuilt(one.input_schema),
                )
                tools[one.name] = made
            except Unfit as unfit:
                left.append(f"{words(one.name, 60)!r} {unfit}")
        return Listing(tools=tuple(tools.values()), count=len(found), left=tuple(left[:_MOST_LEFT]))

    async def _heard(self, message: object) -> None:
        """What the server says unasked: nothing of it is used, and it has an end."""
        self._unasked += 1
        if self._unasked == _MOST_UNASKED:
            self._end("it sends messages without end that nobody asked for")

    def _end(self, why: str) -> None:
        if self.broken:
            return
        last = self._complaints.last()
        self._say(Ended(why=f"{why} ({last})" if last else why))
        self.broken = True
        self._over.set()

    @contextlib.asynccontextmanager
    async def _transport(self) -> AsyncGenerator[Any, None]:
        async with self._bare() as streams:
            self._bound()
            with self._watching():
                yield streams

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        """Notice the end of a command also where something that it left behind holds its pipe."""
        started = descendants(os.getpid())
        if not started:
            yield
            return
        loop = asyncio.get_running_loop()
        fd = os.pidfd_open(started[0])

        def ended() -> None:
            loop.remove_reader(fd)
            # What it said before may still be on its way.
            loop.call_later(_LAST_WORDS_S, self._end, "it has ended")

        loop.add_reader(fd, ended)
        try:
            yield
        finally:
            loop.remove_reader(fd)
            os.close(fd)

    def _bare(self) -> Any:
        given = self._given
        if given["url"]:
            headers = {"Authorization": f"Bearer {given['token']}"} if given["token"] else {}
            timeout = httpx2.Timeout(30.0, read=given["timeout_s"])
            client = httpx2.AsyncClient(
                headers=headers, timeout=timeout, trust_env=False, transport=Bounded()
            )
            return _closing(client, streamable_http_client(given["url"], http_client=client))
        program, *arguments = given["command"]
        server = StdioServerParameters(
            command=program,
            args=arguments,
            env=given["environment"],
            cwd=given["folder"],
            encoding_error_handler="replace",
        )
        return stdio_client(server, errlog=self._complaints.writer())

    @staticmethod
    def words(error: BaseException) -> str:
        """An error of the package, or of a server, in few words."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, MemoryError):
            return "it sent more than the memory for it holds"
        if isinstance(error, MCPError) and error.error.code == REQUEST_TIMEOUT:
            return "it did not answer in time"
        if isinstance(error, httpx2.TimeoutException):
            return "it did not answer in time"
        text = words(str(error), _LONGEST_WHY)
        return text or type(error).__name__


class Gone(Exception):
    """The server has ended, or was never there; the text says why."""


@contextlib.asynccontextmanager
async def _closing(client: httpx2.AsyncClient, transport: Any) -> AsyncGenerator[Any, None]:
    async with client, transport as streams:
        yield streams


class Complaints:
    """The last that a command wrote to its standard error, kept by a thread."""

    _KEPT = 2000

    def __init__(self) -> None:
        self._kept = bytearray()

    def writer(self) -> Any:
        """What the command is to write to."""
        reading, writing = os.pipe()
        threading.Thread(target=self._keep, args=(reading,), daemon=True).start()
        return os.fdopen(writing, "w")

    def last(self) -> str:
        """Its last line, for people."""
        lines = self._kept.decode("utf-8", "replace").strip().splitlines()
        return words(lines[-1], _LONGEST_WHY) if lines else ""

    def _keep(self, fd: int) -> None:
        while piece := os.read(fd, 1 << 16):
            self._kept += piece
            del self._kept[: -self._KEPT]
