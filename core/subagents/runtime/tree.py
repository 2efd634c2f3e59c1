"""The folders a subagent may see, opened part by part so that no link leads out of them."""

import errno
import os
import stat

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
SCRATCH = ".thaw"
"""The folder of the workspace for what is not the job's product."""


class Tree:
    """A writable workspace at `root`, and read-only `sources` by the name that is shown.

    Paths are the model's: relative to the workspace, or beginning with /workspace or the shown
    name of a source. Methods raise ValueError for a path that leads elsewhere and OSError for
    what the system refuses, both in words for a model.
    """

    def __init__(self, root: str, sources: dict[str, str]) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._prefixes = {"/workspace": root, root.rstrip("/"): root, **sources}
        self._top = root
        self.sources = sources

    def open(self, path: str) -> int:
        """Open a regular file for reading."""
        folder, name = self._enter(path, create=False)
        try:
            return self._regular(folder, path, name)
        finally:
            os.close(folder)

    def folder(self, path: str) -> int:
        """Open a folder for listing."""
        top, parts = self._place(path)
        return self._descend(top, parts, path, create=False)

    def create(self, path: str) -> int:
        """Open a new or emptied regular file of the workspace for writing, folders made."""
        folder, name = self._enter(path, create=True)
        try:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | _FILE, 0o644, dir_fd=folder)
        except OSError as error:
            raise _explained(error, path) from None
        finally:
            os.close(folder)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise ValueError(f"{path} is not a regular file")
        os.ftruncate(fd, 0)
        return fd

    def replace(self, path: str, content: bytes) -> None:
        """Write a file of the workspace, whole or not at all; an existing one keeps its mode."""
        folder, name = self._enter(path, create=True)
        try:
            mode = self._mode(folder, path, name)
            spare = f"{SCRATCH}/writing"
            fd = self.create(spare)
            try:
                _write(fd, content)
                os.fchmod(fd, mode)
            finally:
                os.close(fd)
            os.rename(spare, name, src_dir_fd=self._root, dst_dir_fd=folder)
        except OSError as error:
            raise _explained(error, path) from None
        finally:
            os.close(folder)

    def _mode(self, folder: int, path: str, name: str) -> int:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return 0o644
        if not stat.S_ISREG(found):
            raise ValueError(f"{path} is {_kind(found)}, not a regular file")
        return stat.S_IMODE(found) & 0o777

    def _regular(self, folder: int, path: str, name: str) -> int:
        try:
            fd = os.open(name, os.O_RDONLY | _FILE, dir_fd=folder)
        except OSError as error:
            raise _explained(error, path) from None
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            os.close(fd)
            raise ValueError(f"{path} is {_kind(mode)}, not a regular file")
        return fd

    def _enter(self, path: str, *, create: bool) -> tuple[int, str]:
        """Open the folder that holds `path`; return it with the last part of the path."""
        top, parts = self._place(path)
        if not parts:
            raise ValueError(f"{path or '.'} is a folder, not a file")
        if create and top != self._top:
            raise ValueError(f"{path} is in a source, which is read-only; write to the workspace")
        return self._descend(top, parts[:-1], path, create=create), parts[-1]

    def _place(self, path: str) -> tuple[str, list[str]]:
        if "\0" in path:
            raise ValueError("a path cannot hold a NUL character")
        top = self._top
        if path.startswith("/"):
            for prefix, place in self._prefixes.items():
                if path == prefix or path.startswith(prefix + "/"):
                    top, path = place, path[len(prefix) :]
                    break
            else:
                raise ValueError(f"{path} is outside; {self._allowed()}")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise ValueError(f'{path} has a ".." in it; {self._allowed()}')
        return top, parts

    def _allowed(self) -> str:
        if not self.sources:
            return "give a path relative to the workspace"
        return f"give a path relative to the workspace, or below {', '.join(self.sources)}"

    def _descend(self, top: str, parts: list[str], path: str, *, create: bool) -> int:
        try:
            here = top == self._top
            fd = os.open(".", _FOLDER, dir_fd=self._root) if here else os.open(top, _FOLDER)
            for part in parts:
                try:
                    below = _folder(fd, part, create=create)
                finally:
                    os.close(fd)
                fd = below
        except OSError as error:
            raise _explained(error, path) from None
        return fd


def _folder(fd: int, part: str, *, create: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=fd)
    except FileNotFoundError:
        if not create:
            raise
    try:  # noqa: SIM105 - contextlib is a slow import
        os.mkdir(part, 0o755, dir_fd=fd)
    except FileExistsError:
        pass
    return os.open(part, _FOLDER, dir_fd=fd)


def _write(fd: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(fd, left) :]


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISLNK(mode):
        return "a link (links are not followed)"
    return "a device, pipe or socket"


def _explained(error: OSError, path: str) -> Exception:
    if error.errno == errno.ELOOP:
        return ValueError(f"{path} is or goes through a link; links are not followed")
    if error.errno == errno.ENOENT:
        return ValueError(f"{path} does not exist")
    if error.errno == errno.ENOTDIR:
        return ValueError(f"{path}: a part of it is a file or a link, not a folder")
    return OSError(error.errno, f"{path}: {error.strerror}")
