"""A workspace that is a trap for git: hooks, filters, aliases, monitors. The host runs no git."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.jobs.job import Completed
from core.state.apply import merge
from core.state.database import Transaction
from core.state.files import list_files, read_file
from core.state.operations import Author, AuthorKind, Delta, FileChange
from core.state.rules import Rules
from tests.core.subagents.engine.bench import bench
from tests.core.subagents.scripted import CHANNEL, calls, finishes, job

ROOT = Path(__file__).parents[2]
BASE, THEIRS = b"one\ntwo\nthree\n", b"one\ntwo\nTHREE\n"
PLANT = """
import os
trap = "#!/bin/sh\\ntouch $SPRUNG\\n"
hooks = "applypatch-msg commit-msg fsmonitor-watchman post-checkout post-commit post-index-change"
hooks += " post-merge post-rewrite pre-commit pre-merge-commit reference-transaction"
for folder in (".git/hooks", "hooks", ".githooks"):
    os.makedirs(folder, exist_ok=True)
    for name in hooks.split():
        open(f"{folder}/{name}", "w").write(trap)
        os.chmod(f"{folder}/{name}", 0o755)
open("trap", "w").write(trap)
os.chmod("trap", 0o755)
here = os.getcwd()
config = f'''[core]
    hooksPath = {here}/hooks
    fsmonitor = {here}/trap
    sshCommand = {here}/trap
    pager = {here}/trap
    editor = {here}/trap
[merge "trap"]
    driver = {here}/trap
[diff "trap"]
    textconv = {here}/trap
[filter "trap"]
    clean = {here}/trap
    smudge = {here}/trap
[alias]
    merge-file = !{here}/trap
'''
for name in (".git/config", ".gitconfig"):
    open(name, "w").write(config)
open(".git/HEAD", "w").write("ref: refs/heads/main\\n")
open(".gitattributes", "w").write("* merge=trap diff=trap filter=trap\\n")
open("notes.txt", "w").write("ONE\\ntwo\\nthree\\n")
"""


@pytest.fixture
def sprung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that comes to be when a hook runs on the host, or git itself does."""
    there, programs = tmp_path / "sprung", tmp_path / "programs"
    programs.mkdir()
    git = programs / "git"
    git.write_text(f"#!/bin/sh\ntouch {there}\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return there


def merged(files: tuple[FileChange, ...], base: int, tx: Transaction) -> dict[str, bytes | None]:
    """The channel's files after the job's delta was merged into it."""
    author = Author(kind=AuthorKind.JOB, person_id="ada", name="Ada", job=1)
    delta = Delta(source="job:1", author=author, base=base, at=1.0, about="a trap", files=files)
    merge(tx, delta, Rules())
    return {file.path: read_file(tx, file.path) for file in list_files(tx)}


@pytest.mark.needs_system("bubblewrap")
async def test_no_hook_filter_or_alias_of_a_workspace_runs_on_the_host(
    tmp_path: Path, sprung: Path
) -> None:
    async with bench(tmp_path / "data", "bubblewrap") as made:
        base = await made.commit(files=(FileChange(path="notes.txt", content=BASE),))
        plant = PLANT.replace("$SPRUNG", str(sprung))
        made.model.lines.extend([calls("python", code=plant), finishes("planted")])
        spec = job(1, base_commit=base)
        assert await made.run(spec) == Completed(result="planted")
        await made.commit(files=(FileChange(path="notes.txt", content=THEIRS),))
        files = (await made.engine.gathered(spec)).files
        held = await made.channels.write(CHANNEL, lambda tx: merged(files, base, tx))
    # Three ways by lines, as git would, and without it.
    assert held["notes.txt"] == b"ONE\ntwo\nTHREE\n"
    assert "trap" in held
    assert {".git/config", ".git/hooks/post-merge"} <= set(held)  # text, like any other
    assert not sprung.exists()  # noqa: ASYNC240 - a test may wait for the disk


def programs() -> Iterator[tuple[str, str]]:
    """The text constants of the whole program, each with its file."""
    for folder in ("bot", "core", "adapters"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield str(path.relative_to(ROOT)), node.value


def test_no_part_of_the_program_names_git_as_a_program() -> None:
    found = [(path, text) for path, text in programs() if text.split("/")[-1:] == ["git"]]
    assert found == []
