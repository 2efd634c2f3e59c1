import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from core.errors import BadRequest
from core.mcp import connection
from core.mcp.server import Server
from core.mcp.servers import Servers
from core.messages import ChannelRef
from core.state.operations import Json
from core.subagents.sandbox.tree import descendants
from tests.core.subagents.host import runs

HERE = Path(__file__).parent
CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
OTHER = ChannelRef(platform="web", workspace="local", channel="other")
WILD = ("echo", "hang", "die", "long", "garbage", "rename", "huge", "bomb", "bad*", "n*n", "echo2")


def honest(folder: Path, **changes: object) -> Server:
    made = {
        "name": "honest",
        "tools": ("*",),
        "command": (sys.executable, str(HERE / "honest.py")),
        "folder": folder,
    }
    return Server(**{**made, **changes})  # type: ignore[arg-type]


def wild(folder: Path, how: str = "greets", **changes: object) -> Server:
    command = (sys.executable, str(HERE / "wild.py"), how, str(folder))
    made = {"name": "wild", "tools": WILD, "command": command, "folder": folder}
    return Server(**{**made, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def running(*some: Server) -> AsyncIterator[Servers]:
    made = Servers(some)
    try:
        yield made
    finally:
        await made.close()


async def refused(servers: Servers, name: str, channel: ChannelRef = CHANNEL) -> str:
    with pytest.raises(BadRequest) as refusal:
        await servers.call(channel, name, {})
    return str(refusal.value)


def daemon(folder: Path) -> int:
    return int((folder / "pid").read_text())


async def test_a_server_of_the_mcp_package_is_offered_called_and_told_nothing_of_the_bots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    given = honest(tmp_path, environment={"TICKETS_TOKEN": "t0ken"}, channels=("web/*/general",))
    async with running(given) as servers:
        offer = await servers.offer(CHANNEL)
        by_name = {tool.name: tool for tool in offer.tools}
        assert set(by_name) == {
            f"mcp__honest__{name}" for name in ("move", "environment", "fail", "folder", "learn")
        }
        move = by_name["mcp__honest__move"]
        assert '<untrusted from="server honest">\nMoves to a point.\n</untrusted>' in (
            move.description
        )
        assert move.parameters["required"] == ["to"]
        arguments: dict[str, Json] = {"to": {"x": 3}, "times": 2}
        told = await servers.call(CHANNEL, "mcp__honest__move", arguments)
        assert told == "moved to 3 2 times"
        assert "error: " in await servers.call(CHANNEL, "mcp__honest__move", {"to": 1})
        assert (await servers.call(CHANNEL, "mcp__honest__fail", {})).startswith("error: ")
        assert await servers.call(CHANNEL, "mcp__honest__folder", {}) == str(tmp_path)
        environment = await servers.call(CHANNEL, "mcp__honest__environment", {})
        assert "TICKETS_TOKEN=t0ken" in environment
        assert "sk-secret" not in environment
        # Another channel has nothing of it, whatever name it guesses.
        assert (await servers.offer(OTHER)).tools == ()
        assert "there is no tool" in await refused(servers, "mcp__honest__move", OTHER)
        # What it learns, later jobs are offered.
        await servers.call(CHANNEL, "mcp__honest__learn", {})
        later = {tool.name for tool in (await servers.offer(CHANNEL)).tools}
        assert later - set(by_name) == {"mcp__honest__late"}


@contextmanager
def listening(token: str) -> Iterator[str]:
    """A server over HTTP; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        command = [sys.executable, str(HERE / "honest.py"), str(door.fileno()), token]
        process = subprocess.Popen(command, pass_fds=(door.fileno(),))
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}/mcp"
        finally:
            process.kill()
            process.wait()


async def test_a_server_over_http_is_shown_its_token_and_another_turns_us_away(
    tmp_path: Path,
) -> None:
    with listening("w1ki") as url:
        good = honest(tmp_path, command=(), url=url, token="w1ki", tools=("m*",))
        bad = honest(tmp_path, command=(), url=url, token="guess", name="stranger")
        async with running(good, bad) as servers:
            offer = await servers.offer(CHANNEL)
            assert [tool.name for tool in offer.tools] == ["mcp__honest__move"]
            assert offer.away == ("stranger",)
            assert await servers.call(CHANNEL, "mcp__honest__move", {"to": {"x": 1}})
            assert "there is no tool" in await refused(servers, "mcp__honest__fail")


async def test_whatever_a_wild_server_says_costs_it_that_tool_alone(tmp_path: Path) -> None:
    async with running(wild(tmp_path, timeout_s=5.0, result_chars=500)) as servers:
        offer = await servers.offer(CHANNEL)
        names = [tool.name.removeprefix("mcp__wild__") for tool in offer.tools]
        assert names[:6] == ["echo", "hang", "die", "long", "garbage", "rename"]
        assert set(names[6:]) == {"bad___31mname"}  # of two that look alike, one
        (echo,) = [tool for tool in offer.tools if tool.name == "mcp__wild__echo"]
        assert echo.description.count("</untrusted>") == 1
        assert echo.description.endswith("</untrusted>")
        assert "<said" not in echo.description
        assert not set("\u202e\x1b\U000e0041") & set(echo.description)
        assert len(echo.description) < 1200
        assert "after the garbage" in await servers.call(CHANNEL, "mcp__wild__garbage", {})
        told = await servers.call(CHANNEL, "mcp__wild__long", {})
        assert told.startswith("a[31mbz")
        assert "more characters were cut here" in told
        assert len(told) < 600
        hanging, quick = await asyncio.gather(
            servers.call(CHANNEL, "mcp__wild__hang", {}),
            servers.call(CHANNEL, "mcp__wild__echo", {}),
        )
        assert hanging == "error: it did not answer in time"
        assert quick == "echo was here"
        await servers.call(CHANNEL, "mcp__wild__rename", {})
        again = [tool.name for tool in (await servers.offer(CHANNEL)).tools]
        assert "mcp__wild__echo2" in again
        assert "mcp__wild__echo" in again  # the second of that name is there now


async def test_one_that_dies_is_told_with_its_last_words_and_started_again(tmp_path: Path) -> None:
    async with running(wild(tmp_path)) as servers:
        await servers.offer(CHANNEL)
        first = daemon(tmp_path)
        told = await refused(servers, "mcp__wild__die")
        assert "it has ended (out of cheese)" in told
        assert "may have had effects" in told
        assert (await servers.offer(CHANNEL)).away == ()
        assert await servers.call(CHANNEL, "mcp__wild__echo", {}) == "echo was here"
        assert not runs(first)
        second = daemon(tmp_path)
        assert runs(second)
    assert not runs(second)


async def test_one_that_says_nothing_is_away_and_nothing_of_it_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "START_S", 0.5)
    others = set(descendants(os.getpid()))
    async with running(wild(tmp_path, "mute")) as servers:
        offers = await asyncio.gather(*(servers.offer(CHANNEL) for _ in range(5)))
        assert {offer.away for offer in offers} == {("wild",)}
        assert set(descendants(os.getpid())) <= others


async def test_one_that_never_stops_talking_is_ended(tmp_path: Path) -> None:
    others = set(descendants(os.getpid()))
    async with running(wild(tmp_path, "flood")) as servers:
        assert (await servers.offer(CHANNEL)).away == ("wild",)
        line = servers._connections["wild"]._line
        assert line is not None
        await line.gone.wait()
        assert set(descendants(os.getpid())) <= others


async def test_when_the_bot_is_gone_the_server_and_what_it_left_behind_go_too(
    tmp_path: Path,
) -> None:
    async with running(wild(tmp_path)) as servers:
        await servers.offer(CHANNEL)
        line = servers._connections["wild"]._line
        assert line is not None
        left = os.pidfd_open(daemon(tmp_path))
        line.let_go()  # what the process sees of a dead bot: its input ends
        await line.gone.wait()
        assert not runs(daemon(tmp_path))
        os.close(left)


async def test_when_the_process_that_listens_is_killed_the_server_goes_too(tmp_path: Path) -> None:
    async with running(wild(tmp_path)) as servers:
        await servers.offer(CHANNEL)
        line = servers._connections["wild"]._line
        assert line is not None
        listener = line.transport.get_pid()
        left = [*descendants(listener), daemon(tmp_path)]
        os.kill(listener, signal.SIGKILL)
        await line.gone.wait()
        assert not any(map(runs, left))
        # The next use starts it again.
        assert await servers.call(CHANNEL, "mcp__wild__echo", {}) == "echo was here"


async def test_what_lacks_something_is_away_without_being_tried(tmp_path: Path) -> None:
    async with running(wild(tmp_path, lacks="the package mcp is not installed")) as servers:
        assert (await servers.offer(CHANNEL)).away == ("wild",)
        assert not (tmp_path / "pid").exists()


def test_no_secret_is_in_what_a_server_is_printed_as() -> None:
    server = Server(name="a", tools=("*",), environment={"A": "s3cret"}, token="s3cret")
    assert "s3cret" not in repr(server)
