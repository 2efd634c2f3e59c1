"""What the inside of a sandbox looks like, in bwrap's words. Starts nothing."""

import shutil
from pathlib import Path

from core.subagents.sandbox import launch
from core.subagents.sandbox.port import SandboxSpec

_TMP_MB = 256
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC_FOLDER = "etc"
_ETC = ("ld.so.cache", "alternatives", "localtime")
_MADE_ETC = {
    "passwd": "root:x:0:0::/:/bin/sh\njob:x:1000:1000::/workspace:/bin/bash\n",
    "group": "root:x:0:\njob:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}


def made(folder: Path) -> bool:
    """Whether `fixed` has made there what it makes. Blocks."""
    return (folder / _ETC_FOLDER).is_dir()


def fixed(folder: Path, bundle: Path, python: launch.Interpreter) -> tuple[str, ...]:
    """Return what all sandboxes have in common, and make the /etc they see below `folder`.

    Each mount costs a start 0.1 ms, so they are few. Blocks. Raises OSError.
    """
    etc = folder / _ETC_FOLDER
    _make_etc(etc)
    environment = launch.environment(python.binary.parent, "/workspace")
    if python.library is not None:
        environment["LD_LIBRARY_PATH"] = str(python.library)
    words: list[str] = []
    for name, value in environment.items():
        words += ("--setenv", name, value)
    for parent in ("/opt", "/sources", "/var"):
        words += ("--perms", "0755", "--dir", parent)
    words += ("--ro-bind", "/usr", "/usr", "--ro-bind", str(etc), "/etc")
    words += ("--ro-bind", str(bundle), str(launch.BUNDLE_INSIDE))
    if python.prefix is not None:
        words += ("--ro-bind", str(python.prefix), str(launch.PREFIX_INSIDE))
    for name in _SYSTEM:
        words += _system_folder(Path("/") / name)
    words += ("--proc", "/proc", "--dev", "/dev", "--symlink", "/tmp", "/var/tmp")  # noqa: S108
    return tuple(words)


def of_job(spec: SandboxSpec) -> list[str]:
    """Return what one job has besides; it comes last."""
    words: list[str] = []
    for mount in spec.sources:
        words += ("--ro-bind", str(mount.path), f"/sources/{mount.name}")
    size = str(min(_TMP_MB, max(1, spec.memory_mb // 4)) << 20)
    for place in ("/tmp", "/dev/shm"):  # noqa: S108 - made inside, empty
        words += ("--perms", "1777", "--size", size, "--tmpfs", place)
    words += ("--bind", str(spec.workspace), "/workspace")
    # Their tmpfs has no size of its own, and outside of a root sandbox is the job's to write.
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/"]


def _make_etc(etc: Path) -> None:
    etc.mkdir(parents=True, exist_ok=True)
    for name, text in _MADE_ETC.items():
        (etc / name).write_text(text)
        (etc / name).chmod(0o644)
    for name in _ETC:
        _copy(Path("/etc") / name, etc / name)
    etc.chmod(0o755)


def _copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder of links, as it is now; nothing, if there is none."""
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
    elif source.is_file():
        shutil.copyfile(source, target)


def _system_folder(path: Path) -> tuple[str, ...]:
    if path.is_symlink():
        return ("--symlink", str(path.readlink()), str(path))
    return ("--ro-bind-try", str(path), str(path))
