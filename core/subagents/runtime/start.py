"""The very start: rights are dropped, the first word is said; only then is the rest loaded.

Many subagents may start at once, and whoever waits for one waits for its first word. So nothing
is imported before it but what the interpreter has built in, and nothing before its answer. It is
run as a file: to find it as a module would cost 0.3 ms (docs/decisions/0011).

Nothing hostile has run yet when rights are given up; any failure ends the program.
"""

import posix
import sys
from _ctypes import FUNCFLAG_CDECL, CFuncPtr, Structure, _SimpleCData, byref, dlopen, dlsym

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
_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NO_FAMILY, _NO_CALL = _ERROR | 97, _ERROR | 38
_FAMILIES = (1, 2, 10, 16)
"""Unix, IPv4, IPv6, netlink: those that belong to a namespace of networks. Others, vsock for one,
lead out of it."""
_CALLS = {
    # Its architecture's mark, socket, socketpair; then those that no job needs and that belong to
    # no namespace, or open sockets by another way: io_uring, keys, bpf, perf, userfaultfd.
    "x86_64": (0xC000003E, 41, 53, 425, 426, 427, 248, 249, 250, 321, 298, 323),
    "aarch64": (0xC00000B7, 198, 199, 425, 426, 427, 217, 218, 219, 280, 241, 282),
}
_SECOND_ABI = 0x40000000
_FILE_SIZE = 1
"""The limit of that (RLIMIT_FSIZE), a number of eight bytes."""


def main(words: list[str]) -> int:
    """Run to the end with settings given as name=value (see sandbox/launch.py); the exit code."""
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    told = dict(pairs)
    if "become" in told:
        _become(int(told["become"]))
    if "foster" in told:
        # It is an ordinary process until here: the host bounds it, and then says so.
        posix.read(int(told["line"]), 1)
        # The parent of what descendants leave behind, so that it can be found.
        _must(_prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")
    if "foster" not in told:
        _seal(_CALLS.get(posix.uname().machine))
    weight = posix.open("/proc/self/oom_score_adj", posix.O_RDWR | posix.O_CLOEXEC)
    # Every process of the same user is kept out of this one: no ptrace, no /proc/PID/fd, no mem.
    # That file would be closed to it from now on.
    _must(_prctl(_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")
    line = int(told["line"]) if "line" in told else _connected(told["connect"])
    posix.set_inheritable(line, False)
    posix.chdir(told["workspace"])
    posix.write(line, b'{"kind":"hello","id":%d,"version":%d}\n' % (HELLO, VERSION))
    posix.nice(int(told["nice"]))
    if "ahead" in told:
        # Started before anybody knew for which job: this comes with it, before the answer.
        size = posix.read(line, 8).ljust(8, b"\0")
        _must(_find("setrlimit")(_FILE_SIZE, size + size), "setrlimit(RLIMIT_FSIZE)")
    answer = posix.read(line, 1 << 16)
    from .commands import Commands  # noqa: PLC0415 - later is the point
    from .program import run  # noqa: PLC0415
    from .tree import Tree  # noqa: PLC0415

    sources = dict(value.split(":", 1) for name, value in pairs if name == "source")
    tree = Tree(told["workspace"], sources)
    return run(line, HELLO, answer, tree, Commands(tree, line, weight), told.get("off", ""))


def _connected(path: str) -> int:
    """Come to the host's socket, where nothing else could be handed down (see docker.py)."""
    from _socket import AF_UNIX, SOCK_STREAM, socket  # noqa: PLC0415 - others do without it

    line = socket(AF_UNIX, SOCK_STREAM)
    line.connect(path)
    return line.detach()


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


def _seal(calls: "tuple[int, ...] | None") -> None:
    """Leave this process and all that it starts only sockets that its namespace holds."""
    if calls is None:
        return  # the calls of this machine have other numbers, which nobody has looked up
    mark, socket, pair, *others = calls
    rules = [(_LOAD, 4), (_EQUAL, mark, 1, 0), (_RETURN, _NO_CALL), (_LOAD, 0)]
    rules += [(_AT_LEAST, _SECOND_ABI, 0, 1), (_RETURN, _NO_CALL)]
    for number in others:
        rules += [(_EQUAL, number, 0, 1), (_RETURN, _NO_CALL)]
    rules += [(_EQUAL, socket, 2, 0), (_EQUAL, pair, 1, 0), (_RETURN, _ALLOW), (_LOAD, 16)]
    for family in _FAMILIES:
        rules += [(_EQUAL, family, 0, 1), (_RETURN, _ALLOW)]
    rules.append((_RETURN, _NO_FAMILY))
    code = b"".join(_rule(*rule) for rule in rules)

    class Short(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "H"

    class Text(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "z"

    class Program(Structure):
        _fields_ = (("length", Short), ("code", Text))

    sealed = _prctl(_SET_SECCOMP, _FILTER, byref(Program(len(rules), code)))
    _must(sealed, "prctl(PR_SET_SECCOMP)")


def _rule(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return code.to_bytes(2, "little") + bytes((if_so, if_not)) + value.to_bytes(4, "little")


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
