"""How one attempt comes to its sandbox: a spare one, or one of its own. Fills no workspace."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from core.errors import SandboxUnavailable
from core.subagents.sandbox.port import Sandbox, SandboxProcess, SandboxSpec, Shape
from core.subagents.sandbox.spares import Spare, Spares
from core.to_the_end import to_the_end

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which sandbox runs jobs here, if any, and the spare ones of its kind, if it has such.

    `finding` tells people what works and what to do.
    """

    sandbox: Sandbox | None
    finding: str
    spares: Spares | None = None


class Beginning:
    """A Starter for one attempt: `async with` it. No spare one is started from its beginning until
    it has its sandbox; afterwards nothing is left of what it did not use. May start another when
    the first has broken down.
    """

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._spares = choice.spares
        self._spare: Spare | None = None
        self._waits = False

    async def __aenter__(self) -> Self:
        if self._spares is not None:
            self._waits = True
            self._spares.begins()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._begun()
        await self._drop()

    async def empty_folder(self, shape: Shape) -> Path | None:
        """A folder to be moved to where the workspace is made, if a spare sandbox waits over one.

        Whether it was moved is found out at the start.
        """
        if self._spares is not None and self._spare is None:
            self._spare = await self._spares.take(shape)
        return self._spare.folder if self._spare is not None else None

    async def start(self, spec: SandboxSpec) -> SandboxProcess:
        """See Starter."""
        try:
            prepared = await self._prepared(spec)
            if prepared is not None:
                return prepared
            if self._choice.sandbox is None:
                raise SandboxUnavailable(self._choice.finding)
            return await self._choice.sandbox.start(spec)
        finally:
            self._begun()

    async def _prepared(self, spec: SandboxSpec) -> SandboxProcess | None:
        if self._spare is None or self._spares is None:
            return None
        try:
            running = await self._spares.hand_over(self._spare, spec)
        except SandboxUnavailable as error:
            log.warning("a spare sandbox was of no use; the job starts its own", error=str(error))
            await self._drop()
            return None
        self._spare = None
        return running

    async def _drop(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            await to_the_end(spare.end())

    def _begun(self) -> None:
        if self._waits and self._spares is not None:
            self._spares.began()
        self._waits = False
