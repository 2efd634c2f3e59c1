"""What a person's message asks for as a whole: talk, word to a job, or work in parts. Pure."""

import re
from collections.abc import Sequence

from core.model.offline.grammar import (
    LATER,
    at_once,
    bare,
    parse,
    parse_all,
    starts_request,
    steps,
    takes_text,
)
from core.model.offline.intents import (
    LIGHT,
    Action,
    Cancel,
    Chat,
    Details,
    Greeting,
    Help,
    Intent,
    Item,
    LaunchText,
    Steer,
    Thanks,
    Wait,
    Work,
)
from core.model.offline.manner import Way, manner, plain, ways_in
from core.model.offline.spans import apart, cut, lines, listed, tidy, unquoted

# Between the steps of one job, in its words.
THEN = ", then "
# Rules are for requests; a longer text is something to read.
LONGEST = 10_000

_HEADER = re.compile(
    r"(?:do|start|run)\s+(?:all\s+(?:of\s+)?)?(?:(?:these|the\s+following|this)\s+(?:\w+\s+){0,2}?)?"
    r"(?:\w+\s+)?(?:things?|jobs?|tasks?|steps?|parts?)(?:\s+for\s+me)?\s*(?:at\s+once\s*)?[:.]\s*"
    r"|do\s+(?:these|the\s+following|this|all\s+of\s+(?:these|this))(?:\s+for\s+me)?\s*:\s*",
    re.IGNORECASE,
)
_STEPS = re.compile(r"\bsteps?\b", re.IGNORECASE)
_PLATFORMS = re.compile(r",\s+(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_LAUNCH = re.compile(
    r"(?:write|draft|prepare|create)\s+(?:me\s+|us\s+)?(?:the\s+|a\s+|some\s+)?"
    r"launch\s+(?:texts?|posts?|announcements?|copy)\s+(?:for|of|about)\s+(?P<product>.+?)"
    r"\s*(?:\s(?:on|for)|:)\s+(?P<platforms>[^:.!?]+)(?:[.!?]\s+(?P<about>.+))?",
    re.IGNORECASE | re.DOTALL,
)
_JOB = r"(?:the\s+)?(?:job\s+)?#?(?P<job>\d{1,9})"
_CANCEL = re.compile(rf"(?:cancel|stop|kill|abort)\s+{_JOB}", re.IGNORECASE)
_STEER = re.compile(
    rf"(?:(?:tell|steer|ask)\s+{_JOB}|job\s+#?(?P<named>\d{{1,9}}))\s*(?:[:,]|to\b|that\b|\s)\s*"
    r"(?P<message>.+)",
    re.IGNORECASE | re.DOTALL,
)
_DETAILS = re.compile(
    r"(?:how\s+is|status\s+of|details?\s+(?:of|on|for)|show(?:\s+me)?|what\s+is)\s+(?:the\s+)?job"
    r"\s+#?(?P<job>\d{1,9})(?:\s+doing)?",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"(?:list|show(?:\s+me)?|what\s+are)?\s*(?:all\s+)?(?:the\s+|your\s+|running\s+)?jobs"
    r"|what(?:'s|\s+is)\s+running|what\s+are\s+you\s+(?:doing|working\s+on)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|moin|good\s+(?:morning|day|evening)|what'?s\s+up|how\s+are\s+you)\b.{0,40}",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:thanks|thank\s+you|thx|great|nice|cool|ok|okay|good)\b.{0,20}", re.IGNORECASE
)
_HELP = re.compile(
    r"(?:help|what\s+can\s+you\s+do|what\s+do\s+you\s+understand|who\s+are\s+you).*", re.IGNORECASE
)


def understand(message: str) -> Intent:
    """What a message asks for; Chat if it is no request that any rule knows."""
    if len(message) > LONGEST:
        return Chat()
    text = tidy(message.strip())
    return _about_jobs(bare(text).rstrip(".!?")) or _work(text) or _talk(text)


def _about_jobs(text: str) -> Intent | None:
    if found := _CANCEL.fullmatch(text):
        return Cancel(job=int(found["job"]))
    if found := _DETAILS.fullmatch(text):
        return Details(job=int(found["job"]))
    if _LIST.fullmatch(text):
        return Details(job=None)
    if found := _STEER.fullmatch(text):
        return Steer(job=int(found["job"] or found["named"]), message=found["message"].strip())
    return None


def _talk(text: str) -> Intent:
    plain = text.rstrip(".!? ")
    if _HELP.fullmatch(plain):
        return Help()
    if _GREETING.fullmatch(plain):
        return Greeting()
    return Thanks() if _THANKS.fullmatch(plain) else Chat()


