"""The very start: rights are dropped, the first word is said; only then is the rest loaded.

Many subagents may start at once, and whoever waits for one waits for its first word. So nothing
is imported before it but what the interpreter has built in, and nothing before its answer. It is
run as a file: to find it as a module would cost 0.3 ms (docs/decisions/0011).

Nothing hostile has run yet when rights are given up; any failure ends the program.
"""

import posix
import sys
from _ctypes import FUNCFLAG_CDECL, CFuncPtr, _SimpleCData, dlopen, dlsym

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
HELLO = 1
"""The number of the first frame, which is sent from here."""
INSIDE = 1000
"""The user id that programs see inside the sandbox."""
_NEWUSER = 0x10000000
_SET_DUMPABLE, _CAPBSET_DROP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 4, 24, 36, 38
_CAPSET_VERSION_3 = 0x20080522
_CAPABILITIES = 64


def main(words: list[str]) -> int:
    """Run to the end with settings given as name=value (see sandbox/launch.py); the exit code."""
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    told = dict(pairs)
    if "become" in told:
        _become(int(told["become"]))
    if "foster" in told:
        # The parent of what descendants leave behind, so that it can be found.
        _must(_prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")
    weight = posix.open("/proc/self/oom_score_adj", posix.O_RDWR | posix.O_CLOEXEC)
    # Every process of the same user is kept out of this one: no ptrace, no /proc/PID/fd, no mem.
    # That file would be closed to it from now on.
    _must(_prctl(_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")
    line = int(told["line"])
    posix.set_inheritable(line, False)
    posix.chdir(told["workspace"])
    posix.write(line, b'{"kind":"hello","id":%d,"version":%d}\n' % (HELLO, VERSION))
    posix.nice(int(told["nice"]))
    answer = posix.read(line, 1 << 16)
    from .commands import Commands  # noqa: PLC0415 - later is the point
    from .program import run  # noqa: PLC0415
    from .tree import Tree  # noqa: PLC0415

    sources = dict(value.split(":", 1) for name, value in pairs if name == "source")
    tree = Tree(told["workspace"], sources)
    return run(line, HELLO, answer, tree, Commands(tree, line, weight), told.get("off", ""))


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


def _become(user: int) -> None:
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


if __name__ == "__main__":
    # What is imported later is found as a part of the package that this file lies in.
    __package__ = "runtime"
    sys.path.insert(0, __file__.rpartition("/runtime/")[0])
    sys.exit(main(sys.argv[1:]))
