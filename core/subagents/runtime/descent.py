"""Gives up every right the program does not need, once, before the first word is said.

Nothing hostile has run yet when this runs; any failure ends the program. It imports only what is
built into the interpreter, like everything that stands before the first word (see start.py).
"""

import posix
from _ctypes import FUNCFLAG_CDECL, CFuncPtr, _SimpleCData, dlopen, dlsym

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

INSIDE = 1000
"""The user id that programs see inside the sandbox."""
_NEWUSER = 0x10000000
_SET_DUMPABLE, _CAPBSET_DROP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 4, 24, 36, 38
_CAPSET_VERSION_3 = 0x20080522
_CAPABILITIES = 64


def _libc() -> "Callable[[str], Callable[..., int]]":
    """Return what finds a function of the C library; `ctypes` itself would cost 3 ms."""

    class Int(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "i"

    class Function(CFuncPtr):
        _flags_ = FUNCFLAG_CDECL
        _restype_ = Int

    library = dlopen(None, 0)  # type: ignore[arg-type]
    return lambda name: Function(dlsym(library, name))


_find = _libc()
_prctl = _find("prctl")


def unreachable() -> None:
    """Keep every process of the same user out of this one: no ptrace, no /proc/PID/fd, no mem."""
    _must(_prctl(_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def foster() -> None:
    """Become the parent of what descendants leave behind, so that it can be found."""
    _must(_prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


def become(user: int) -> None:
    """Turn from a bare root into `user` outside and 1000 inside a user namespace of its own.

    In that namespace no further one can be made, and no capability is left or can be had.
    """
    posix.setgroups([])
    posix.setresgid(user, user, user)
    posix.setresuid(user, user, user)
    # Changing users made the process undumpable, and so its /proc files root's.
    _must(_prctl(_SET_DUMPABLE, 1, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")
    _must(_find("unshare")(_NEWUSER), "unshare(CLONE_NEWUSER)")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{INSIDE} {user} 1")
    _write("/proc/self/gid_map", f"{INSIDE} {user} 1")
    _write("/proc/sys/user/max_user_namespaces", "0")
    for capability in range(_CAPABILITIES):
        if _prctl(_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # the kernel knows no further one
    _must(_prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
    header = _CAPSET_VERSION_3.to_bytes(4, "little") + bytes(4)
    _must(_find("capset")(header, bytes(24)), "capset")
    if (*posix.getresuid(), *posix.getresgid()) != (INSIDE,) * 6 or posix.getgroups():
        raise OSError("the user could not be changed")


def _must(result: int, what: str) -> None:
    if result != 0:
        raise OSError(f"{what} failed")


def _write(path: str, text: str) -> None:
    fd = posix.open(path, posix.O_WRONLY | posix.O_CLOEXEC)
    try:
        posix.write(fd, text.encode())
    finally:
        posix.close(fd)
