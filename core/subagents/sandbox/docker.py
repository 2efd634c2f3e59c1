"""The other sandbox that isolates: a container of Docker's around the runtime. Pulls no image.

The runtime comes to a socket that is mounted into the container, once; then there is no such socket
any more (docs/decisions/0225).
"""

import os
import select
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import SandboxUnavailable
from core.subagents.sandbox import leftovers, watch
from core.subagents.sandbox.docker_command import LINE, command
from core.subagents.sandbox.limits import OOM_SCORE
from core.subagents.sandbox.port import SandboxSpec
from core.subagents.sandbox.process import Spawned
from core.subagents.sandbox.tree import descendants
from core.subagents.sandbox.users import Users, give_workspace

PATIENCE_S = 30.0
"""How long a container may take from the command to the runtime's coming."""
_COMMAND_S = 30.0
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """How one is started here: `program` is the client, `image` what the user chose.

    `folder` is for files of the sandbox's own; `bundle` holds the runtime's sources, since the
    image's Python may be another version. `users`: see Bubblewrap. `data` is the label by which
    leftovers are known.
    """

    program: str
    image: str
    folder: Path
    bundle: Path
    users: Users | None
    data: str

    def spawn(self, spec: SandboxSpec, number: int) -> Spawned:
        """Start one; `number` is unique in this process. Blocks. Raises SandboxUnavailable."""
        with ExitStack() as undo:
            try:
                user = os.getuid()
                if self.users is not None:
                    user = self.users.take()
                    undo.callback(self.users.give_back, user)
                    give_workspace(user, spec.workspace)
                name = f"{leftovers.own_name()}-{number}"
                place = self.folder / f"line-{number}"
                undo.callback(shutil.rmtree, place, ignore_errors=True)
                with _door(place) as door:
                    program = self._run(spec, name, place, user)
                    undo.callback(self._remove, name)
                    undo.callback(_end, program)
                    line = _come(door, program)
                undo.callback(line.close)
                pid = _peer(line)
                inside = os.pidfd_open(pid)
            except OSError as error:
                raise SandboxUnavailable(f"the container cannot be started: {error}") from error
            undo.pop_all()
        shutil.rmtree(place, ignore_errors=True)
        assert program.stderr is not None
        return Spawned(
            program=program,
            inside=inside,
            line=line,
            stderr=program.stderr,
            kill=None,
            spoke=lambda: None,
            give=lambda given: None,
            check=partial(_check, pid),
            clean=partial(self._clean, spec, name, user),
        )

    def remove_leftovers(self) -> None:
        """Remove every container that an earlier bot of this data directory has left."""
        listed = ask(
            self.program, "ps", "--all", "--quiet", "--filter", f"label=thaw.data={self.data}"
        )
        if listed.split():
            ask(self.program, "rm", "--force", *listed.split())

    def _run(
        self, spec: SandboxSpec, name: str, place: Path, user: int
    ) -> "subprocess.Popen[bytes]":
        group = user if self.users is not None else os.getgid()
        labels = {"thaw.data": self.data, "thaw.job": spec.job}
        words = command(
            spec, self.image, name=name, labels=labels, user=f"{user}:{group}", line=place,
            bundle=self.bundle, oom_score=OOM_SCORE,
        )  # fmt: skip
        return subprocess.Popen(
            [self.program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C stops the bot, which then ends its jobs
        )

    def _clean(self, spec: SandboxSpec, name: str, user: int) -> str | None:
        short = ""
        with suppress(SandboxUnavailable):
            short = ask(self.program, "inspect", "--format", "{{.State.OOMKilled}}", name)
        self._remove(name)
        if self.users is not None:
            self.users.give_back(user)
        if short.strip() != "true":
            return None
        return f"memory: more than the {spec.memory_mb} MB that a job may use"

    def _remove(self, name: str) -> None:
        with suppress(SandboxUnavailable):  # what cannot be removed now is at the next start
            ask(self.program, "rm", "--force", name)


def ask(program: str, *words: str) -> str:
    """What the client says to a command. Blocks. Raises SandboxUnavailable with its complaint."""
    try:
        ended = subprocess.run(
            [program, *words], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_COMMAND_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SandboxUnavailable(f"docker {words[0]} takes more than {_COMMAND_S:g} s") from error
    except OSError as error:
        raise SandboxUnavailable(f"docker cannot be run: {error}") from error
    if ended.returncode:
        complaint = " ".join(ended.stderr.decode("utf-8", "replace").split())
        raise SandboxUnavailable(complaint[:_LONGEST] or f"docker {words[0]} failed")
    return ended.stdout.decode("utf-8", "replace")


def _door(place: Path) -> socket.socket:
    """What the runtime comes to: whoever has its container's name for it, and nobody else."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    door = socket.socket(socket.AF_UNIX)
    try:
        # By the folder's descriptor: a socket's path may only be short.
        folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            door.bind(f"/proc/self/fd/{folder}/{LINE}")
        finally:
            os.close(folder)
        place.chmod(0o711)
        (place / LINE).chmod(0o666)
        door.listen(1)
    except BaseException:
        door.close()
        raise
    return door


def _come(door: socket.socket, program: "subprocess.Popen[bytes]") -> socket.socket:
    """Wait until the runtime comes. Raises SandboxUnavailable if the container ends before."""
    ended = os.pidfd_open(program.pid)
    try:
        ready, _, _ = select.select([door.fileno(), ended], [], [], PATIENCE_S)
        if door.fileno() in ready:
            line, _ = door.accept()
            return line
    finally:
        os.close(ended)
    if not ready:
        raise SandboxUnavailable(f"the container did not start within {PATIENCE_S:g} s")
    assert program.stderr is not None
    said = " ".join(program.stderr.read().decode("utf-8", "replace").split())
    raise SandboxUnavailable(f"the container cannot be started: {said[-_LONGEST:]}")


def _peer(line: socket.socket) -> int:
    given = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", given)[0]
    if pid == 0:
        raise SandboxUnavailable(
            "the container's processes cannot be seen from here; run the bot where Docker's daemon "
            "runs, not in a container of its own"
        )
    return pid


def _check(pid: int, spec: SandboxSpec) -> str | None:
    return watch.disk(spec.workspace, spec.disk_mb, _with_descendants(pid))


def _with_descendants(pid: int) -> Iterable[int]:
    yield pid
    yield from descendants(pid)


def _end(program: "subprocess.Popen[bytes]") -> None:
    program.kill()
    program.wait()
    if program.stderr is not None:
        program.stderr.close()
