"""What is asked of Docker for one job, word by word. Starts nothing."""

from collections.abc import Mapping
from pathlib import Path

from core.subagents.sandbox import launch
from core.subagents.sandbox.port import SandboxSpec

LINE = "line"
"""The name of the socket that the runtime comes to."""
_LINE_FOLDER = Path("/run/thaw")
_PYTHON = "python3"
_TMP_MB = 256
_OWN = 1
"""Processes that a job does not start: the runtime."""
# As with bubblewrap, the bot goes before its jobs.
_CPU_SHARES = 256
ALWAYS = (
    *("run", "--pull", "never", "--log-driver", "none", "--network", "none", "--read-only"),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--hostname", "sandbox"),
    *("--ipc", "private", "--cgroupns", "private", "--ulimit", "core=0"),
    *("--cpu-shares", str(_CPU_SHARES), "--workdir", "/workspace", "--entrypoint", _PYTHON),
)
"""What every container is started with."""


def command(
    spec: SandboxSpec,
    image: str,
    *,
    name: str,
    labels: Mapping[str, str],
    user: str,
    line: Path,
    bundle: Path,
    oom_score: int,
) -> list[str]:
    """The client's words behind its name. `line` is the folder of the socket, `bundle` that of the
    runtime's sources, `user` UID:GID."""
    memory = f"{spec.memory_mb}m"
    size = min(_TMP_MB, max(1, spec.memory_mb // 4))
    words = [*ALWAYS, "--name", name, "--user", user]
    for label, value in labels.items():
        words += ("--label", f"{label}={value}")
    words += ("--memory", memory, "--memory-swap", memory, "--oom-score-adj", str(oom_score))
    words += ("--pids-limit", str(spec.processes + _OWN), "--shm-size", f"{size}m")
    words += ("--ulimit", f"fsize={spec.disk_mb << 20}")
    words += ("--tmpfs", f"/tmp:rw,nosuid,nodev,mode=1777,size={size}m")  # noqa: S108 - its own
    words += ("--mount", _mount(spec.workspace, Path("/workspace"), writable=True))
    words += (
        "--mount",
        _mount(bundle, launch.BUNDLE_INSIDE),
        "--mount",
        _mount(line, _LINE_FOLDER),
    )
    for source in spec.sources:
        words += ("--mount", _mount(source.path, Path("/sources") / source.name))
    environment = launch.environment(Path("/usr/local/bin"), "/workspace")
    for variable, value in environment.items():
        words += ("--env", f"{variable}={value}")
    told = {"connect": str(_LINE_FOLDER / LINE), "workspace": "/workspace", "nice": launch.NICE}
    return [*words, image, *_runtime(spec, told)]


def _runtime(spec: SandboxSpec, told: Mapping[str, str]) -> list[str]:
    start = str(launch.BUNDLE_INSIDE / "runtime" / "start.py")
    shown = [f"source=/sources/{one.name}:/sources/{one.name}" for one in spec.sources]
    return [*launch.FLAGS, start, *(f"{name}={value}" for name, value in told.items()), *shown]


def _mount(source: Path, target: Path, *, writable: bool = False) -> str:
    """A bind as the client reads it: comma separated, so that a comma is to be quoted."""
    fields = ["type=bind", f"src={source}", f"dst={target}", *([] if writable else ["readonly"])]
    return ",".join(_quoted(one) for one in fields)


def _quoted(field: str) -> str:
    if not set(field) & set(',"\n'):
        return field
    return '"' + field.replace('"', '""') + '"'
