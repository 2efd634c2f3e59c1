"""Finds out whether containers can be had here, and how they are to be started. Runs no job."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from core.errors import SandboxUnavailable
from core.subagents.sandbox.docker import Docker, ask
from core.subagents.sandbox.users import own_maps, own_users

_OLDEST = (20, 10)
_RUNTIME = Path(__file__).parent.parent / "runtime"
# What to do about what Docker says, by words in it.
ADVICE = {
    "Cannot connect to the Docker daemon": "start it (systemctl start docker), or set DOCKER_HOST",
    "permission denied": "let this user use Docker (usermod -aG docker USER, then log in again)",
    "python3": "take an image with Python 3.11 or newer as python3, such as python:3.12-slim",
}


def docker_here(program: str, image: str, folder: Path) -> tuple[Docker, str]:
    """How containers are to be started, and what was found, in words. Removes what an earlier bot
    left. Blocks. Raises SandboxUnavailable."""
    found = shutil.which(program)
    if found is None:
        raise SandboxUnavailable(
            "Docker is not installed (Debian and Ubuntu: apt install docker.io)"
        )
    version = ask(found, "version", "--format", "{{.Server.Version}}").strip()
    if _number(version) < _OLDEST:
        raise SandboxUnavailable(f"Docker {version} is too old: 20.10 or newer is needed")
    try:
        ask(found, "image", "inspect", "--format", "{{.Id}}", image)
    except SandboxUnavailable as error:
        raise SandboxUnavailable(
            f"there is no image {image} here, and none is pulled: docker pull {image} ({error})"
        ) from error
    users = own_users(own_maps()) if os.geteuid() == 0 else None
    folder = folder / "docker"
    way = Docker(
        program=found,
        image=image,
        folder=folder,
        bundle=_sources(folder),
        users=users,
        data=hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32],
    )
    way.remove_leftovers()
    return way, f"Docker {version} works with {image}; memory and processes are bounded by it"


def _sources(folder: Path) -> Path:
    """The runtime's sources where a container may read them, whoever may read ours."""
    bundle = folder / "bundle"
    try:
        shutil.rmtree(bundle, ignore_errors=True)
        (bundle / "runtime").mkdir(parents=True)
        for path in _RUNTIME.glob("*.py"):
            shutil.copyfile(path, bundle / "runtime" / path.name)
            (bundle / "runtime" / path.name).chmod(0o644)
        for made in (bundle, bundle / "runtime"):
            made.chmod(0o755)
    except OSError as error:
        raise SandboxUnavailable(f"the subagents' program cannot be made ready: {error}") from error
    return bundle


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
