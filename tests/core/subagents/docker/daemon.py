"""A Docker daemon of the tests' own, and an image made of this machine's Python. No test in it."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

IMAGE = "thaw-test:1"
_START_S = 60.0
_LEFT_OUT = {
    "test", "idlelib", "tkinter", "site-packages", "dist-packages", "ensurepip", "lib2to3",
    "turtledemo", "pydoc_data", "__pycache__", "distutils", "unittest",
}  # fmt: skip


class NoDocker(Exception):
    """It cannot run here; the text says why."""


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """A daemon with its data below `folder`; yields its address. Raises NoDocker."""
    log = folder / "log"
    address = f"unix://{folder}/docker.sock"
    with log.open("wb") as writing:
        process = subprocess.Popen(
            [
                "dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec",
                "--host", address, "--pidfile", f"{folder}/pid", "--iptables=false",
                "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
            ],
            stdin=subprocess.DEVNULL, stdout=writing, stderr=writing, start_new_session=True,
        )  # fmt: skip
    try:
        _answers(process, address, log)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def client(address: str, *words: str, given: bytes | None = None) -> str:
    """What the client says. Raises NoDocker."""
    ended = subprocess.run(
        ["docker", "--host", address, *words],
        input=given, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    if ended.returncode:
        raise NoDocker(ended.stderr.decode("utf-8", "replace").strip())
    return ended.stdout.decode()


def image() -> bytes:
    """A file system with /bin/sh and this Python in it, made from nothing."""
    prefix = Path(os.path.realpath(sys.base_prefix))
    binary = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    library = Path(sysconfig.get_path("stdlib"))
    library = prefix / library.relative_to(sys.base_prefix)
    files = {binary, *_files(library)}
    programs = [binary, Path("/bin/sh"), *library.glob("lib-dynload/_*types*.so")]
    programs += library.glob("lib-dynload/_socket*.so")
    for program in programs:
        files |= set(_needed(program))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for folder in sorted({parent for path in files for parent in path.parents}):
            _add_folder(tar, folder)
        for name in (
            "bin",
            "tmp",
            "proc",
            "dev",
            "sys",
            "run",
            "etc",
            "workspace",
            "usr",
            "usr/bin",
        ):
            _add_folder(tar, Path("/") / name)
        for path in sorted(files):
            _add(tar, path, path)
        _add(tar, Path("/bin/sh"), Path("/bin/sh"))
        link = tarfile.TarInfo("usr/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, str(binary)
        if binary != Path("/usr/bin/python3"):
            tar.addfile(link)
    return made.getvalue()


def _answers(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            client(address, "version")
            return
        except NoDocker:
            time.sleep(0.1)  # it tells nobody when it is ready
    raise NoDocker("dockerd does not start: " + log.read_text()[-500:])


def _files(library: Path) -> Iterable[Path]:
    for folder, folders, names in os.walk(library):
        folders[:] = [one for one in folders if one not in _LEFT_OUT and "config-" not in one]
        yield from (Path(folder) / name for name in names if not name.endswith(".a"))


def _needed(program: Path) -> Iterable[Path]:
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in re.findall(r"(/\S+)", told) if Path(name).is_file()]


def _add_folder(tar: tarfile.TarFile, folder: Path) -> None:
    name = str(folder).lstrip("/")
    if name and name not in tar.getnames():
        made = tarfile.TarInfo(name)
        made.type, made.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        tar.addfile(made)


def _add(tar: tarfile.TarFile, path: Path, place: Path) -> None:
    content = path.read_bytes()
    made = tarfile.TarInfo(str(place).lstrip("/"))
    made.size, made.mode = len(content), 0o755
    tar.addfile(made, io.BytesIO(content))


def lacking() -> str:
    """What is missing for a daemon, "" if nothing."""
    gone = [one for one in ("dockerd", "docker", "runc") if shutil.which(one) is None]
    return f"{', '.join(gone)} not installed; see make system" if gone else ""
