"""Whether a shell command may run what a pattern names. Pure; where that cannot be told, it may."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from core.approvals.words import Unclear, Word, simple_commands

_DEEPEST = 5
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh"})
# They run what their arguments say, in one place or another.
_WRAPPERS = frozenset({
    "env", "sudo", "doas", "su", "runuser", "nohup", "nice", "ionice", "chrt", "taskset", "exec",
    "command", "builtin", "timeout", "stdbuf", "setsid", "xargs", "parallel", "busybox", "toybox",
    "chroot", "unshare", "nsenter", "setarch", "strace", "ltrace", "watch", "flock", "script",
    "ssh", "coproc", "time", "bwrap", "fakeroot", "capsh", "setpriv", "prlimit", "systemd-run",
    "start-stop-daemon", "expect", "entr", "gdb", "perf",
})  # fmt: skip
_KEYWORDS = frozenset({"{", "}", "!", "if", "then", "else", "elif", "do", "while", "until"})
_LINES = frozenset({"eval", "trap"})
_FILES = frozenset({".", "source", "alias", "enable", "hash", "function"})
# What follows them is no command.
_NAMES = frozenset({"for", "case", "select"})
_FINDS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
# With these set, the name of a program says little about what is run.
_MEANING = re.compile(r"(PATH|ENV|BASH_ENV|LD_[A-Z_]+)\+?=")
_SYSTEM = re.compile(r"(/usr(/local)?)?/s?bin/[^/]+")
_PLAIN = re.compile(r"[\w./=-]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_LOADER = re.compile(r"ld(-linux[^/]*)?(-[0-9.]+)?\.so[0-9.]*")


def asks(command: str, patterns: Sequence[str]) -> str | None:
    """Why the command waits for a word, for people; None when it runs nothing that is named."""
    try:
        return _line(command, [pattern.split() for pattern in patterns], 0)
    except Unclear as why:
        return f"it cannot be told what it runs: {why}"


def _line(text: str, patterns: Sequence[list[str]], depth: int) -> str | None:
    if depth > _DEEPEST:
        raise Unclear("commands are nested too deeply")
    found = (_simple(words, patterns, depth) for words in simple_commands(text))
    return next((why for why in found if why is not None), None)


def _simple(words: list[Word], patterns: Sequence[list[str]], depth: int) -> str | None:
    if any(_MEANING.match(word.text) for word in words):
        raise Unclear("it changes where programs are looked for")
    while words and (_ASSIGNMENT.match(words[0].text) or words[0].text in _KEYWORDS):
        words = words[1:]
    if words and words[0].text in _NAMES:
        words = words[_after(words, "do") :]
    if not words:
        return None
    name, rest = _program(words[0]), words[1:]
    for pattern in patterns:
        if fnmatchcase(name, pattern[0]) and _holds(rest, pattern[1:]):
            return f"it matches {' '.join(pattern)!r}"
    return _inside(name, rest, patterns, depth)


def _inside(name: str, rest: list[Word], patterns: Sequence[list[str]], depth: int) -> str | None:
    """The same for what a program runs in its turn, as far as it is written in its words."""
    if name in _FILES:
        raise Unclear(f"{name} changes what later words mean, or runs a file")
    if name in _SHELLS:
        return _shell(rest, patterns, depth)
    if name in _LINES:
        return _line(_joined(rest), patterns, depth + 1)
    if name == "find":
        place = min((_after(rest, option) for option in _FINDS), default=len(rest))
        return _wrapped(rest[place:], patterns, depth)
    if name in _WRAPPERS or _LOADER.fullmatch(name):
        return _wrapped(rest, patterns, depth)
    return None


def _after(words: Sequence[Word], text: str) -> int:
    """The place behind the first such word; the end if there is none."""
    return next((n for n, word in enumerate(words, 1) if word.text == text), len(words))


def _program(word: Word) -> str:
    """The name of what is run. Raises Unclear for what is not the system's."""
    if not word.clear and word.text not in ("[", "[["):
        raise Unclear("the name of a program is not written out")
    if "/" not in word.text:
        return word.text
    if not _SYSTEM.fullmatch(word.text):
        raise Unclear(f"{word.text[:80]} is no program of the system")
    return word.text.rpartition("/")[2]


def _holds(words: Sequence[Word], wanted: Sequence[str]) -> bool:
    """Whether each word of a pattern is there, wherever. What is not clear may be any of them."""
    return all(
        one.strip("*") == "" or any(_means(word, one) for word in words) or _bundled(words, one)
        for one in wanted
    )


def _means(word: Word, wanted: str) -> bool:
    if not word.clear or fnmatchcase(word.text, wanted):
        return True
    # Many programs take the beginning of a long option for the whole.
    option = word.text.partition("=")[0]
    return len(option) > 2 and option.startswith("--") and wanted.startswith(option)


def _bundled(words: Sequence[Word], wanted: str) -> bool:
    """Whether all letters of -rf are there, in one bundle or in several."""
    if not re.fullmatch(r"-[A-Za-z0-9]+", wanted):
        return False
    given = {letter for word in words if re.match(r"-[^-]", word.text) for letter in word.text[1:]}
    return set(wanted[1:]) <= given


def _shell(words: Sequence[Word], patterns: Sequence[list[str]], depth: int) -> str | None:
    place = next((n for n, w in enumerate(words) if re.fullmatch(r"-[a-z]*c[a-z]*", w.text)), None)
    if place is None:
        raise Unclear("a shell runs what it reads")
    lines = [word for word in words[place + 1 :] if not word.text.startswith(("-", "+"))]
    if not lines or not lines[0].clear:
        raise Unclear("a shell runs what is not written out")
    return _line(lines[0].text, patterns, depth + 1)


def _wrapped(words: Sequence[Word], patterns: Sequence[list[str]], depth: int) -> str | None:
    """Where its command begins is not known, so that it may be at any of the words."""
    # {} is what xargs and find put names in for.
    if not all(w.clear or _PLAIN.fullmatch(w.text.replace("{}", "")) for w in words):
        raise Unclear("what another program runs is not written out")
    for place, word in enumerate(words):
        why = None
        if word.text.startswith("-S") or " " in word.text:
            # A word that is itself a command line, as of env -S, su -c and watch.
            why = _line(word.text.removeprefix("-S"), patterns, depth + 1)
        elif word.text and not word.text.startswith(("-", "{")):
            why = _simple(list(words[place:]), patterns, depth + 1)
        if why is not None:
            return why
    return None


def _joined(words: Sequence[Word]) -> str:
    if not all(word.clear for word in words):
        raise Unclear("what it runs is not written out")
    return " ".join(word.text for word in words)
