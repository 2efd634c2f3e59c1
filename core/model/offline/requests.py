"""What a person's message asks for as a whole: talk, word to a job, or work in parts. Pure."""

import re

from core.model.offline.grammar import bare, parse, parse_all, starts_request
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
    Work,
)
from core.model.offline.spans import apart, cut, lines, listed, masked, tidy, unquoted

# Rules are for requests; a longer text is something to read.
LONGEST = 10_000

_BACKGROUND = re.compile(
    r"(?:please\s+)?(?:do\s+(?:this|these|the following)\s+)?(?:all\s+)?in\s+the\s+background"
    r"\s*[,:-]?\s*(?:please\s+)?(?:do\s*:?\s+)?",
    re.IGNORECASE,
)
_AT_THE_END = re.compile(
    r",?\s+(?:all\s+)?(?:in\s+the\s+background|as\s+(?:a\s+)?jobs?)[.!]?$", re.IGNORECASE
)
_HEADER = re.compile(
    r"(?:do|start|run)\s+(?:all\s+(?:of\s+)?)?(?:(?:these|the\s+following|this)\s+(?:\w+\s+){0,2}?)?"
    r"(?:\w+\s+)?(?:things?|jobs?|tasks?|steps?|parts?)(?:\s+for\s+me)?\s*(?:at\s+once\s*)?:\s*"
    r"|do\s+(?:these|the\s+following|this|all\s+of\s+(?:these|this))(?:\s+for\s+me)?\s*:\s*",
    re.IGNORECASE,
)
_COMMA = re.compile(r",\s+(?:and\s+)?|\s+and\s+", re.IGNORECASE)
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
    wanted, background = _without_background(text)
    header = _HEADER.match(wanted)
    parts, several = _parts(wanted[header.end() :] if header else wanted)
    items = tuple(item for part in parts for item in _items(part))
    # Who says "in the background" or "do these things" wants jobs, even for what no rule covers.
    wanted_so = background or header is not None
    understood = any if several else all
    if not items or not (wanted_so or understood(item.understood for item in items)):
        return None
    heavy = any(not isinstance(action, LIGHT) for item in items for action in item.actions)
    return Work(items=items, background=background or (heavy and (wanted_so or several)))


def _without_background(text: str) -> tuple[str, bool]:
    plain = bare(text)
    if _LAUNCH.fullmatch(plain.rstrip(".! ")):
        # What a product is for may well end in these words.
        return plain, False
    if found := _BACKGROUND.match(plain):
        return plain[found.end() :].strip(), True
    if found := _AT_THE_END.search(plain):
        return plain[: found.start()].strip(), True
    return plain, False


def _parts(text: str) -> tuple[list[str], bool]:
    """The parts of a request, and whether the person wrote them as a list."""
    _, found = listed(text)
    if found:
        return found, True
    rows = lines(text)
    if len(rows) > 1 and all(starts_request(bare(row)) for row in rows):
        return rows, True
    rows = apart(text)
    return (rows, False) if len(rows) > 1 else (_at_verbs(text), False)


def _at_verbs(text: str) -> list[str]:
    """Cut at commas and "and" where a new request begins: "run `a`, wait 3 s and find x"."""
    parts, start = [], 0
    for found in _COMMA.finditer(masked(text)):
        if starts_request(text[found.end() :]):
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _items(part: str) -> tuple[Item, ...]:
    """The items of one part: one, or one for each platform of a launch."""
    found = _LAUNCH.fullmatch(bare(part).rstrip(".! "))
    if found is None:
        return (Item(words=part.strip(), actions=parse_all(part)),)
    texts = (
        LaunchText(
            product=unquoted(found["product"]),
            platform=unquoted(platform),
            about=" ".join((found["about"] or "").split()),
        )
        for platform in cut(found["platforms"], _COMMA)
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
