"""The last of what a program complains about, read from its pipe as it comes. Parses nothing."""

import asyncio
import os
from contextlib import suppress
from typing import IO

_PIECE = 1 << 16
_PATIENCE_S = 1.0


class Tail:
    """Owns the pipe, and closes it once: uvloop's transport for pipes closes the number of one a
    second time, when another thread may have been given it for a file of its own."""

    KEPT = 4000

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._kept = bytearray()
        self._ended = asyncio.Event()

    def listen(self) -> None:
        """Begin to read; to be called once, on the loop."""
        os.set_blocking(self._pipe.fileno(), False)
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._read)

    async def end(self) -> None:
        """Take what is still in the pipe once nobody writes any more, and stop listening."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._ended.wait()
        self._close()

    def text(self) -> str:
        """Return what there is, as text."""
        return self._kept.decode("utf-8", "replace").strip()

    def _read(self) -> None:
        try:
            data = os.read(self._pipe.fileno(), _PIECE)
        except BlockingIOError:
            return
        self._kept += data
        del self._kept[: -self.KEPT]
        if not data:
            self._close()

    def _close(self) -> None:
        if not self._pipe.closed:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._pipe.close()
            self._ended.set()
