"""Finds out, by trying, how subagents can be run on this machine. Runs no job."""

import asyncio
import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, assert_never

from core.errors import SandboxUnavailable
from core.subagents.protocol import Hello, ProtocolError, parse
from core.subagents.sandbox import cgroup, launch, leftovers, mounts
from core.subagents.sandbox.beginning import Choice
from core.subagents.sandbox.bubblewrap import Bubblewrap
from core.subagents.sandbox.docker_here import ADVICE as DOCKER_ADVICE
from core.subagents.sandbox.docker_here import docker_here
from core.subagents.sandbox.local import LocalSandbox
from core.subagents.sandbox.plain import Plain
from core.subagents.sandbox.port import Sandbox, SandboxSpec
from core.subagents.sandbox.spares import Spares
from core.subagents.sandbox.users import own_maps, own_users

Wanted = Literal["auto", "bubblewrap", "docker", "process"]

_INSTALL = "install bubblewrap 0.8 or newer (Debian and Ubuntu: apt install bubblewrap)"
_ALLOW = (
    "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0; in a container also a seccomp profile)"
)
_ADVICE = {
    "Unknown option": f"it is too old: {_INSTALL}",
    "namespace": f"the system forbids making namespaces: {_ALLOW}",
    "uid map": f"the system forbids using user namespaces: {_ALLOW}",
    "Operation not permitted": f"the system forbids something it needs: {_ALLOW}",
}


async def choose(
    wanted: Wanted, folder: Path, *, program: str = "bwrap", image: str = "", client: str = "docker"
) -> Choice:
    """Decide how jobs run; `folder` is for files of the sandbox's own, kept as long as it is used.

    `image` is what Docker's containers are made of. Without a working bubblewrap, "auto" runs jobs
    without shell and python, and "bubblewrap" none; without a working Docker, "docker" none.
    Raises SandboxUnavailable only when `folder` cannot be written.
    """
    if sys.platform != "linux":
        return Choice(sandbox=None, finding="jobs run on Linux only; people can still chat")
    bundle = await asyncio.to_thread(launch.bundle, folder)
    match wanted:
        case "process":
            return Choice(sandbox=_plain(bundle, ""), finding=_NO_ISOLATION)
        case "docker":
            return await _docker(folder, client, image)
        case "bubblewrap" | "auto":
            choice = await _bubblewrap(folder, bundle, program)
        case _:
            assert_never(wanted)
    if choice.sandbox is not None or wanted == "bubblewrap":
        return choice
    sandbox = _plain(bundle, f"there is no sandbox on this machine: {choice.finding}")
    return Choice(
        sandbox=sandbox,
        finding=f"{choice.finding}. Until then jobs run without shell and python",
    )


_NO_ISOLATION = (
    "process: jobs run as this user, can do all that it can, and nothing but the size of their "
    "workspace and their memory is bounded"
)


async def _bubblewrap(folder: Path, bundle: Path, program: str) -> Choice:
    found = shutil.which(program)
    if found is None:
        return Choice(sandbox=None, finding=f"bubblewrap is not installed: {_INSTALL}")
    try:
        way, limits = await asyncio.to_thread(bubblewrap_here, found, folder, bundle)
        sandbox = LocalSandbox(
            name="bubblewrap",
            isolates=True,
            commands_off="",
            spawn=way.spawn,
            ahead=replace(way, ahead=True).spawn,
        )
        await _try(sandbox)
    except (SandboxUnavailable, ProtocolError, OSError) as error:
        return Choice(
            sandbox=None, finding=f"bubblewrap does not work here: {_advised(error, _ADVICE)}"
        )
    spares = Spares(sandbox, folder / "spares")
    return Choice(sandbox=sandbox, finding=f"bubblewrap works; {limits}", spares=spares)


async def _docker(folder: Path, client: str, image: str) -> Choice:
    try:
        way, finding = await asyncio.to_thread(docker_here, client, image, folder)
        sandbox = LocalSandbox(name="docker", isolates=True, commands_off="", spawn=way.spawn)
        await _try(sandbox)
    except (SandboxUnavailable, ProtocolError, OSError) as error:
        return Choice(
            sandbox=None, finding=f"Docker does not work here: {_advised(error, DOCKER_ADVICE)}"
        )
    return Choice(sandbox=sandbox, finding=finding)


def bubblewrap_here(program: str, folder: Path, bundle: Path) -> tuple[Bubblewrap, str]:
    """How bubblewrap is to be started here, and what bounds jobs, in words. Blocks."""
    users = None
    if os.geteuid() == 0:
        users = own_users(own_maps())
    leftovers.end(program)
    groups = cgroup.find()
    if isinstance(groups, cgroup.Groups):
        atexit.register(groups.remove)
    python = launch.inside_interpreter()
    way = Bubblewrap(
        program=program,
        users=users,
        groups=groups if isinstance(groups, cgroup.Groups) else None,
        folder=folder,
        fixed=mounts.fixed(folder, bundle, python),
        python=python.binary,
    )
    return way, _limits(groups)


def _limits(groups: cgroup.Groups | str) -> str:
    if isinstance(groups, str):
        return (
            f"{groups}, so memory is bounded for each process and its sum watched once a second; "
            "run the bot where it may make control groups to have it bounded at once"
        )
    kind = f"cgroup v{groups.version}"
    if "pids" not in groups.places:
        return f"memory is bounded by {kind}, processes by a limit for each user"
    return f"memory and processes are bounded by {kind}"


async def _try(sandbox: Sandbox) -> None:
    """Start one for real. Raises SandboxUnavailable, ProtocolError."""
    with tempfile.TemporaryDirectory() as workspace:
        spec = SandboxSpec(
            job="trial",
            workspace=Path(workspace),
            sources=(),
            memory_mb=256,
            processes=32,
            disk_mb=16,
        )
        process = await sandbox.start(spec)
        try:
            line = await process.receive()
            if line is None or not isinstance(parse(line), Hello):
                raise SandboxUnavailable("the program inside does not answer")
        finally:
            await process.kill("the trial is over")
            await process.wait()


def _plain(bundle: Path, off: str) -> LocalSandbox:
    way = Plain(bundle=bundle, python=launch.own_interpreter(), commands_off=off)
    return LocalSandbox(name="process", isolates=False, commands_off=off, spawn=way.spawn)


def _advised(error: Exception, known: Mapping[str, str]) -> str:
    """What went wrong, with what to do about it where that is known by what it says."""
    for sign, advice in known.items():
        if sign in str(error):
            return f"{error}; {advice}"
    return str(error)
