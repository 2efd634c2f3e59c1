"""The line to the host: asks one question at a time and reads its answer. Knows no tool."""

import os
from _json import encode_basestring_ascii as quoted

from . import reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .reader import Json

MAX_LINE = 1 << 20
_MAX_REPLY = 1 << 24

Field = str | int | None | list[str]


class TooLong(Exception):
    """The frame would be longer than the host reads; nothing was sent."""


class HostGone(Exception):
    """The host closed the line or broke the protocol: there is nobody to work for."""


class Wire:
    """One connected stream socket. `wait(fd)` returns when it can be read from.

    `sent` is the number of the last frame that has been sent on it, `come` what came since.
    """

    def __init__(self, fd: int, wait: "Callable[[int], None]", *, sent: int, come: bytes) -> None:
        self._fd = fd
        self._wait = wait
        self._sent = sent
        self._rest = come

    def ask(self, kind: str, **fields: Field) -> "dict[str, Json]":
        """Send a frame and return the reply to it. Raises TooLong, HostGone."""
        return self.answer(self.tell(kind, **fields))

    def answer(self, number: int) -> "dict[str, Json]":
        """Wait for the reply to the frame of that number. Raises HostGone."""
        reply = reader.read(self._line())
        if not isinstance(reply, dict) or reply.get("id") != number:
            raise HostGone("the host answered something else")
        return reply

    def tell(self, kind: str, **fields: Field) -> int:
        """Send a frame that gets no reply; return its number. Raises TooLong, HostGone."""
        number = self._sent + 1
        pairs = "".join(f',"{name}":{_json(value)}' for name, value in fields.items())
        line = f'{{"kind":"{kind}","id":{number}{pairs}}}\n'.encode()
        if len(line) > MAX_LINE:
            raise TooLong
        self._sent = number
        left = memoryview(line)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError as error:
            raise HostGone(str(error)) from error
        return number

    def _line(self) -> str:
        parts = [self._rest]
        size = len(self._rest)
        while b"\n" not in parts[-1]:
            self._wait(self._fd)
            try:
                piece = os.read(self._fd, 1 << 16)
            except OSError as error:
                raise HostGone(str(error)) from error
            size += len(piece)
            if not piece or size > _MAX_REPLY:
                raise HostGone("the host closed the line")
            parts.append(piece)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line.decode()


def _json(value: Field) -> str:
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value.encode("utf-8", "replace").decode())
    return "[" + ",".join(_json(item) for item in value) + "]"
