"""The tools that run programs: one at a time, on time, each in its own process group."""

import os
import select
from _signal import SIGCHLD, SIGKILL, SIGPIPE, SIGXFSZ, signal  # type: ignore[import-not-found]  # not enum's cost
from time import monotonic

from .output import Output
from .tree import SCRATCH, Tree

_PIECE = 1 << 16
_PIPE = 1 << 17
"""More bytes than a pipe holds: what a process can have left in one."""
_BACKGROUND = 16
_SETTLING = 1.0
_MOMENT_MS = 2
_HEAVIER, _HEAVIEST = 400, 1000
_LONGEST_ARGUMENT = 100_000


class Commands:
    """Runs programs one at a time and goes on reading from those they left in the background."""

    def __init__(self, tree: Tree, host: int, weight: int) -> None:
        """`host` is the line to the host: when it breaks, a running program is ended.

        `weight` is /proc/self/oom_score_adj, open for reading and writing.
        """
        self._tree = tree
        self._host = host
        self._weight = weight
        self._light = os.read(weight, 16).strip()
        self._heavy = str(min(int(self._light) + _HEAVIER, _HEAVIEST)).encode()
        self._count = 0
        self._background: dict[int, Output] = {}
        self._running = 0
        self._status: int | None = None
        self._held = False
        # Everything that is left behind inside becomes a child of this process in the end.
        signal(SIGCHLD, lambda *_: self._collect())

    def shell(self, command: str, timeout: float) -> str:
        """Run a command line with bash, or sh where there is none."""
        shell = "/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh"  # noqa: PTH110
        return self._run([shell, "-c", command], timeout)

    def python(self, python: str, code: str, timeout: float) -> str:
        """Run a script with the interpreter `python`, in the workspace."""
        return self._run([python, "-c", code], timeout)

    def wait(self, fd: int) -> None:
        """Return when `fd` can be read, keeping background processes from blocking meanwhile."""
        poller = self._poller(fd)
        while fd not in self._ready(poller, None):
            pass

    def end(self) -> None:
        """Kill what is left of all programs, as far as it is found below this process."""
        while children := _children():
            for child in children:
                try:
                    os.kill(child, SIGKILL)
                    os.waitpid(child, 0)
                except (ChildProcessError, ProcessLookupError):
                    continue  # it was collected just now
                except OSError:
                    return

    def _run(self, argv: list[str], timeout: float) -> str:
        if len(argv[-1].encode("utf-8", "replace")) > _LONGEST_ARGUMENT:
            raise ValueError(
                f"it is longer than {_LONGEST_ARGUMENT} bytes; write it to a file and run that"
            )
        self._count += 1
        output = Output(self._tree, f"{SCRATCH}/output-{self._count}.txt")
        reading, writing = os.pipe()
        self._held, self._status = True, None  # until it is known, nothing is collected
        try:
            # When memory runs out, the system takes what was started here, and not this process.
            os.write(self._weight, self._heavy)
            self._running = _spawn(argv, writing)
            os.write(self._weight, self._light)
            watch = os.pidfd_open(self._running)
        except (OSError, ValueError) as error:
            os.close(reading)
            raise ValueError(f"the program could not be started: {error}") from None
        finally:
            os.close(writing)
            self._held = False
        status = self._follow(watch, reading, output, timeout)
        if status is None:
            self._settle(reading, output)
        left = self._leave(reading, output)
        return _told(status, timeout, output, left=left)

    def _collect(self) -> None:
        """Take leave of all that have ended, and keep how the running program did."""
        try:
            while not self._held:
                process, status = os.waitpid(-1, os.WNOHANG)
                if process == 0:
                    return
                if process == self._running:
                    self._status = status
        except ChildProcessError:
            return

    def _follow(self, watch: int, reading: int, output: Output, timeout: float) -> int | None:
        """Read until the program has ended; kill it with its group if time or host end first.

        Returns its status, None when it was killed.
        """
        poller = self._poller(watch)
        poller.register(reading, select.POLLIN)
        poller.register(self._host, 0)
        deadline = monotonic() + timeout
        try:
            while (left := deadline - monotonic()) > 0:
                ready = self._ready(poller, left * 1000 + 1)
                if reading in ready:
                    piece = os.read(reading, _PIECE)
                    output.add(piece)
                    if not piece:
                        poller.unregister(reading)
                if watch in ready or self._host in ready:
                    break
        finally:
            os.close(watch)
        self._collect()
        self._held = True  # a pid that is to be killed must stay that of the program
        status = self._status
        if status is None:
            os.killpg(self._running, SIGKILL)
        self._held = False
        return status

    def _poller(self, fd: int) -> select.poll:
        poller = select.poll()
        for other in (fd, *self._background):
            poller.register(other, select.POLLIN)
        return poller

    def _ready(self, poller: select.poll, timeout: float | None) -> list[int]:
        """Wait for descriptors that are ready; those of background processes are read here."""
        ready = [fd for fd, _ in poller.poll(timeout)]
        for fd in ready:
            if fd in self._background and not self._drain(fd):
                poller.unregister(fd)
        return ready

    def _settle(self, reading: int, output: Output) -> None:
        """Read the last words of a killed group, and wait until it is gone: its members take a
        moment, and until then they count against the processes that the next program may have."""
        poller = select.poll()
        poller.register(reading, select.POLLIN)
        deadline = monotonic() + _SETTLING
        while (left := deadline - monotonic()) > 0 and poller.poll(left * 1000):
            piece = os.read(reading, _PIECE)
            output.add(piece)
            if not piece:
                break
        moment = select.poll()
        while _there_is(self._running) and monotonic() < deadline:
            moment.poll(_MOMENT_MS)
            self._collect()

    def _leave(self, reading: int, output: Output) -> bool:
        """Take what is left in the pipe; say if something in the background still holds it."""
        os.set_blocking(reading, False)
        self._background[reading] = output
        taken = 0
        while taken < _PIPE:
            before = output.size
            if not self._drain(reading):
                return False
            if output.size == before:
                break
            taken += output.size - before
        output.keep()
        if len(self._background) > _BACKGROUND:
            self._forget(next(iter(self._background)))
        return True

    def _drain(self, fd: int) -> bool:
        """Read once; return whether more may come."""
        output = self._background[fd]
        try:
            piece = os.read(fd, _PIECE)
        except BlockingIOError:
            return True
        output.add(piece)
        if piece and not output.full:
            return True
        self._forget(fd)
        return False

    def _forget(self, fd: int) -> None:
        self._background.pop(fd).close()
        os.close(fd)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def _there_is(group: int) -> bool:
    """Whether anything is left of a process group, be it what nobody has taken leave of yet."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _spawn(argv: list[str], writing: int) -> int:
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_DUP2, writing, 2),
    ]
    # The interpreter ignores these two; programs expect to be ended by them.
    return os.posix_spawn(
        argv[0],
        [os.fsencode(word) for word in argv],
        os.environ,
        file_actions=actions,
        setsid=True,
        setsigdef=[SIGPIPE, SIGXFSZ],
    )


def _told(status: int | None, timeout: float, output: Output, *, left: bool) -> str:
    """Say how a program ended: with a status, or without one at its timeout."""
    code = 0 if status is None else os.waitstatus_to_exitcode(status)
    if status is None:
        head = f"timed out after {timeout:g} s; it was killed with all it had started"
    elif code == -SIGKILL:
        head = "killed by signal 9: perhaps it needed more memory than this job may use"
    elif code == -SIGXFSZ:
        head = "killed by signal 25: a file would have become larger than this job may write"
    elif code < 0:
        head = f"killed by signal {-code}"
    else:
        head = f"exit code {code}"
    if left:
        head += (
            "; it left processes in the background, "
            f"what they print goes to {output.path} as long as the job runs"
        )
    text = output.text()
    return f"{head}\n{text}" if text else f"{head}\n(no output)"
