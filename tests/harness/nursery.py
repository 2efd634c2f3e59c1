"""Bots born by a fork from one process that has loaded the program: a start without its imports,
which are nine tenths of it. What starts, and what the start itself is like, it does not know.

`python -m tests.harness.nursery N` is that process; N is its end of a socket, and it lives for as
long as the other end is open.
"""

import asyncio
import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# All that a bot loads, also what it leaves until it is needed.
LOADED = (
    "bot.cli", "bot.browser", "bot.wiring", "uvloop", "core.model.transport", "core.fetch.fetcher",
    "core.model.offline.model",
    "adapters.web.markdown", "adapters.discord.adapter", "adapters.slack.adapter",
    "adapters.telegram.adapter",
)  # fmt: skip
_NO_CACHE = {"PYTHONDONTWRITEBYTECODE"}
_NUMBER = struct.Struct("i")
_LONGEST = 100_000  # bytes of an order


class Born:
    """A process, as asyncio's own are: its id, its output, its end."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, life: socket.socket) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._life = life

    def kill(self) -> None:
        """SIGKILL, no matter if it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait until it has ended; its exit code, or the signal's number below zero."""
        if self.returncode is None:
            self.returncode = await _number(self._life)
            self._life.close()
        return self.returncode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    arguments: Sequence[str]
    folder: str
    environment: Mapping[str, str]


async def born(
    arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: int
) -> Born:
    """`python -m bot` with these arguments. `log` is the descriptor for its standard error."""
    order = _Order(arguments=arguments, folder=str(folder), environment=environment)
    # Who is called off in the middle leaves nothing behind: the newborn dies with its socket.
    with ExitStack() as ours:
        with ExitStack() as theirs:
            life, its_life = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.enter_context(life)
            theirs.enter_context(its_life)
            out, its_out = os.pipe()
            theirs.callback(os.close, its_out)
            stdout = await _reader(out, ours)
            given = [its_out, log, its_life.fileno()]
            socket.send_fds(_nursery(), [json.dumps(asdict(order)).encode()], given)
        life.setblocking(False)
        newborn = Born(await _number(life), stdout, life)
        ours.pop_all()
    return newborn


async def _reader(descriptor: int, stack: ExitStack) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe = stack.enter_context(os.fdopen(descriptor, "rb", 0))
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    stack.callback(transport.close)
    return reader


async def _number(life: socket.socket) -> int:
    received = await asyncio.get_running_loop().sock_recv(life, _NUMBER.size)
    if not received:
        raise RuntimeError("the nursery has died")
    (number,) = _NUMBER.unpack(received)
    return int(number)


@functools.cache
def _nursery() -> socket.socket:
    """The nursery of this process, from the first birth to the end."""
    control, its_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # What it compiles is kept, whatever the tests do: it is there for every program after it.
    kept = {name: value for name, value in os.environ.items() if name not in _NO_CACHE}
    with its_control:
        number = its_control.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(number)], cwd=ROOT, env=kept, pass_fds=[number]
        )

    def end() -> None:
        control.close()
        process.wait()

    atexit.register(end)
    return control


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    pid: int
    watched: int
    life: socket.socket


def _serve(control: socket.socket) -> _Order | None:
    """Bear who is ordered. Returns None when nobody can order any more, in a newborn its order."""
    living: dict[int, _Child] = {}
    with selectors.DefaultSelector() as waiting:
        waiting.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                child: _Child | None = key.data
                if child is not None:
                    if key.fd == child.watched:
                        _bury(living.pop(child.pid), waiting)
                    elif child.pid in living:
                        # Its parents are gone, or were called off before they knew it.
                        waiting.unregister(key.fd)
                        _kill([child.pid])
                    continue
                text, given, _, _ = socket.recv_fds(control, _LONGEST, 3)
                if not text:
                    _kill(living)
                    return None
                pid = os.fork()
                if not pid:
                    _stand_on_own(given)
                    return _Order(**json.loads(text))
                child = _Child(pid=pid, watched=os.pidfd_open(pid), life=_told(given, pid))
                living[pid] = child
                waiting.register(child.watched, selectors.EVENT_READ, child)
                waiting.register(child.life, selectors.EVENT_READ, child)


def _told(given: Sequence[int], pid: int) -> socket.socket:
    """The socket by which the parents have been told of a birth."""
    *others, number = given
    for descriptor in others:
        os.close(descriptor)
    life = socket.socket(fileno=number)
    with suppress(OSError):
        life.send(_NUMBER.pack(pid))
    return life


def _bury(child: _Child, waiting: selectors.BaseSelector) -> None:
    waiting.unregister(child.watched)
    with suppress(KeyError):  # as when its parents have gone first
        waiting.unregister(child.life)
    os.close(child.watched)
    _, status = os.waitpid(child.pid, 0)
    with child.life, suppress(OSError):
        child.life.send(_NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _stand_on_own(given: Sequence[int]) -> None:
    """Be a process as if just started: own output, and nothing else of the nursery's."""
    out, log, _ = given
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(log, 2)
    sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115 - they are descriptors
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _live(order: _Order) -> None:
    os.closerange(3, 1024)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    # It looks at its environment when it is loaded; those who use it have its functions already.
    importlib.reload(importlib.import_module("core.commit_points"))
    sys.argv = ["bot", *order.arguments]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        order = _serve(control)
    if order is not None:
        _live(order)


if __name__ == "__main__":
    _main()
