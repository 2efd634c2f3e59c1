"""The two functions of libgit2 that texts need, a merge and a diff. Decides nothing about them.

libgit2 comes with `pygit2`, which itself is never imported: its merge wants a repository, its diff
holds the interpreter for as long as it runs, and importing it costs more than all of this. Called
through `ctypes`, neither function needs a repository or a configuration, and other threads
run meanwhile (docs/decisions/0090).
"""

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import NamedTuple

_FORCE_TEXT = 1 << 20
_VERSION = 1  # of every structure below, and of libgit2 itself


class Change(NamedTuple):
    """From line `at` on, `removed` lines of the old text became `added` lines at `new_at`.

    Lines are counted from 0. Between two changes there is a line that both texts have.
    """

    at: int
    removed: int
    new_at: int
    added: int


def merged(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """What git makes of three texts by default; None where changes overlap, or one is binary."""
    library = _library()
    result = _Result()
    sides = [_Input(version=_VERSION, ptr=text, size=len(text)) for text in (base, ours, theirs)]
    if library.git_merge_file(ctypes.byref(result), *map(ctypes.byref, sides), None) < 0:
        raise MemoryError("libgit2 could not merge three texts")
    try:
        return ctypes.string_at(result.ptr, result.len) if result.automergeable else None
    finally:
        library.git_merge_file_result_free(ctypes.byref(result))


def changes(old_lines: Sequence[bytes], new_lines: Sequence[bytes]) -> tuple[Change, ...]:
    """The changes that make the new text of the old one, in order, as git's own merge sees them."""
    library = _library()
    old, new = b"".join(old_lines), b"".join(new_lines)
    options = _DiffOptions()
    library.git_diff_options_init(ctypes.byref(options), _VERSION)
    options.flags = _FORCE_TEXT
    options.context_lines = 0
    patch = ctypes.c_void_p()
    code = library.git_patch_from_buffers(
        ctypes.byref(patch), old, len(old), None, new, len(new), None, ctypes.byref(options)
    )
    if code < 0:
        raise MemoryError("libgit2 could not compare two texts")
    try:
        return tuple(_change(library, patch, n) for n in range(library.git_patch_num_hunks(patch)))
    finally:
        library.git_patch_free(patch)


def _change(library: ctypes.CDLL, patch: ctypes.c_void_p, number: int) -> Change:
    hunk = ctypes.POINTER(_Hunk)()
    library.git_patch_get_hunk(ctypes.byref(hunk), None, patch, ctypes.c_size_t(number))
    at, removed, new_at, added = (
        hunk[0].old_start, hunk[0].old_lines, hunk[0].new_start, hunk[0].new_lines
    )  # fmt: skip
    # libgit2 counts from 1, and where no line is it names the one before.
    return Change(at - (removed > 0), removed, new_at - (added > 0), added)


class _Input(ctypes.Structure):
    """git_merge_file_input."""

    _fields_ = (
        ("version", ctypes.c_uint),
        ("ptr", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("path", ctypes.c_char_p),
        ("mode", ctypes.c_uint),
    )


class _Result(ctypes.Structure):
    """git_merge_file_result."""

    _fields_ = (
        ("automergeable", ctypes.c_uint),
        ("path", ctypes.c_char_p),
        ("mode", ctypes.c_uint),
        ("ptr", ctypes.c_void_p),
        ("len", ctypes.c_size_t),
    )


class _DiffOptions(ctypes.Structure):
    """git_diff_options as far as it is set here, and room for what follows."""

    _fields_ = (
        ("version", ctypes.c_uint),
        ("flags", ctypes.c_uint32),
        ("ignore_submodules", ctypes.c_int),
        ("pathspec", ctypes.c_void_p),
        ("pathspec_count", ctypes.c_size_t),
        ("notify", ctypes.c_void_p),
        ("progress", ctypes.c_void_p),
        ("payload", ctypes.c_void_p),
        ("context_lines", ctypes.c_uint32),
        ("rest", ctypes.c_char * 260),
    )


class _Hunk(ctypes.Structure):
    """git_diff_hunk, the beginning of it."""

    _fields_ = (
        ("old_start", ctypes.c_int),
        ("old_lines", ctypes.c_int),
        ("new_start", ctypes.c_int),
        ("new_lines", ctypes.c_int),
    )


@cache
def _library() -> ctypes.CDLL:
    """Load libgit2 when the first text is merged: 9 MB, of which 2 MB are no other program's."""
    package = find_spec("pygit2")
    folders = package.submodule_search_locations if package else None
    binding = PathFinder.find_spec("_libgit2", folders)
    if not folders or binding is None or binding.origin is None:
        raise ImportError("pygit2, which texts are merged with, is not installed")
    library = ctypes.CDLL(binding.origin)
    library.git_patch_from_buffers.argtypes = (
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p,
    )  # fmt: skip
    library.git_patch_num_hunks.restype = ctypes.c_size_t
    library.git_patch_free.restype = library.git_merge_file_result_free.restype = None
    if library.git_libgit2_init() < 0 or _major(library) != _VERSION:
        raise ImportError("the installed pygit2 brings a libgit2 that is not version 1")
    return library


def _major(library: ctypes.CDLL) -> int:
    parts = [ctypes.c_int() for _ in range(3)]
    library.git_libgit2_version(*map(ctypes.byref, parts))
    return parts[0].value
