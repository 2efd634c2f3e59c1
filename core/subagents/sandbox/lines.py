"""Lines over a socket whose other end is hostile: bounded in both directions. Parses nothing."""

import asyncio
from typing import cast

from core.subagents.protocol import MAX_LINE, ProtocolError

PATIENCE_S = 30.0
"""How long a runtime may leave a line unread before it counts as broken."""


class Lines(asyncio.Protocol):
    """Keeps at most one line and what came with it; while that lies there, the sender waits."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        """Set when the other end has said something or is gone; `has_spoken` tells which."""
        self.has_spoken = False
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._searched = 0
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._ended = False
        self._broken = False

    async def receive(self) -> bytes | None:
        """Return the next line without newline, None at the end. Raises ProtocolError."""
        while True:
            if self._broken:
                raise ProtocolError(f"the subagent sent a line of more than {MAX_LINE} bytes")
            end = self._end_of_line()
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._searched = 0
                return line
            if self._ended:
                return None
            self._more.clear()
            if self._transport is not None:
                self._transport.resume_reading()
            await self._more.wait()

    async def send(self, line: bytes) -> None:
        """Hand over one line; ProtocolError if the other end does not take it in time."""
        if self._transport is None or self._ended:
            return
        self._transport.write(line)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._room.wait()
        except TimeoutError:
            raise ProtocolError("the subagent does not read what it asked for") from None

    def close(self) -> None:
        """Drop the line at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio calls this)."""
        # Of the kind that writes and reads, whichever loop made it.
        transport = cast(asyncio.Transport, transport)
        transport.set_write_buffer_limits(high=1 << 16)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what came (asyncio calls this)."""
        self.has_spoken = True
        self._buffer += data
        whole = self._end_of_line() >= 0
        if not whole and len(self._buffer) > MAX_LINE:
            self._broken = True
            self._buffer.clear()
            self.close()
        elif whole and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """End (asyncio calls this)."""
        self._ended = True
        self._room.set()
        self._wake()

    def pause_writing(self) -> None:
        """Let senders wait (asyncio calls this)."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Let senders go on (asyncio calls this)."""
        self._room.set()

    def _end_of_line(self) -> int:
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._buffer)
        elif end > MAX_LINE:
            self._broken = True
        return end

    def _wake(self) -> None:
        self.opened.set()
        self._more.set()