def _work(text: str) -> Work | None:
    wanted = manner(text, _is_launch)
    header = _HEADER.match(wanted.words)
    words, ways = wanted.words[header.end() if header else 0 :], set(wanted.ways)
    if header and _STEPS.search(header[0]):
        ways.add(Way.ORDER)
    groups, several = _groups(words, ways)
    items = tuple(item for group in groups for item in _items(group))
    # Who says "in the background" or "do these things" wants jobs, even for what no rule covers.
    asked = not ways.isdisjoint({Way.BACKGROUND, Way.ONE, Way.JOBS})
    wanted_so = asked or header is not None
    if not items or not (wanted_so or _makes_sense(items, several)):
        return None
    heavy = any(not isinstance(action, LIGHT) for item in items for action in item.actions)
    return Work(items=items, background=asked or (heavy and (wanted_so or several)))


def _makes_sense(items: Sequence[Item], several: bool) -> bool:
    """Whether it is a request at all: a list with one, a sentence of them, or one that goes on."""
    if several:
        return any(item.understood for item in items)
    goes_on = len(items) == 1 and len(items[0].actions) > 1 and starts_request(items[0].words)
    return goes_on or all(item.understood for item in items)


def _groups(words: str, ways: set[Way]) -> tuple[list[list[str]], bool]:
    """The parts of a request, each of its steps in order, and whether it was written as a list."""
    rows, several = _rows(words, ways)
    found = _lined_up(rows, several) if several or len(rows) > 1 else _sentence(rows[0], ways)
    if not ways.isdisjoint({Way.ONE, Way.ORDER}) and not any(map(_is_launch, rows)):
        found = [[step for group in found for step in group]]
    return found, several


def _rows(words: str, ways: set[Way]) -> tuple[list[str], bool]:
    """The items of a list, the lines, or what stands between semicolons; at least one."""
    head, found = listed(words)
    rows = lines(words)
    if takes_text(words) or _is_launch(words):
        return [words], False
    if found:
        ways |= ways_in(head)
        return found, len(found) > 1
    if len(rows) > 1 and all(starts_request(row) for row in rows):
        return rows, True
    return apart(words) or [words], False


def _lined_up(rows: Sequence[str], several: bool) -> list[list[str]]:
    """Each row as one part; a row that begins with "then" goes on with the part before it."""
    found: list[list[str]] = []
    in_order = False
    for row in rows:
        whole = [row] if _is_launch(row) else _steps(plain(row))
        in_order = LATER.match(row) is not None or (in_order and several)
        if found and in_order:
            found[-1].extend(whole)
        else:
            found.append(whole)
    return found


def _sentence(words: str, ways: set[Way]) -> list[list[str]]:
    """One sentence: with a "then" it is one thing, without it each request in it is one."""
    if _is_launch(words):
        return [[words]]
    found = _steps(words)
    if len(found) > 1 and len(steps(words)) > 1:
        return [found]
    # Nobody waits for nothing: "wait 5 s and run `a`" means the one after the other.
    waits = [isinstance(parse(part), Wait) for part in found]
    if waits == [True, False] and ways.isdisjoint({Way.APART, Way.JOBS}):
        return [found]
    return [[part] for part in found]


def _steps(words: str) -> list[str]:
    return [part for step in steps(words) for part in at_once(step)]


def _is_launch(words: str) -> bool:
    return _LAUNCH.fullmatch(bare(words).rstrip(".! ")) is not None


def _items(group: Sequence[str]) -> tuple[Item, ...]:
    """The items of one part: one, or one for each platform of a launch."""
    found = _LAUNCH.fullmatch(bare(group[0]).rstrip(".! ")) if len(group) == 1 else None
    if found is None:
        words = THEN.join(step.strip().rstrip(",") for step in group)
        # By its words, as the job will understand them.
        return (Item(words=words, actions=brief_actions(words)),) if words else ()
    texts = (
        LaunchText(
            product=unquoted(found["product"]),
            platform=unquoted(platform),
            about=" ".join((found["about"] or "").split()),
        )
        for platform in cut(found["platforms"], _PLATFORMS)
    )
    return tuple(Item(words=_launch_brief(text), actions=(text,)) for text in texts)


def _launch_brief(text: LaunchText) -> str:
    return f"Write the launch text for «{text.product}» on «{text.platform}». {text.about}".strip()


def brief_actions(brief: str) -> tuple[Action, ...]:
    """What a job's brief asks for: the words of one item, with or without their context."""
    text = tidy(_CONTEXT.sub("", brief).strip())
    found = _ONE_LAUNCH.fullmatch(text)
    if found is not None:
        return (LaunchText(**found.groupdict()),)
    return parse_all(text) if len(text) <= LONGEST else (parse(text[:LONGEST]),)


_ONE_LAUNCH = re.compile(
    r"Write the launch text for «(?P<product>[^»]*)» on «(?P<platform>[^»]*)»\.\s*(?P<about>.*)",
    re.DOTALL,
)
_CONTEXT = re.compile(r"\n\n\(Part \d+ of \d+ of a request: .*\)\s*\Z", re.DOTALL)
