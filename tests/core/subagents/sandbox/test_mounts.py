from pathlib import Path

from core.subagents.sandbox import Mount, mounts
from core.subagents.sandbox.launch import Interpreter
from tests.core.subagents.host import spec

SYSTEM = Interpreter(binary=Path("/usr/bin/python3"), prefix=None, library=None)
OWN = Interpreter(
    binary=Path("/opt/python/bin/python3"),
    prefix=Path("/home/x/python"),
    library=Path("/opt/python/lib"),
)


def test_an_interpreter_of_its_own_is_shown_with_its_library(tmp_path: Path) -> None:
    shown = " ".join(mounts.fixed(tmp_path, tmp_path / "bundle", OWN))
    assert "--ro-bind /home/x/python /opt/python" in shown
    assert "--setenv LD_LIBRARY_PATH /opt/python/lib" in shown
    assert "/opt/python" not in " ".join(mounts.fixed(tmp_path, tmp_path / "b", SYSTEM))


def test_only_the_workspace_and_what_is_empty_can_be_written(tmp_path: Path) -> None:
    source = (Mount(name="ci", path=tmp_path),)
    words = [*mounts.fixed(tmp_path, tmp_path, OWN), *mounts.of_job(spec(tmp_path, sources=source))]
    binds = [words[at + 2] for at, word in enumerate(words) if word == "--bind"]
    assert binds == ["/workspace"]
    assert words[-4:] == ["--remount-ro", "/dev", "--remount-ro", "/"]
    empty = [(words[at - 1], words[at + 1]) for at, word in enumerate(words) if word == "--tmpfs"]
    assert empty == [(str(128 << 20), "/tmp"), (str(128 << 20), "/dev/shm")]


def test_the_users_that_a_sandbox_knows_are_not_those_of_the_host(tmp_path: Path) -> None:
    mounts.fixed(tmp_path, tmp_path, SYSTEM)
    mounts.fixed(tmp_path, tmp_path, SYSTEM)  # again, at the next start
    assert (tmp_path / "etc" / "passwd").read_text().count("\n") == 2
    names = {path.name for path in (tmp_path / "etc").iterdir()}
    assert names <= {"passwd", "group", "hosts", "ld.so.cache", "alternatives", "localtime"}
