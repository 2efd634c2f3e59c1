"""Streamed text at a rate that people can read and the loop does not feel. Sends nothing."""

import asyncio
from collections.abc import Callable

_INTERVAL_S = 0.05


class Pace:
    """Collects pieces of text and shows the whole so far: the first at once, then every 50 ms."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._pieces: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._fresh = False

    def add(self, piece: str) -> None:
        """A further piece has come."""
        self._pieces.append(piece)
        self._fresh = True
        if self._timer is None:
            self._flush()

    def close(self) -> None:
        """Nothing more comes; what was not shown yet is shown by the final post."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush(self) -> None:
        self._timer = None
        if not self._fresh:
            return
        self._fresh = False
        self._pieces = ["".join(self._pieces)]
        self._show(self._pieces[0])
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL_S, self._flush)
