import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox import launch
from core.subagents.sandbox.leftovers import own_name


def test_the_bundle_is_compiled_once_and_can_be_read_by_all(tmp_path: Path) -> None:
    first = launch.bundle(tmp_path / "run")
    made = (first / "runtime" / "start.pyc").stat()
    assert launch.bundle(tmp_path / "run") == first
    assert (first / "runtime" / "start.pyc").stat() == made
    for path in (first, *first.rglob("*")):
        assert path.stat().st_mode & 0o004
    assert [path.name for path in (tmp_path / "run").iterdir()] == [first.name]


def test_another_version_of_the_program_gets_a_bundle_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = launch.bundle(tmp_path)
    (tmp_path / "changed").mkdir()
    for path in launch._RUNTIME.glob("*.py"):
        (tmp_path / "changed" / path.name).write_text(path.read_text() + "\n# changed\n")
    monkeypatch.setattr(launch, "_RUNTIME", tmp_path / "changed")
    assert launch.bundle(tmp_path) != first


def test_a_bundle_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SandboxUnavailable, match="cannot be made ready"):
        launch.bundle(tmp_path / "file")


def test_the_interpreter_is_the_real_one_and_not_that_of_an_environment() -> None:
    found = launch.own_interpreter()
    assert not found.binary.is_symlink()
    assert found.prefix == Path(os.path.realpath(sys.base_prefix))
    said = subprocess.run(
        [found.binary, "-I", "-S", "-c", "import sys; print(sys.version)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert said.stdout.strip() == sys.version


def test_inside_it_is_found_under_a_name_that_tells_nothing_of_the_host() -> None:
    found = launch.inside_interpreter()
    assert found.binary.is_relative_to("/opt/python" if found.prefix else "/usr")


def test_an_interpreter_of_the_system_needs_no_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "_base_executable", "/nowhere/python", raising=False)
    found = launch.inside_interpreter()
    assert (found.prefix, found.library) == (None, None)
    assert found.binary == Path(f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}")


def test_the_command_line_tells_everything_and_whose_it_is() -> None:
    words = launch.command(
        Path("/p"), Path("/b"), {"line": "5", "workspace": "/w"}, {"/sources/ci": "/logs"}
    )
    assert words[:4] == ["/p", "-I", "-S", "-B"]
    assert words[-4:] == [
        *("line=5", "workspace=/w", "source=/sources/ci:/logs"),
        f"bot={own_name()}",
    ]


def test_the_program_starts_without_any_module_that_is_slow_to_import(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(launch.bundle(tmp_path))!r})\n"
        "import runtime.start; early = set(sys.modules); import runtime.program\n"
        "print(sorted(early), sorted(sys.modules))"
    )
    python = launch.own_interpreter().binary
    said = subprocess.run(
        [python, "-I", "-S", "-B", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    for slow in ("json", "re", "enum", "typing", "subprocess", "asyncio", "dataclasses", "ctypes"):
        assert f"'{slow}'" not in said.stdout
    early, _, _ = said.stdout.partition("]")
    assert "'os'" not in early
