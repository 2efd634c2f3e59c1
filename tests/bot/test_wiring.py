"""The bot's stop, as whoever started it sees it. Of what goes on then: tests/whole/test_stop.py."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness.play import Play, finish, say, starting
from tests.harness.room import room

ROOT = Path(__file__).parents[2]
WITHIN_S = 25.0  # less than the thirty that a model may take
GOODBYE_S = 10.0  # what a page that says nothing would be waited for
HANGS = """
import asyncio, time
from bot.wiring import stop_asked
async def main():
    asked = stop_asked()
    print("ready", flush=True)
    await asked.wait()
    print("asked", flush=True)
    time.sleep(3600)  # not even the loop runs
asyncio.run(main())
"""
HUNG_UP = """
import asyncio, os, signal, sys
from bot.wiring import stop_asked
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
async def main():
    asked = stop_asked()
    heard = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, heard.set)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if not asked.is_set():
            heard.clear()
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGUSR1)  # handled after what came before it
            await heard.wait()
            print(asked.is_set(), flush=True)
asyncio.run(main())
"""
COLLECTS = """
import gc, os, signal, sys
from bot import cli, wiring
run = wiring.run
def watched(config, ready):
    def tell(address):
        print(gc.isenabled(), gc.get_freeze_count() > 50_000, flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    return run(config, tell)
wiring.run = watched
cli.thaw(["run", "--config", sys.argv[1]])
"""
UPGRADE = """GET /socket HTTP/1.1
Host: {host}
Origin: http://{host}
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

"""


def from_a_terminal() -> None:
    """In a child before it begins: tests that run under nohup would hand that on to it."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[tuple[Process, str]]:
    """A bot of its own that is ready, and its address; its log can be read. Killed at the end."""
    config = folder / "config.toml"
    config.write_text('[bot]\ndata_dir = "data"\nlog = "json"\n[web]\nport = 0\n')
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--config", str(config),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE,
        env={name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"},
        preexec_fn=from_a_terminal,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        yield process, line.rpartition(" ")[2].strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def logged(process: Process, event: str) -> None:
    """Return when the bot has logged this."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        async for line in process.stderr:
            if json.loads(line)["event"].startswith(event):
                return
    raise AssertionError(f"ended without {event!r}")


@asynccontextmanager
async def deaf_page(address: str) -> AsyncIterator[None]:
    """A page that has connected and does nothing any more: it does not even say goodbye."""
    host = address.removeprefix("http://").rstrip("/")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
    writer.write(UPGRADE.format(host=host).replace("\n", "\r\n").encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in answer
    yield
    writer.close()


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", STOPPING)
async def test_a_page_that_does_not_answer_does_not_hold_up_the_stop(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with started(tmp_path) as (process, address), deaf_page(address):
        before = time.monotonic()
        process.send_signal(number)
        await logged(process, "stopping")
        assert await process.wait() == 0
        assert time.monotonic() - before < GOODBYE_S


@pytest.mark.parametrize("number", STOPPING)
async def test_a_second_signal_ends_at_once_whatever_hangs(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HANGS, cwd=ROOT, stdout=PIPE, stderr=PIPE, preexec_fn=from_a_terminal
    )
    assert process.stdout is not None
    for line in (b"ready\n", b"asked\n"):
        assert await process.stdout.readline() == line
        process.send_signal(number)
    _, said = await process.communicate()
    assert (process.returncode, said) == (-number, b"")


@pytest.mark.parametrize(("before", "outlived"), [("SIG_IGN", 1), ("SIG_DFL", 0)])
def test_a_bot_outlives_its_terminal_only_with_nohup(before: str, outlived: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HUNG_UP, before], cwd=ROOT, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    assert ended.stdout.split() == ["False"] * outlived + ["True"]


@pytest.mark.needs_system("bubblewrap")
async def test_a_busy_bot_stops_within_seconds_and_leaves_nothing_running(tmp_path: Path) -> None:
    briefs = [f"job {number}" for number in range(8)]
    hanging = [Reply(calls=[("shell", {"command": "sleep 600"})]), finish("done")]
    play = Play({"go": starting(*briefs)}, dict.fromkeys(briefs, hanging))
    async with room(tmp_path, play) as r:
        for number in range(5):
            await r.another_page(name=f"page {number}")
        await r.page.ask("go")
        for number in range(1, 9):
            await r.page.card(number, lambda card: "sleep" in card.step)
        before = time.monotonic()
        assert await r.bot.stop(signal.SIGINT) == 0
        assert time.monotonic() - before < WITHIN_S
        await r.bot.nothing_left()
        log = r.bot.log()
        assert all(brief not in log for brief in briefs)
        await r.bot.start()


@pytest.mark.parametrize("form", ["text", "json"])
async def test_the_log_has_no_word_of_people_and_models_and_no_key(
    tmp_path: Path, form: str
) -> None:
    # A server that repeats what it was sent in its refusal, as some do.
    refusal = Reply(status=400, body='{"error": {"message": "no: sk-hush, Xanadu of ana"}}')
    play = Play({"Xanadu": [refusal], "go": starting("Kubla"), "hm": [say("Alph")]})
    async with room(
        tmp_path, play, sections={"bot": {"log": form}}, environment={"OPENAI_API_KEY": "sk-hush"}
    ) as r:
        for text in ("Xanadu", "go", "hm", "/set Coleridge 1", "/steer 1 Abora", "/nonsense Abora"):
            await r.page.ask(text)
        await r.page.result(1)
        assert await r.bot.stop() == 0
        said = r.bot.log()
        assert "stopping" in said
        for word in ("sk-hush", "Xanadu", "Kubla", "Alph", "Coleridge", "Abora"):
            assert word not in said
        await r.bot.start()


async def test_garbage_is_collected_again_once_the_bot_is_ready(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[bot]\ndata_dir = "data"\n[web]\nport = 0\n')
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COLLECTS, str(config), cwd=ROOT, stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert (process.returncode, said) == (0, b"True True\n")
