"""Splits a stream of server-sent events into their data. Pure; knows nothing of completions."""

# Some servers begin their stream with the mark of its encoding, as they would a file.
_MARKED = b"\xef\xbb\xbfdata:"


class EventData:
    """Feed it bytes as they come; it gives back the data of each event that is complete."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._lines: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that `piece` completes, several `data:` lines joined."""
        self._rest += piece
        if b"\n" not in piece:
            return []
        *lines, self._rest = self._rest.split(b"\n")
        found = []
        for line in map(_without_return, lines):
            if line.startswith(b"data:"):
                self._lines.append(line[5:].removeprefix(b" "))
            elif not line and self._lines:
                found.append(self._take())
            elif line.startswith(_MARKED):
                self._lines.append(line[len(_MARKED) :].removeprefix(b" "))
        return found

    def end(self) -> list[bytes]:
        """The data of a last event without the empty line that should end it."""
        return self.feed(b"\n\n")

    def _take(self) -> bytes:
        data, self._lines = b"\n".join(self._lines), []
        return data


def _without_return(line: bytearray) -> bytes:
    return bytes(line).removesuffix(b"\r")
