import csv
from pathlib import Path

from core.subagents.sandbox import Mount
from core.subagents.sandbox.docker_command import command
from tests.core.subagents.host import spec


def words(folder: Path, *sources: Mount) -> list[str]:
    return command(
        spec(folder, sources=sources, memory_mb=300, processes=20, disk_mb=5),
        "image:1",
        name="thaw-1-2-3",
        labels={"thaw.data": "d", "thaw.job": "j"},
        user="5:6",
        line=Path("/l"),
        bundle=Path("/b"),
        oom_score=500,
    )


def following(given: list[str], option: str) -> list[str]:
    return [given[at + 1] for at, word in enumerate(given) if word == option]


def test_a_container_has_no_network_no_rights_and_bounds(tmp_path: Path) -> None:
    given = words(tmp_path)
    assert given[:3] == ["run", "--pull", "never"]
    assert "--read-only" in given
    bounds = {
        "--network": "none", "--cap-drop": "ALL", "--security-opt": "no-new-privileges",
        "--user": "5:6", "--memory": "300m", "--memory-swap": "300m", "--pids-limit": "21",
        "--shm-size": "75m", "--entrypoint": "python3", "--oom-score-adj": "500",
    }  # fmt: skip
    assert {option: following(given, option) for option in bounds} == {
        option: [value] for option, value in bounds.items()
    }
    assert following(given, "--ulimit") == ["core=0", f"fsize={5 << 20}"]
    assert following(given, "--label") == ["thaw.data=d", "thaw.job=j"]
    assert "--privileged" not in given


def test_the_workspace_alone_may_be_written_to_whatever_folders_are_called(tmp_path: Path) -> None:
    odd = Path('/a,b"c,readonly=false')
    mounts = list(csv.reader(following(words(tmp_path, Mount(name="s", path=odd)), "--mount")))
    assert [one[1:] for one in mounts if "readonly" not in one] == [
        [f"src={tmp_path}", "dst=/workspace"]
    ]
    assert ["type=bind", f"src={odd}", "dst=/sources/s", "readonly"] in mounts
    assert {one[0] for one in mounts} == {"type=bind"}


def test_nothing_of_the_bots_environment_goes_along(tmp_path: Path) -> None:
    names = {one.partition("=")[0] for one in following(words(tmp_path), "--env")}
    assert names == {"PATH", "HOME", "LANG", "TERM", "PYTHONDONTWRITEBYTECODE", "XDG_CACHE_HOME"}


def test_the_runtime_is_told_where_to_come_and_what_it_is_shown(tmp_path: Path) -> None:
    given = words(tmp_path, Mount(name="ci", path=Path("/logs")))
    inner = given[given.index("image:1") + 1 :]
    assert inner[:6] == ["-I", "-S", "-B", "-X", "utf8", "/opt/thaw/runtime/start.py"]
    assert inner[6:] == [
        "connect=/run/thaw/line",
        "workspace=/workspace",
        "nice=10",
        "source=/sources/ci:/sources/ci",
    ]
