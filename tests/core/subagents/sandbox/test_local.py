import asyncio
import gc
import py_compile
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents import protocol
from core.subagents.protocol import MAX_LINE, ProtocolError, Result
from core.subagents.sandbox import Sandbox, SandboxSpec, launch, lines, mounts
from core.subagents.sandbox.bubblewrap import Bubblewrap
from core.subagents.sandbox.choose import bubblewrap_here
from core.subagents.sandbox.local import LocalSandbox
from core.subagents.sandbox.process import Running, Spawned
from tests.core.subagents.host import Host, ended, hosted, runs, spec

pytestmark = pytest.mark.needs_system("bubblewrap")

HELLO = b'{"kind":"hello","id":1,"version":1}'
OPENED = """
import os, socket, sys, time
told = dict(word.split("=", 1) for word in sys.argv[1:])
line = socket.socket(fileno=int(told["line"]))
"""


@pytest.fixture
def here(tmp_path: Path) -> Bubblewrap:
    program = shutil.which("bwrap")
    assert program is not None
    return bubblewrap_here(program, tmp_path / "run", launch.bundle(tmp_path / "run"))[0]


@pytest.fixture
def hostile(here: Bubblewrap, tmp_path: Path) -> Callable[[str], LocalSandbox]:
    """A sandbox in which another program runs in place of the runtime."""

    def make(program: str) -> LocalSandbox:
        folder = tmp_path / "hostile"
        (folder / "runtime").mkdir(parents=True)
        source = folder / "start.py"
        source.write_text(OPENED + program)
        py_compile.compile(str(source), cfile=str(folder / "runtime" / "start.pyc"))
        seen = mounts.fixed(tmp_path / "run", folder, launch.inside_interpreter())
        way = replace(here, fixed=seen)
        return LocalSandbox(
            name="hostile", isolates=True, commands_off="", spawn=way.spawn, patience_s=2.0
        )

    return make


