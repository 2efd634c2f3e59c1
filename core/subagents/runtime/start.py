"""The very start: rights are dropped, the first word is said; only then is the rest loaded.

Many subagents may start at once, and whoever waits for one waits for its first word. So nothing
is imported before it but what the interpreter has built in, and nothing before its answer.
"""

import posix

from . import descent

VERSION = 1
HELLO = 1
"""The number of the first frame, which is sent from here."""


def main(words: list[str]) -> int:
    """Run to the end with settings given as name=value (see sandbox/launch.py); the exit code."""
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    told = dict(pairs)
    if "become" in told:
        descent.become(int(told["become"]))
    if "foster" in told:
        descent.foster()
    weight = posix.open("/proc/self/oom_score_adj", posix.O_RDWR | posix.O_CLOEXEC)
    descent.unreachable()  # and that file would be closed to it from now on
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
    return run(line, answer, tree, Commands(tree, line, weight), told.get("off", ""))
