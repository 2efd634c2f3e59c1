"""The sandbox that isolates: bubblewrap's namespaces around the runtime. Decides nothing."""

import json
import os
import re
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import SandboxUnavailable
from core.subagents.sandbox import launch, mounts
from core.subagents.sandbox.cgroup import Groups
from core.subagents.sandbox.limits import Limits, limit
from core.subagents.sandbox.port import SandboxSpec
from core.subagents.sandbox.process import Spawned
from core.subagents.sandbox.tree import kill_all
from core.subagents.sandbox.users import Users, give_workspace

_NAMESPACES = (
    *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--hostname", "sandbox", "--new-session", "--clearenv"),
    # The runtime itself is process 1: what is inside cannot even stop it, and dies with it.
    "--as-pid-1",
)
# A root bwrap makes the binds, which may lead through folders that nobody else may enter; the
# runtime then leaves root for ever, by these two capabilities (see runtime/start.py).
_AS_ROOT = ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
_AS_USER = (
    *("--unshare-user", "--uid", "1000", "--gid", "1000", "--disable-userns"),
    # As root this cannot reach the runtime, which is another user's (docs/decisions/0012).
    "--die-with-parent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubblewrap:
    """How one is started here: the program, whose `users` (None: our own), under what `groups`.

    `fixed` is what every sandbox sees (see mounts.py), of what is made in `folder`; `python` runs
    the program in it. What is started `ahead` waits to be told how large its files may be
    (docs/decisions/0015).
    """

    program: str
    users: Users | None
    groups: Groups | None
    folder: Path
    fixed: tuple[str, ...]
    python: Path
    ahead: bool = False

    def spawn(self, spec: SandboxSpec, number: int) -> Spawned:
        """Start one; `number` is unique in this process. Blocks. Raises SandboxUnavailable.

        The calling thread must live as long as the sandbox: the kernel may tie them together.
        """
        with ExitStack() as undo:
            try:
                if not mounts.made(self.folder):
                    # Somebody has removed the data directory.
                    bundle = launch.bundle(self.folder)
                    mounts.fixed(self.folder, bundle, launch.inside_interpreter())
                user = None
                if self.users is not None:
                    user = self.users.take()
                    undo.callback(self.users.give_back, user)
                    if not self.ahead:
                        give_workspace(user, spec.workspace)
                name = f"{spec.job}-{number}"
                limits = limit(spec, self.groups, name, counted=user is not None or _counts_apart())
                undo.callback(limits.clean)
                if not self.ahead:
                    limits.starts()
                ours, theirs = socket.socketpair()
                undo.callback(ours.close)
                with theirs:
                    program, inner = self._run(spec, limits, user, theirs.fileno())
                inside = os.pidfd_open(inner)
            except OSError as error:
                raise SandboxUnavailable(f"the sandbox cannot be started: {error}") from error
            undo.pop_all()
        assert program.stderr is not None
        return Spawned(
            program=program,
            inside=inside,
            line=ours,
            stderr=program.stderr,
            kill=None,
            spoke=limits.has_started,
            give=partial(_give, user),
            check=partial(limits.check, program.pid),
            clean=partial(self._clean, limits, user),
        )

    def _run(
        self, spec: SandboxSpec, limits: Limits, user: int | None, line: int
    ) -> tuple["subprocess.Popen[bytes]", int]:
        """Start bwrap; return it with the pid of the runtime, whose end is that of all."""
        args_out, args_in = os.pipe()
        state_out, state_in = _pipe_that_never_breaks()
        with os.fdopen(state_out, "rb") as state, os.fdopen(args_in, "wb") as args:
            try:
                with limits.births():
                    program = self._start(spec, user, line, args_out, state_in)
            finally:
                os.close(args_out)
                os.close(state_in)
            try:
                # bwrap does nothing before it has its arguments: so everything is bounded.
                limits.enter(program.pid)
                if user is not None:
                    # The runtime inherits it: having become that user it can be bounded by nobody
                    # without CAP_SYS_RESOURCE, which containers lack.
                    limits.enter_inside(program.pid)
                args.write("\0".join((*self.fixed, *mounts.of_job(spec))).encode())
                args.close()
                inside = int(json.loads(state.readline())["child-pid"])
                if user is None:
                    # Only its own namespace counts its processes apart from all of this user's.
                    limits.enter_inside(inside)
                return program, inside
            except (OSError, ValueError, KeyError) as error:
                raise SandboxUnavailable(_complaint(program, error)) from error

    def _start(
        self, spec: SandboxSpec, user: int | None, line: int, args: int, state: int
    ) -> "subprocess.Popen[bytes]":
        words = {"line": str(line), "workspace": "/workspace", "nice": launch.NICE}
        if user is not None:
            words["become"] = str(user)
        if self.ahead:
            words["ahead"] = "yes"
        shown = {f"/sources/{mount.name}": f"/sources/{mount.name}" for mount in spec.sources}
        return subprocess.Popen(
            [
                *(self.program, *_NAMESPACES, *(_AS_USER if user is None else _AS_ROOT)),
                *("--args", str(args), "--json-status-fd", str(state)),
                *launch.command(self.python, launch.BUNDLE_INSIDE, words, shown),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            env={},  # the sandbox can read what its first process was started with
            pass_fds=(args, state, line),
            start_new_session=True,  # Ctrl-C stops the bot, which then ends its jobs
        )

    def _clean(self, limits: Limits, user: int | None) -> str | None:
        found = limits.clean()
        if self.users is not None and user is not None:
            self.users.give_back(user)
        return found


def _pipe_that_never_breaks() -> tuple[int, int]:
    """Return a pipe whose writer counts as a reader as well.

    A bwrap that cannot tell its state to a dead bot would end, and leave its half-made child
    behind for ever; so it goes on, and the program inside will see the line broken.
    """
    reading, writing = os.pipe()
    try:
        return reading, os.open(f"/proc/self/fd/{writing}", os.O_RDWR | os.O_CLOEXEC)
    finally:
        os.close(writing)


def _counts_apart() -> bool:
    """Whether this kernel counts the processes of a user in each user namespace (5.14)."""
    numbers = [int(part) for part in re.findall(r"\d+", os.uname().release)[:2]]
    return numbers >= [5, 14]


def _give(user: int | None, spec: SandboxSpec) -> None:
    if user is not None:
        give_workspace(user, spec.workspace)


def _complaint(program: "subprocess.Popen[bytes]", error: Exception) -> str:
    """End what could not be started and tell what it said."""
    # A half-made sandbox would outlive it for ever, and hold what is read here.
    kill_all(program.pid)
    _, said = program.communicate()
    told = said.decode("utf-8", "replace").strip()[-1000:]
    return f"bubblewrap failed: {told or error}"
