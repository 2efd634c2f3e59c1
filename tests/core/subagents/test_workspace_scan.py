import os
import socket
from pathlib import Path

import pytest

from core.subagents import workspace_scan
from core.subagents.workspace_scan import MOST_NOTES, WorkspaceUnfit, scan

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_regular_files_are_found_with_hash_size_and_mode(workspace: Path) -> None:
    (workspace / "a" / "b").mkdir(parents=True)
    (workspace / "a" / "b" / "c").write_text("hello")
    (workspace / "run").write_text("hello")
    (workspace / "run").chmod(0o755)
    files = scan(workspace).files
    assert {p: (f.sha256, f.size, f.executable) for p, f in files.items()} == {
        "a/b/c": (HELLO, 5, False),
        "run": (HELLO, 5, True),
    }


def test_links_pipes_sockets_and_devices_are_refused_and_never_opened(workspace: Path) -> None:
    (workspace / "link").symlink_to("/etc/passwd")
    (workspace / "folder").symlink_to("/")
    os.mkfifo(workspace / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(workspace / "socket"))
    scanned = scan(workspace)
    assert scanned.files == {}
    assert scanned.refused == {
        "link": "it is a symbolic link",
        "folder": "it is a symbolic link",
        "pipe": "it is a pipe",
        "socket": "it is a socket",
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_is_refused(workspace: Path) -> None:
    try:
        os.mknod(workspace / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    assert scan(workspace).refused == {"zero": "it is a device"}


def test_a_file_with_a_name_outside_is_refused_and_one_with_two_inside_is_taken(
    workspace: Path,
) -> None:
    outside = workspace.parent / "secret"
    outside.write_text("secret")
    (workspace / "stolen").hardlink_to(outside)
    (workspace / "one").write_text("hello")
    (workspace / "two").hardlink_to(workspace / "one")
    scanned = scan(workspace)
    assert scanned.files.keys() == {"one", "two"}
    assert scanned.refused == {"stolen": "it has another name outside the workspace"}


def test_names_that_are_no_text_are_refused_and_shown_as_text(workspace: Path) -> None:
    folder = os.fsencode(workspace)
    for name in (b"bad\xff", b"two\nlines", b"\x1b[31mred", "\u202egnp.exe".encode()):
        with open(os.path.join(folder, name), "wb"):  # noqa: PTH118, PTH123 - names of bytes
            pass
    scanned = scan(workspace)
    assert scanned.files == {}
    assert len(scanned.refused) == 4
    for note in scanned.notes():
        note.encode()


def test_scratch_and_caches_are_not_looked_at(workspace: Path) -> None:
    for name in (".thaw", "__pycache__", "a/__pycache__", "a/.thaw", ".cache"):
        (workspace / name).mkdir(parents=True)
        (workspace / name / "f").write_text("x")
    assert scan(workspace).files.keys() == {"a/.thaw/f"}


def test_a_file_that_is_too_large_is_refused_without_being_read(workspace: Path) -> None:
    with (workspace / "big").open("wb") as big:
        big.truncate(10**12)
    assert "1,000,000,000,000 bytes" in scan(workspace).refused["big"]


def test_a_folder_without_end_is_refused_below_the_greatest_depth(workspace: Path) -> None:
    (workspace / "/".join("d" * 80)).mkdir(parents=True)
    (refused,) = scan(workspace).refused.items()
    assert refused == ("/".join("d" * 65), "it is more than 64 folders deep")


def test_too_many_files_are_too_much(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_scan, "MOST_ENTRIES", 10)
    for number in range(11):
        (workspace / str(number)).touch()
    with pytest.raises(WorkspaceUnfit, match="more than 10 files"):
        scan(workspace)


def test_what_a_job_locked_for_itself_is_read_all_the_same(workspace: Path) -> None:
    (workspace / "locked").mkdir()
    (workspace / "locked" / "file").write_text("hello")
    (workspace / "locked" / "file").chmod(0)
    (workspace / "locked").chmod(0)
    workspace.chmod(0)
    found = scan(workspace).files["locked/file"]
    assert (found.sha256, found.executable) == (HELLO, False)


def test_notes_are_bounded(workspace: Path) -> None:
    for number in range(MOST_NOTES + 5):
        (workspace / str(number)).symlink_to("/")
    notes = scan(workspace).notes()
    assert len(notes) == MOST_NOTES
    assert notes[-1] == "6 more were left out"
