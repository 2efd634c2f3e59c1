"""How a person wants something done: in the background, in one job, in order. Knows no actions."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from core.model.offline.grammar import bare, clear, parse, starts_request
from core.model.offline.intents import Run, RunPython, ShowFile, Wait, WhyCi
from core.model.offline.phrases import DURATION
from core.model.offline.spans import masked


class Way(Enum):
    """BACKGROUND: not in the answer. ONE: by one job. JOBS: by several. ORDER: one after another.
    APART: side by side."""

    BACKGROUND = auto()
    ONE = auto()
    JOBS = auto()
    ORDER = auto()
    APART = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What is wanted, and in which ways."""

    words: str
    ways: frozenset[Way]


_BACKGROUND = r"in\s+(?:the\s+)?background|as\s+(?:a\s+)?background\s+(?:work|process)"
_NEW = r"(?:start|create|make|run|open|launch|spawn|queue|kick\s+off)"
_ONE = (
    r"(?:a|one|1|another|a\s+single|a\s+new)\s+"
    r"(?:(?:new|single|separate|background)\s+)*(?:job|task)"
)
_WORKS = r"(?:run|execute|wait|sleep|write|create|make|save|search|find|look|read|add|set|append)"
_JOBS = r"(?:\w+\s+){0,3}?(?:jobs|tasks)"
_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNT = rf"(?:[1-9]\d{{0,2}}|{'|'.join(_COUNTS[1:])})"
_COUNTED = re.compile(
    rf"(?:in\s+the\s+background\s*[:,]?\s+)?(?:do|handle|{_NEW})\s+(?:(?:these|the\s+following)\s+)?"
    rf"(?P<count>{_COUNT})\s+(?:\w+\s+){{0,2}}?(?:jobs|tasks|things)\b",
    re.IGNORECASE,
)
_ORDER = (
    r"in\s+(?:this|that|the\s+(?:following|given))\s+order|in\s+(?:order(?!\s+to\b)|sequence)"
    r"|step\s+by\s+step|one\s+(?:after|by)\s+(?:another|the\s+other|one)|one\s+at\s+a\s+time|sequentially"
)
_APART = r"in\s+parallel|at\s+the\s+same\s+time|simultaneously|side\s+by\s+side|concurrently"
_THIS = r"(?:this|these|that|it|the\s+following|all(?:\s+of)?(?:\s+(?:this|these))?)"
_SAID = r"\s*[,:;.-]*\s*"
_TO = (
    r"\s*(?:for\s+me\s*)?(?:[:,-]\s*"
    r"|(?:that|which|to)\s+(?:will\s+|should\s+|can\s+|must\s+)?(?:each\s+)?)"
)

