"""`thaw restore`: a backup in the place of the data directory, whole or not at all. Makes none."""

import ctypes
import errno
import fcntl
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bot import manifest
from bot.backup import KINDS, WORKSPACE
from bot.manifest import Manifest
from core.errors import StoreError
from core.state.backup import to_disk
from core.state.control import owner
from core.subagents.workspace import FOLDER_NAME

_EXCHANGE = 2
_HERE = -100


def restore(folder: Path, root: Path, *, replace: bool) -> Iterator[str]:
    """Put the backup in `folder` in the place of the data directory `root`; yields what to tell.

    With `replace` what is there already is set aside, otherwise that is refused. Blocks. Raises
    StoreError; then `root` is as it was.
    """
    found = manifest.read(folder)
    _known(folder, found)
    try:
        _free(root, replace=replace)
        wrong = list(manifest.wrong(folder, found))
        if wrong:
            raise StoreError(
                "\n".join(["the backup is damaged, and nothing was restored:", *wrong[:20]])
            )
        aside = _put_in_place(folder, found, root)
    except OSError as error:
        raise StoreError(f"{folder} could not be restored into {root}: {error}") from error
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(found.at))
    yield f"restored the backup of {made} into {root}: {found.size / 1e6:.1f} MB"
    if aside is not None:
        yield f"what was there before is in {aside}"
    yield from (f"it was made without: {line}" for line in found.left_out)


def _known(folder: Path, found: Manifest) -> None:
    """Refuse what a newer program has made."""
    for name, version in found.schemas.items():
        if name not in KINDS or version > KINDS[name].newest:
            raise StoreError(
                f"{folder} was made by a newer program ({found.program}): restore it with that one"
            )


def _free(root: Path, *, replace: bool) -> None:
    """Refuse when a bot runs there, or what is there is not to be replaced."""
    if not os.path.lexists(root):
        return
    if not root.is_dir() or root.is_symlink():
        raise StoreError(f"{root} is no folder: set [bot] data_dir to another one")
    pid = owner(root)
    if pid is not None:
        raise StoreError(f"a bot (pid {pid}) is using {root}: stop it first")
    if not replace and any(one.name != "lock" for one in root.iterdir()):
        raise StoreError(
            f"{root} is not empty: with --replace what is there is set aside, beside it"
        )


def _put_in_place(folder: Path, found: Manifest, root: Path) -> Path | None:
    """Lay the backup out beside `root` and swap the two; returns where the old one is then."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    coming = root.with_name(f"{root.name}.restoring-{os.getpid()}")
    root.parent.mkdir(parents=True, exist_ok=True)
    coming.mkdir(mode=0o700)
    try:
        _lay_out(folder, found, coming)
        if not os.path.lexists(root):
            coming.rename(root)  # fails when a bot has begun there meanwhile
            to_disk(root.parent)
            return None
        with _locked(root):
            _exchange(coming, root)
            to_disk(root.parent)
    except BaseException:
        shutil.rmtree(coming, ignore_errors=True)
        raise
    if all(one.name == "lock" for one in coming.iterdir()):
        shutil.rmtree(coming)
        return None
    aside = root.with_name(f"{root.name}.before-{stamp}-{os.getpid()}")
    coming.rename(aside)
    return aside


def _lay_out(folder: Path, found: Manifest, coming: Path) -> None:
    for file in found.files:
        target = coming / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.name == WORKSPACE:
            workspace = target.with_name(FOLDER_NAME)
            workspace.mkdir(mode=0o755)
            _unpack(folder / file.path, workspace)
            continue
        shutil.copyfile(folder / file.path, target, follow_symlinks=False)
        if manifest.kept(coming, target) != file:
            raise StoreError(f"{file.path} changed while it was restored; nothing was restored")
        to_disk(target)
    for place, _, _ in os.walk(coming):
        with suppress(PermissionError):  # a job may shut out even its owner
            to_disk(Path(place))


def _unpack(archive: Path, workspace: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(workspace, filter=_inside)  # noqa: S202 - that is what the filter is for


def _inside(info: tarfile.TarInfo, place: str) -> tarfile.TarInfo | None:
    """Owners and modes as they were; what would land outside is left out, and the job told."""
    try:
        return tarfile.tar_filter(info, place)
    except tarfile.FilterError:
        return None


class _locked:  # noqa: N801 - reads as a verb
    """The data directory's lock, so that no bot starts in it while it is replaced."""

    def __init__(self, root: Path) -> None:
        self._handle = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o600)

    def __enter__(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise StoreError("a bot has just started there: stop it first") from error

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def _exchange(one: Path, other: Path) -> None:
    """Swap two folders at one instant, where the file system can; else one after the other."""
    libc = ctypes.CDLL(None, use_errno=True)
    swap = getattr(libc, "renameat2", None)
    if swap is not None and not swap(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        return
    code = ctypes.get_errno() if swap is not None else errno.ENOSYS
    if code not in (errno.ENOSYS, errno.EINVAL):
        raise OSError(code, os.strerror(code), str(other))
    # Killed between these, there is no data directory, and never half of one.
    between = other.with_name(f"{one.name}.old")
    other.rename(between)
    one.rename(other)
    between.rename(one)
