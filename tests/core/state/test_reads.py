import pytest

from core.state.reads import (
    FileRead,
    FolderRead,
    KeyRead,
    Mention,
    PrefixRead,
    Read,
    SearchRead,
    Seen,
    shows_file,
    shows_key,
)

SEARCH = SearchRead(
    query="x",
    source=None,
    upto=9,
    seen=(Seen("state", "a.b", "1"), Seen("workspace", "d/e", "2"), Seen("message", "7", "3")),
)


@pytest.mark.parametrize(
    ("read", "key", "shows"),
    [
        (KeyRead(key="a", commit=0), "a", True),
        (KeyRead(key="a", commit=0), "a.b", False),
        (PrefixRead(prefix="a.", commit=0), "a.b", True),
        (PrefixRead(prefix="a.", commit=0), "b", False),
        # What was left out and what was the job's own was not shown.
        (PrefixRead(prefix="", commit=0, last="m"), "m", True),
        (PrefixRead(prefix="", commit=0, last="m"), "n", False),
        (PrefixRead(prefix="", commit=0, own=("k",)), "k", False),
        (SEARCH, "a.b", True),
        (SEARCH, "d/e", False),
        (SEARCH, "7", False),
        (FileRead(path="a", commit=1), "a", False),
        (FolderRead(path=""), "a", False),
        (Mention(path="a"), "a", False),
    ],
)
def test_what_was_shown_of_the_state_is_known(read: Read, key: str, shows: bool) -> None:
    assert shows_key(read, key) is shows


@pytest.mark.parametrize(
    ("read", "path", "shows"),
    [
        (FileRead(path="a/b", commit=0), "a/b", True),
        (FileRead(path="a/b", commit=0), "a", False),
        (FolderRead(path="a/"), "a/b/c", True),
        (FolderRead(path="a/"), "ab", False),
        (FolderRead(path=""), "ab", True),
        (Mention(path="ab"), "ab", True),
        (SEARCH, "d/e", True),
        (SEARCH, "a.b", False),
        (KeyRead(key="a", commit=1), "a", False),
        (PrefixRead(prefix="", commit=1), "a", False),
    ],
)
def test_what_was_shown_of_the_files_is_known(read: Read, path: str, shows: bool) -> None:
    assert shows_file(read, path) is shows