_FIRST = (
    rf"(?:(?:do|run|execute|start|handle)\s+{_THIS}(?:\s+(?:commands?|things?|tasks?|jobs?))?\s+)?"
    rf"(?:all\s+)?(?:{_BACKGROUND}){_SAID}"
)
_START = (
    (rf"{_FIRST}(?:do\s*(?:{_THIS}\s*)?:?\s+(?!{_COUNT}\s))?", Way.BACKGROUND),
    (r"background(?:\s+(?:work|jobs?|tasks?))?\s*[:,]\s*", Way.BACKGROUND),
    (rf"(?:do\s+{_THIS}\s+)?(?:as|in)\s+{_ONE}(?!s){_SAID}", Way.ONE),
    (rf"(?:(?:new\s+)?job|{_ONE})\s*:\s*", Way.ONE),
    (rf"{_NEW}\s+{_ONE}{_TO}|have\s+{_ONE}\s+(?={_WORKS}\s)", Way.ONE),
    (rf"(?:do\s+{_THIS}\s+)?as\s+{_JOBS}{_SAID}", Way.JOBS),
    (rf"{_NEW}\s+{_JOBS}(?:\s+(?:{_APART}))?{_TO}", Way.JOBS),
    (rf"(?:do\s+{_THIS}(?:\s+\w+)?\s+)?(?:{_ORDER}){_SAID}", Way.ORDER),
    (rf"(?:do\s+{_THIS}(?:\s+\w+)?\s+)?(?:{_APART}){_SAID}", Way.APART),
)
_AFTER_VERB = re.compile(
    rf"(?P<verb>start|do|{_WORKS})\s*,?\s+(?:{_BACKGROUND})\s*[,:]?\s+",
    re.IGNORECASE,
)
_AMID = re.compile(
    rf"\s+(?:(?P<background>{_BACKGROUND})|as\s+{_ONE})(?=[,;.]?\s+(?:(?:and|then)\b)|[,;.]\s)",
    re.IGNORECASE,
)
# What cannot be taken for the words of a text to be kept.
_PLAIN = (Run, RunPython, Wait, ShowFile, WhyCi)
_WHILE = r"(?:\s+while\s+(?:i|we|you)\s[\w\s]{1,40})?(?:\s+for\s+(?:me|us))?\s*\)?[.!?]*$"
_NAMES = (
    (_BACKGROUND, Way.BACKGROUND),
    (rf"(?:as|in)\s+{_ONE}", Way.ONE),
    (rf"as\s+{_JOBS}|in\s+(?:separate|several|parallel)\s+(?:jobs|tasks)", Way.JOBS),
    (_ORDER, Way.ORDER),
    (_APART, Way.APART),
)
_GAP = r"(?:[,;.]|\s[-\u2013\u2014])?\s+\(?(?:all\s+|both\s+|each\s+)?"
# Where nothing is several, these words belong to what is written or looked up.
_OF_SEVERAL = (Way.ORDER, Way.APART)
_SEVERAL = re.compile(r",|;|\n|\sand\s|\sthen\s", re.IGNORECASE)
_MOST_WAYS = 4
# Said again before a further part: "in the background: A; in the background: B".
_AGAIN = re.compile(
    rf"(?:[;,.]\s*(?:and\s+)?|\s+and\s+|\n\s*)(?:also\s+)?(?:{_BACKGROUND}|as\s+{_ONE})"
    r"(?P<mark>\s*[:,]?\s+)",
    re.IGNORECASE,
)


def _compiled(
    ways: Iterable[tuple[str, Way]], before: str, after: str
) -> tuple[tuple[re.Pattern[str], Way], ...]:
    return tuple(
        (re.compile(f"{before}(?:{pattern}){after}", re.IGNORECASE), way) for pattern, way in ways
    )


_STARTS = _compiled(_START, "", "")
_ENDS = _compiled(_NAMES, _GAP, _WHILE)
_NAMED = _compiled((*_NAMES, (r"steps?", Way.ORDER)), r"\b", r"\b")

_MIND = re.compile(r"(?:would|do)\s+you\s+mind\s+", re.IGNORECASE)
_BEFORE = re.compile(r",?\s+before\s+(?=\w+ing\b)", re.IGNORECASE)
_VERBS = {
    form: verb
    for verb, forms in {
        "run": "running runs", "execute": "executing executes", "wait": "waiting waits",
        "sleep": "sleeping sleeps", "write": "writing writes", "create": "creating creates",
        "make": "making makes", "save": "saving saves", "search": "searching searches",
        "find": "finding finds", "look": "looking looks", "set": "setting sets",
        "put": "putting puts", "add": "adding adds", "include": "including includes",
        "append": "appending appends", "remove": "removing removes", "delete": "deleting deletes",
        "read": "reading reads", "show": "showing shows", "list": "listing lists",
    }.items()
    for form in forms.split()
}  # fmt: skip
_BENT = re.compile(
    rf"(?:^|(?<=[,;]\s)|(?<=and\s)|(?<=then\s))(?:{'|'.join(_VERBS)})(?=\s)", re.IGNORECASE
)
_DELAY = rf"(?P<delay>{DURATION})"
_LATER = re.compile(rf"(?:in|after)\s+(?:waiting\s+(?:for\s+)?)?{_DELAY}\s*,?\s+", re.IGNORECASE)
_REMIND = re.compile(
    rf"remind\s+(?:me|us)\s+(?:in\s+(?P<soon>{DURATION})\s+)?(?:to|that|of)\s+(?P<what>.{{1,500}}?)"
    rf"(?:\s+in\s+(?P<late>{DURATION}))?(?(soon)|(?(late)|\b\B))",
    re.IGNORECASE | re.DOTALL,
)
_QUOTE_LATER = re.compile(
    rf"(?<=[`\"”])\s+(?:in|after)\s+(?:waiting\s+(?:for\s+)?)?{_DELAY}[.!]?$", re.IGNORECASE
)


