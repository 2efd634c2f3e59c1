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
    descent.unreachable()
    line = int(told["line"])
    posix.set_inheritable(line, False)
    posix.chdir(told["workspace"])
    posix.write(line, b'{"kind":"hello","id":%d,"version":%d}\n' % (HELLO, VERSION))
    posix.nice(int(told["nice"]))
    answer = posix.read(line, 1 << 16)
    from .program import run  # noqa: PLC0415 - later is the point

    sources = dict(value.split(":", 1) for name, value in pairs if name == "source")
    return run(line, answer, told["workspace"], sources, told.get("off", ""))
