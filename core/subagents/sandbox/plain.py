"""The runtime as an ordinary process of this user: isolates nothing. Decides nothing."""

import os
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import SandboxUnavailable
from core.subagents.sandbox import launch
from core.subagents.sandbox.limits import limit
from core.subagents.sandbox.port import SandboxSpec
from core.subagents.sandbox.process import Spawned
from core.subagents.sandbox.tree import kill_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """How one is started here; `commands_off` says why it may run no commands, "" if it may."""

    bundle: Path
    python: launch.Interpreter
    commands_off: str

    def spawn(self, spec: SandboxSpec, number: int) -> Spawned:
        """Start one. Blocks. Raises SandboxUnavailable."""
        with ExitStack() as undo:
            try:
                limits = limit(spec, None, f"{spec.job}-{number}", counted=False)
                ours, theirs = socket.socketpair()
                undo.callback(ours.close)
                with theirs:
                    program = self._run(spec, theirs.fileno())
                undo.callback(_end, program)
                limits.enter(program.pid)
                # It waits for this: once it has closed itself to others of its user, only root
                # could still bound it.
                ours.sendall(b"\n")
                inside = os.pidfd_open(program.pid)
            except OSError as error:
                raise SandboxUnavailable(f"the subagent cannot be started: {error}") from error
            undo.pop_all()
        assert program.stderr is not None
        return Spawned(
            program=program,
            inside=inside,
            line=ours,
            stderr=program.stderr,
            kill=partial(kill_all, program.pid),
            spoke=lambda: None,
            give=lambda given: None,
            check=partial(limits.check, program.pid),
            clean=limits.clean,
        )

    def _run(self, spec: SandboxSpec, line: int) -> "subprocess.Popen[bytes]":
        words = {"line": str(line), "workspace": str(spec.workspace), "nice": launch.NICE}
        words["foster"] = "yes"
        if self.commands_off:
            words["off"] = self.commands_off
        sources = {f"/sources/{mount.name}": str(mount.path) for mount in spec.sources}
        return subprocess.Popen(
            launch.command(self.python.binary, self.bundle, words, sources),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(line,),
            start_new_session=True,
            env=launch.environment(self.python.binary.parent, str(spec.workspace)),
        )


def _end(program: "subprocess.Popen[bytes]") -> None:
    kill_all(program.pid)
    if program.stderr is not None:
        program.stderr.close()
    program.wait()
