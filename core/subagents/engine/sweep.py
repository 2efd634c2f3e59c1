"""Removes the folders of jobs that ended long ago. Knows no job that runs."""

import shutil
from collections.abc import Collection
from pathlib import Path

from core.errors import StoreError
from core.subagents.journal import FILE_NAME


def sweep(root: Path, before: float, kept: Collection[str]) -> int:
    """Remove job folders that nothing was written to since `before`; returns how many. Blocks."""
    if not root.is_dir():
        return 0
    old = [
        folder
        for folder in root.iterdir()
        if folder.name not in kept and folder.is_dir() and _touched(folder) < before
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return sum(not folder.exists() for folder in old)


def remove(folder: Path) -> None:
    """Remove a job's folder. Blocks. Raises StoreError when something of it stays."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StoreError(f"what a job left cannot be removed: {error}") from error


def _touched(folder: Path) -> float:
    """When the job's file, or its log of writes, was last written, in Unix seconds."""
    found = [folder, *folder.glob(f"{FILE_NAME}*")]
    return max(path.stat().st_mtime for path in found)
