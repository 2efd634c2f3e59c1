import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDY = """
import pytest

@pytest.mark.needs_system("bubblewrap")
def test_in_a_sandbox():
    pass
"""


def run_needy(folder: Path, **environment: str) -> str:
    """Run one test that needs bubblewrap in a pytest of its own; return what it printed."""
    file = folder / "test_needy.py"
    file.write_text(NEEDY)
    options = ["--rootdir", str(folder), "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", str(file)],
        cwd=ROOT,
        env={"HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("ci", "end"), [("0", "1 skipped"), ("1", "1 error")], ids=["for a user", "in CI"]
)
def test_a_missing_part_skips_for_a_user_and_fails_in_ci(tmp_path: Path, ci: str, end: str) -> None:
    printed = run_needy(tmp_path, PATH=str(tmp_path), THAW_CI=ci)
    assert end in printed
    assert "bwrap is not installed" in printed


def test_a_part_that_is_installed_but_broken_counts_as_missing(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no permission >&2\nexit 1\n")
    broken.chmod(0o755)
    printed = run_needy(tmp_path, PATH=f"{tmp_path}{os.pathsep}/bin", THAW_CI="1")
    assert "it does not work here: no permission" in printed
