"""Real git, asked what it makes of three texts: the judge of our merges. Tests nothing itself."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

CONFLICTS_END = 127  # git merge-file exits with the number of conflicts, up to this


class Triple(NamedTuple):
    """Three versions of a text."""

    base: bytes
    ours: bytes
    theirs: bytes


class Judged(NamedTuple):
    """What git made of them: the merged text, or one with its markers."""

    clean: bool
    content: bytes


def git(folder: Path, *arguments: str, stdin: bytes | None = None, ends: int = 0) -> bytes:
    """Run git, untouched by anyone's configuration; returns what it printed."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t",
            "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t",
        },
    )  # fmt: skip
    assert done.returncode <= ends, done.stderr
    return done.stdout


def merge_file(triple: Triple, *options: str) -> Judged:
    """Ask `git merge-file`."""
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for name, text in zip(names, (triple.ours, triple.base, triple.theirs), strict=True):
            name.write_bytes(text)
        done = subprocess.run(
            ["git", "merge-file", "-p", "-q", *options, *map(str, names)],
            cwd=folder, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
    assert 0 <= done.returncode <= CONFLICTS_END, done.stderr
    return Judged(done.returncode == 0, done.stdout)


def merge_branches(
    triples: Sequence[Triple], *options: str, attributes: str = "* -text"
) -> list[Judged]:
    """Ask `git merge`: each triple is a file of two branches, the conflicted files are looked at.

    A triple whose base is empty is a file that both branches added.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        git(folder, "init", "-q", "-b", "ours")
        (folder / ".git" / "info" / "attributes").write_text(attributes)
        _commit(folder, {n: t.base for n, t in enumerate(triples) if t.base})
        git(folder, "branch", "theirs")
        _commit(folder, {n: t.ours for n, t in enumerate(triples)})
        git(folder, "checkout", "-q", "theirs")
        _commit(folder, {n: t.theirs for n, t in enumerate(triples)})
        git(folder, "checkout", "-q", "ours")
        git(folder, "merge", "-q", "-m", "m", "-Xno-renames", *options, "theirs", ends=1)
        listed = git(folder, "diff", "--name-only", "--diff-filter=U").split()
        open_ = {int(name) for name in listed}
        return [Judged(n not in open_, (folder / str(n)).read_bytes()) for n in range(len(triples))]


def _commit(folder: Path, files: dict[int, bytes]) -> None:
    for number, content in files.items():
        (folder / str(number)).write_bytes(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "c")
