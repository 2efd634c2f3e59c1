"""What a command printed: its head and tail for the model, the whole in a file. Runs nothing."""

import os

SHOWN = 10_000
"""Bytes of output that a model is shown at most."""
SAVED = 8 << 20
"""Bytes of one command's output that are kept at most."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tree import Tree

_HALF = SHOWN // 2
_DELETED = {code: None for code in (*range(32), 127) if chr(code) not in "\t\n"}


class Output:
    """Takes bytes as they come. Beyond what is shown they go to the file `path` of the tree."""

    def __init__(self, tree: "Tree", path: str) -> None:
        self.path = path
        self.size = 0
        self._tree = tree
        self._head = bytearray()
        self._tail = bytearray()
        self._saved = 0
        self._fd = -1
        self._trouble = ""

    @property
    def full(self) -> bool:
        """Whether no more of it is kept."""
        return self.size >= SAVED

    def add(self, data: bytes) -> None:
        """Take what was printed next."""
        self.size += len(data)
        if self._fd < 0 and not self._trouble and self.size > SHOWN:
            self._open()
        self._save(data)
        room = _HALF - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if self._fd >= 0 or self._trouble:
            del self._tail[:-_HALF]

    def keep(self) -> None:
        """See to it that everything, also what is still to come, is found in the file."""
        if self._fd < 0 and not self._trouble:
            self._open()

    def text(self) -> str:
        """Return what the model is shown: clean text, the middle cut out of a long one."""
        cut = self.size - len(self._head) - len(self._tail)
        if not cut:
            return clean(bytes(self._head + self._tail))
        return f"{clean(bytes(self._head))}\n{self._note(cut)}\n{clean(bytes(self._tail))}"

    def close(self) -> None:
        """Finish the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _note(self, cut: int) -> str:
        if self._trouble:
            return f"[... {cut} bytes cut here; they could not be saved: {self._trouble} ...]"
        if self.size > self._saved:
            return (
                f"[... {cut} bytes cut here; the first {self._saved} of {self.size} bytes "
                f"are in {self.path} ...]"
            )
        return f"[... {cut} bytes cut here; all {self.size} are in {self.path} ...]"

    def _open(self) -> None:
        try:
            self._fd = self._tree.create(self.path)
        except (OSError, ValueError) as error:
            self._trouble = str(error)
            return
        self._save(bytes(self._head + self._tail))

    def _save(self, data: bytes) -> None:
        left = memoryview(data)[: SAVED - self._saved]
        if self._fd < 0:
            return
        try:
            while left:
                written = os.write(self._fd, left)
                self._saved += written
                left = left[written:]
        except OSError as error:
            self._trouble = error.strerror or str(error)
            self.close()


def clean(data: bytes) -> str:
    """Return the text as a person would see it on a screen that cannot do colours."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\x1b" in text:
        first, *rest = text.split("\x1b")
        text = first + "".join(_after_escape(piece) for piece in rest)
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return text.translate(_DELETED)


def _after_escape(piece: str) -> str:
    """Drop from the start of `piece` what belongs to the escape before it."""
    if piece[:1] == "[":
        for at in range(1, len(piece)):
            if "@" <= piece[at] <= "~":
                return piece[at + 1 :]
        return ""
    if piece[:1] == "]":
        return piece.partition("\x07")[2]  # ended by an escape instead, nothing of it is left
    if piece[:1] in "()*+":
        return piece[2:]
    return piece[1:]
