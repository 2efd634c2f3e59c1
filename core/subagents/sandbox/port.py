"""What a sandbox takes and gives. Starts nothing, knows no way of isolating."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A folder of the host that the sandbox shows read-only at /sources/<name>.

    `about` says what a skill is good for; other folders have none.
    """

    name: str
    path: Path
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """What one sandbox is to hold, and how much all in it together may use.

    `job` is safe as a file name; `workspace` exists and is written to by nobody else until
    the sandbox is gone. `disk_mb` bounds the workspace, `memory_mb` holds /tmp as well.
    """

    job: str
    workspace: Path
    sources: tuple[Mount, ...]
    memory_mb: int
    processes: int
    disk_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is settled of a sandbox when it starts, and cannot be changed afterwards."""

    sources: tuple[Mount, ...]
    memory_mb: int
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxExit:
    """How a sandbox ended: with `code`, or else by `signal`.

    `killed` says for people why we ended it, if we did. `stderr` is the untrusted tail of what
    the runtime complained about.
    """

    code: int | None
    signal: int | None
    killed: str | None
    stderr: str


class SandboxProcess(Protocol):
    """One running sandbox. Whoever starts one calls `wait` until it has returned."""

    async def receive(self) -> bytes | None:
        """Return the next line without its newline, None at the end.

        Raises ProtocolError for a line over the limit; no more than that is ever kept.
        """

    async def send(self, line: bytes) -> None:
        """Hand over one line, newline included; one call at a time.

        Raises ProtocolError if the runtime does not read it in time. To a runtime that has
        ended nothing is sent and nothing raised: `receive` tells.
        """

    async def wait(self) -> SandboxExit:
        """Return when everything that ran inside is gone, and clean up. May be called again."""

    async def kill(self, why: str) -> None:
        """End everything inside at once; `why` is for people, the first one counts."""


class Starter(Protocol):
    """What starts sandboxes."""

    async def start(self, spec: SandboxSpec) -> SandboxProcess:
        """Return when the runtime inside has spoken. Raises SandboxUnavailable."""


class Sandbox(Starter, Protocol):
    """A way to run subagents. `commands_off` says why shell and python are off, "" if on."""

    name: str
    isolates: bool
    commands_off: str
