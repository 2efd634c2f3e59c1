"""Writes the files by which the kernel is told of control groups. Knows none of them."""

import contextlib
import os
from pathlib import Path


def put(path: str | Path, value: int | str) -> None:
    """Write a value. Raises OSError."""
    # A start writes a dozen such files: a file object for each, and a Path, would cost it 0.2 ms.
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        os.write(fd, str(value).encode())
    finally:
        os.close(fd)


def put_if_there(path: str | Path, value: int | str) -> None:
    """Write a value where the kernel knows of such."""
    with contextlib.suppress(OSError):
        put(path, value)
