import ast
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("bot", "adapters", "core", "tests", "bench")
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
TOP = {
    *FOLDERS,
    ".ci",
    ".git",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "config.example.toml",
    "docs",
    "pyproject.toml",
    "requirements.lock",
    "requirements-dev.lock",
}
NAMES_THAT_SAY_NOTHING = {
    "common",
    "helper",
    "helpers",
    "manager",
    "managers",
    "misc",
    "util",
    "utils",
}
RUNTIME = ROOT / "core" / "subagents" / "runtime"


def files(suffix: str) -> Iterator[Path]:
    """Every file of ours with this suffix."""
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob(f"*{suffix}"))


def named(path: Path, what: str) -> str:
    return f"{path.relative_to(ROOT)}: {what}"


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported, but for those beside the importing one (`from . import x`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level != 1:
            yield "." * node.level + (node.module or "")


def test_no_file_is_longer_than_400_lines() -> None:
    sources = [path for suffix in (".py", ".js", ".css", ".html", ".sql") for path in files(suffix)]
    assert ROOT / "bot" / "config.py" in sources
    counted = {path: len(path.read_text("utf-8").splitlines()) for path in sources}
    assert [named(p, f"{n} lines") for p, n in counted.items() if n > LONGEST_FILE] == []


def test_no_function_is_longer_than_50_lines() -> None:
    too_long = []
    for path in files(".py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    too_long.append(named(path, f"{node.name} has {lines} lines"))
    assert too_long == []


def test_every_name_says_what_is_in_it() -> None:
    empty = [
        named(path, "says nothing")
        for path in files(".py")
        for part in path.relative_to(ROOT).with_suffix("").parts
        if part in NAMES_THAT_SAY_NOTHING or part.endswith("_service")
    ]
    assert empty == []


def test_the_top_level_holds_only_what_belongs_there() -> None:
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    found = {path.name for path in ROOT.iterdir()}
    strangers = {name for name in found if not any(fnmatch(name, line) for line in ignored)} - TOP
    assert strangers == set()


def test_the_program_inside_a_sandbox_needs_only_the_standard_library() -> None:
    sources = [*RUNTIME.rglob("*.py"), *RUNTIME.parent.glob("runtime.py")]
    own = {path.stem for path in sources}
    foreign = [
        named(path, module)
        for path in sources
        for module in imported(ast.parse(path.read_text("utf-8")))
        if module.split(".")[0] not in sys.stdlib_module_names | own
        and not f"{module}.".startswith("core.subagents.runtime.")
    ]
    assert foreign == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_for_every_python_and_names_no_machine(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    # What only the newest one needs is there only if the lock was made with it.
    assert re.search(r'^audioop-lts==\S+ ; python_version >= "3\.13"', text, re.MULTILINE)
    assert set(re.findall(r"-c (\S+)", text)) <= {"requirements.lock"}
    assert "://" not in text