async def test_garbage_comes_as_lines_and_nothing_breaks(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    sandbox = hostile("line.sendall(b'\\xff\\x00garbage\\n\\n{}\\n' * 1000); line.recv(1)")
    process = await sandbox.start(spec(workspace))
    assert [await process.receive() for _ in range(3)] == [b"\xff\x00garbage", b"", b"{}"]
    assert (await ended(process)).killed is not None


async def test_a_line_of_100_mb_is_refused_and_never_kept(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    sandbox = hostile(
        f"line.sendall({HELLO!r} + b'\\n')\nfor _ in range(100): line.sendall(b'x' * (1 << 20))"
    )
    process = await sandbox.start(spec(workspace))
    assert await process.receive() == HELLO
    with pytest.raises(ProtocolError, match="more than"):
        await process.receive()
    kept = process.lines._buffer
    assert len(kept) == 0
    await ended(process)


async def test_a_line_of_exactly_the_limit_arrives_and_one_byte_more_does_not(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    sandbox = hostile(
        f"line.sendall(b'x' * {MAX_LINE} + b'\\n' + b'y' * {MAX_LINE + 1} + b'\\n'); line.recv(1)"
    )
    process = await sandbox.start(spec(workspace))
    assert await process.receive() == b"x" * MAX_LINE
    with pytest.raises(ProtocolError, match="more than"):
        await process.receive()
    await ended(process)


async def test_who_is_not_listened_to_has_to_wait(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    sandbox = hostile("while True: line.sendall(b'{}\\n' * 100_000)")
    process = await sandbox.start(spec(workspace))
    for _ in range(3):
        assert await process.receive() == b"{}"
    assert len(process.lines._buffer) < MAX_LINE + (1 << 19)
    await ended(process)


async def test_what_says_nothing_is_given_up(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    with pytest.raises(SandboxUnavailable, match="said nothing"):
        await hostile("time.sleep(1000)").start(spec(workspace))


async def test_it_lives_on_when_nobody_holds_the_sandbox_that_started_it(
    here: Bubblewrap, workspace: Path
) -> None:
    process = await LocalSandbox(
        name="short", isolates=True, commands_off="", spawn=here.spawn
    ).start(spec(workspace))
    gc.collect()
    host = await Host(process).welcome()
    await host.finish(result="x")
    assert (await process.wait()).code == 0


async def test_what_ends_at_once_is_told_with_its_last_words(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    with pytest.raises(SandboxUnavailable, match="ZeroDivisionError"):
        await hostile("1/0").start(spec(workspace))


async def test_what_never_reads_is_given_up_and_not_buffered_without_end(
    hostile: Callable[[str], LocalSandbox], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PATIENCE_S", 0.3)
    process = await hostile(f"line.sendall({HELLO!r} + b'\\n'); time.sleep(1000)").start(
        spec(workspace)
    )
    line = protocol.encode(1, Result(text="x" * 100_000))
    with pytest.raises(ProtocolError, match="does not read"):
        await asyncio.gather(*(process.send(line) for _ in range(10)))
    await ended(process)


async def test_an_end_for_want_of_memory_is_told_as_such(
    hostile: Callable[[str], LocalSandbox], workspace: Path, here: Bubblewrap
) -> None:
    if here.groups is None:
        pytest.skip("needs a place to make control groups")
    eat = f"line.sendall({HELLO!r} + b'\\n')\nx = []\nwhile True: x.append(b'x' * (1 << 20))"
    process = await hostile(eat).start(spec(workspace, memory_mb=64))
    end = await process.wait()
    assert (end.signal, end.killed) == (9, "memory: more than the 64 MB that a job may use")


async def test_its_complaints_are_bounded(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    words = f"line.sendall({HELLO!r} + b'\\n')\n"
    words += "for _ in range(100): os.write(2, b'no' * 50_000)\nos.write(2, b'end')"
    process = await hostile(words).start(spec(workspace))
    end = await process.wait()
    assert end.stderr.endswith("end")
    assert len(end.stderr) == 4000


async def test_sending_to_what_has_ended_raises_nothing(
    hostile: Callable[[str], LocalSandbox], workspace: Path
) -> None:
    process = await hostile(f"line.sendall({HELLO!r} + b'\\n')").start(spec(workspace))
    assert (await process.wait()).code == 0
    for _ in range(3):
        await process.send(protocol.encode(1, Result(text="x" * 1_000_000)))
    assert await process.receive() in (HELLO, None)


async def test_a_cancelled_start_leaves_nothing(bubblewrap: Sandbox, workspace: Path) -> None:
    for turns in (0, 1, 2, 5, 10, 50):
        starting = asyncio.create_task(bubblewrap.start(spec(workspace)))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    left = await asyncio.create_subprocess_exec(
        "pgrep", "-f", f"bwrap.*{workspace}", stdout=asyncio.subprocess.PIPE
    )
    assert (await left.communicate())[0] == b""
    async with hosted(bubblewrap, spec(workspace)) as host:  # and the places are free again
        assert "exit code 0" in await host.shell("true")


async def test_a_start_that_is_cancelled_while_it_begins_to_listen_leaves_nothing(
    bubblewrap: Sandbox, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Running] = []
    begins, goes_on = asyncio.Event(), asyncio.Event()
    listen = Running.listen

    async def slowly(self: Running) -> None:
        begun.append(self)
        begins.set()
        await goes_on.wait()
        await listen(self)

    monkeypatch.setattr(Running, "listen", slowly)
    starting = asyncio.create_task(bubblewrap.start(spec(workspace)))
    await begins.wait()
    for _ in range(2):  # who cancels may be impatient
        starting.cancel()
        await asyncio.sleep(0)
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert (await begun[0].wait()).killed == "it was cancelled at its start"
    assert not runs(begun[0].pid)


async def test_a_cancelled_start_that_fails_is_cancelled_all_the_same(tmp_path: Path) -> None:
    going, done = threading.Event(), threading.Event()

    def fail(given: SandboxSpec, number: int) -> Spawned:
        going.set()
        done.wait(60)
        raise SandboxUnavailable("no")

    sandbox = LocalSandbox(name="test", isolates=True, commands_off="", spawn=fail)
    starting = asyncio.create_task(sandbox.start(spec(tmp_path)))
    await asyncio.to_thread(going.wait, 10)
    starting.cancel()
    await asyncio.sleep(0)
    done.set()
    with pytest.raises(asyncio.CancelledError):
        await starting


async def test_sixty_four_run_at_once(bubblewrap: Sandbox, tmp_path: Path) -> None:
    folders = [tmp_path / f"w{number}" for number in range(64)]
    for folder in folders:
        folder.mkdir()
    processes = await asyncio.gather(*(bubblewrap.start(spec(folder)) for folder in folders))
    hosts = await asyncio.gather(*(Host(process).welcome() for process in processes))
    results = await asyncio.gather(
        *(host.shell(f"echo {number} > n; cat n") for number, host in enumerate(hosts))
    )
    assert results == [f"exit code 0\n{number}\n" for number in range(64)]
    assert [(folder / "n").read_text() for folder in folders] == [f"{n}\n" for n in range(64)]
    ends = await asyncio.gather(*(ended(process) for process in processes))
    assert {end.killed for end in ends} == {"the test is over"}
    assert not [process for process in processes if runs(process.pid)]  # type: ignore[attr-defined]


async def test_waiting_may_be_cancelled_and_done_again(
    bubblewrap: Sandbox, workspace: Path
) -> None:
    process = await bubblewrap.start(spec(workspace))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.wait(), 0.05)
    await process.kill("first")
    await process.kill("second")
    ends = await asyncio.gather(process.wait(), process.wait())
    assert [end.killed for end in ends] == ["first", "first"]


async def test_a_workspace_that_is_not_there_is_told(bubblewrap: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="missing"):
        await bubblewrap.start(spec(tmp_path / "missing"))
