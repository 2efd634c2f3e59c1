import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import thaw

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
# A file of ours in code: it begins with a folder of ours.
FILE = re.compile(r"`((?:bot|adapters|core|tests|bench|docs)/[\w./-]+)`")
# A target of make; what goes on in words ("make a note") is something to say to the bot.
MADE = re.compile(r"(?:`|^(?: {4})?)make ([a-z-]+)(?=`|$| *#| +[A-Z]+=)", re.MULTILINE)


def named(document: Path) -> Iterator[Path]:
    """Every file that a document links to or names."""
    text = document.read_text("utf-8")
    for target in LINK.findall(text):
        if "://" not in target:
            yield document.parent / target
    for name in FILE.findall(text):
        yield ROOT / name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    assert [str(path) for path in named(document) if not path.exists()] == []


def test_the_readme_names_files_at_all() -> None:
    assert len(set(named(ROOT / "README.md"))) > 10


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        asked = set(MADE.findall(text))
        assert asked <= targets, document


def test_the_readme_tells_of_every_command() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `thaw ([a-z]+)", text, re.MULTILINE)) == {*thaw.commands} - {
        "version"
    }


TEST = re.compile(r"`(tests/[\w./-]+)::(\w+)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_that_a_document_names_is_there(document: Path) -> None:
    lost = []
    for file, test in TEST.findall(document.read_text("utf-8")):
        source = (ROOT / file).read_text("utf-8")
        if not re.search(rf"^(?:async )?def {test}\(", source, re.MULTILINE):
            lost.append(f"{file}::{test}")
    assert lost == []


def test_security_names_the_tests_of_what_it_claims() -> None:
    assert len(set(TEST.findall((ROOT / "docs/security.md").read_text("utf-8")))) > 40