def manner(text: str, whole: Callable[[str], bool]) -> Manner:
    """What a message wants and how. `whole` says of words that their end is part of them."""
    words, ways = bare(text), set[Way]()
    once = _said_once(words)
    if once != words:
        words = once
        ways.add(Way.JOBS)
    for _ in range(_MOST_WAYS):
        found = _start(words) or (None if whole(words.rstrip(".! ")) else _end(words))
        if found is None:
            break
        words, way = bare(found[0]), found[1]
        ways.add(way)
    return Manner(words=plain(words), ways=frozenset(ways))


def _said_once(words: str) -> str:
    """Where each part says anew that it is for the background, the parts as a list."""
    kept: list[str] = []
    start = 0
    for found in _AGAIN.finditer(masked(words)):
        rest = words[found.end() :]
        if not (starts_request(rest) or (found["mark"].strip() and _begun(words[start:]))):
            continue
        kept.append(words[start : found.start()])
        start = found.end()
    parts = [*kept, words[start:]]
    return "; ".join(parts) if len(parts) > 1 else words


def _begun(words: str) -> bool:
    return any(pattern.match(words) for pattern, _ in _STARTS)


def _start(words: str) -> tuple[str, Way] | None:
    for pattern, way in _STARTS:
        if found := pattern.match(words):
            rest = words[found.end() :]
            if rest.startswith("`"):
                return f"run {rest}", way
            says = re.search(r"\b(?:that|which)\s+$", found[0], re.IGNORECASE)
            return (_unbent(rest) if says else rest), way
    if found := _AFTER_VERB.match(words):
        return f"{found['verb']} {words[found.end() :]}", Way.BACKGROUND
    found = _AMID.search(masked(words))
    if found and isinstance(parse(words[: found.start()]), _PLAIN):
        rest = words[: found.start()] + words[found.end() :]
        return rest, Way.BACKGROUND if found["background"] else Way.ONE
    return None


def _end(words: str) -> tuple[str, Way] | None:
    neutral = masked(words)
    for pattern, way in _ENDS:
        found = pattern.search(neutral)
        if found and (way not in _OF_SEVERAL or _SEVERAL.search(neutral[: found.start()])):
            return words[: found.start()], way
    return None


def count_of(text: str) -> int | None:
    """How many jobs or things the request says it has: "start three jobs that …"."""
    found = _COUNTED.match(bare(text))
    if found is None:
        return None
    said = found["count"].lower()
    return int(said) if said.isdecimal() else _COUNTS.index(said)


def ways_in(head: str) -> frozenset[Way]:
    """The ways that the words before a list name."""
    return frozenset(way for pattern, way in _NAMED if pattern.search(head))


def plain(words: str) -> str:
    """Other ways of saying "wait, then do it", and verbs that are bent, said plainly."""
    if found := _MIND.match(words):
        words = _unbent(words[found.end() :])
    if found := _BEFORE.search(masked(words)):
        words = f"{words[: found.start()]}, then {_unbent(words[found.end() :])}"
    if found := _REMIND.fullmatch(words):
        words = f"wait {found['soon'] or found['late']}, then say {found['what']}"
    found = _LATER.match(words)
    if found and clear(words[found.end() :]):
        words = f"wait {found['delay']}, then {words[found.end() :]}"
    elif found := _QUOTE_LATER.search(words):
        words = f"wait {found['delay']}, then {words[: found.start()]}"
    return words


def _unbent(words: str) -> str:
    """Words like "running `a` and writing …" as "run `a` and write …"."""
    parts, start = [], 0
    for found in _BENT.finditer(masked(words)):
        parts += [words[start : found.start()], _VERBS[found[0].lower()]]
        start = found.end()
    return "".join((*parts, words[start:]))
