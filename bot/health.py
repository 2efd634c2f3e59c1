"""How a platform is doing, as its adapter tells it. Shapes only."""

from dataclasses import dataclass
from typing import Protocol

from core.ports import Adapter, Warner


class Status(Protocol):
    """How a connection is doing, as each adapter tells it.

    `last_event` is in Unix seconds; `problem` says what to do, "" for nothing.
    """

    @property
    def connected(self) -> bool:
        """Whether the platform can be heard."""

    @property
    def last_event(self) -> float | None:
        """When it was heard last."""

    @property
    def queue(self) -> int:
        """What waits to be shown or to be taken up."""

    @property
    def sends(self) -> int:
        """Requests made."""

    @property
    def retries(self) -> int:
        """Requests and connections made again."""

    @property
    def throttled_s(self) -> float:
        """Seconds that the platform's limits made requests wait."""

    @property
    def problem(self) -> str:
        """What is wrong."""


class PlatformAdapter(Adapter, Warner, Protocol):
    """An adapter with a connection of its own."""

    @property
    def status(self) -> Status:
        """How it is doing now."""

    async def start(self) -> None:
        """Connect, in the background."""

    async def stop(self) -> None:
        """Leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A moment's view of a platform; the fields are those of Status."""

    name: str
    connected: bool = False
    last_event: float | None = None
    queue: int = 0
    sends: int = 0
    retries: int = 0
    throttled_s: float = 0.0
    problem: str = ""
