"""What a person's message asks for as a whole: talk, word to a job, or work in parts. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from core.model.offline.grammar import bare, parse, parse_all, starts_request
from core.model.offline.intents import (
    LIGHT,
    Action,
    Cancel,
    CancelOpen,
    Chat,
    Details,
    Greeting,
    Help,
    Intent,
    Item,
    Steer,
    Thanks,
    WhyCi,
    Work,
)
from core.model.offline.launch_request import (
    briefed_launch,
    ends_in_pitch,
    launch_brief,
    launch_texts,
)
from core.model.offline.manner import Way, count_of, manner, ways_in
from core.model.offline.parts import as_many, groups
from core.model.offline.spans import tidy

# Between the steps of one job, in its words.
THEN = ", then "
# Rules are for requests; a longer text is something to read.
LONGEST = 10_000

_HEADER = re.compile(
    r"(?:do|start|run)\s+(?:all\s+(?:of\s+)?)?(?:(?:these|the\s+following|this)\s+(?:\w+\s+){0,2}?)?"
    r"(?:\w+\s+){0,3}?(?:things?|jobs?|tasks?|steps?|parts?|commands(?=[^`:]*:\s*`))(?:\s+for\s+me)?"
    r"(?:\s+(?:at\s+once|in\s+parallel|one\s+after\s+(?:another|the\s+other)|in\s+(?:this\s+)?order))?\s*[:.?]\s*"
    r"|do\s*:\s*"
    r"|do\s+(?:these|the\s+following|this|all\s+of\s+(?:these|this))(?:\s+for\s+me)?\s*[:?]\s*",
    re.IGNORECASE,
)
# What says that several things come, and does not ask for anything by itself.
_PREFACE = re.compile(
    r"[^:.\n`\"]{0,60}?\b(?:things?|jobs?|tasks?|steps?|parts?|requests?)\b(?!\s*\d)"
    r"[^:.\n`\"]{0,40}[:.]\s*",
    re.IGNORECASE,
)
_JOB = r"(?:the\s+)?(?:job\s+)?#?(?P<job>\d{1,9})"
_STOP = r"(?:cancel|stop|kill|abort|end)"
_CANCEL = re.compile(rf"{_STOP}\s+{_JOB}", re.IGNORECASE)
_CANCEL_ALL = re.compile(
    rf"{_STOP}\s+(?:everything|(?:it|them)\s+all|all(?:\s+of)?(?:\s+(?:the|your|my|these|running|open))*"
    r"(?:\s+(?:jobs|them))?)(?:\s+now)?",
    re.IGNORECASE,
)
_CANCEL_IT = re.compile(
    rf"{_STOP}(?:\s+(?:it|that|this|(?:the|that|this|my|your)\s+(?:running\s+|current\s+)?job))?"
    r"(?:\s+now)?",
    re.IGNORECASE,
)
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
    r"(?:list|show(?:\s+me)?|(?:what|how)\s+are)?\s*(?:all\s+)?(?:the\s+|my\s+|your\s+|running\s+)?jobs"
    r"|(?:what|which)\s+jobs\s+(?:are\s+(?:there|running)|run)|how\s+are\s+(?:the\s+|my\s+)?jobs(?:\s+doing)?"
    r"|what(?:'s|\s+is)\s+(?:running|happening|going\s+on)|what\s+are\s+you\s+(?:doing|working\s+on)"
    r"|how(?:'s|\s+is)\s+(?:it|that|everything)\s+(?:going|coming\s+along)|any\s+(?:news|progress)"
    r"|(?:what(?:'s|\s+is)\s+the\s+)?(?:status|progress)|are\s+you\s+(?:done|finished)(?:\s+yet)?",
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


def with_files(intent: Intent, paths: Sequence[str]) -> Intent:
    """The same about the text files that came with the message, where it names none itself."""
    if not paths or not isinstance(intent, Work):
        return intent
    items = [one for item in intent.items for one in _of_files(item, paths)]
    return replace(intent, items=tuple(items))


def _of_files(item: Item, paths: Sequence[str]) -> Sequence[Item]:
    match item.actions:
        case (WhyCi(source=None, path=None) as why,):
            plain = item.words.rstrip(" .?!")
            return [
                Item(words=f'{plain} in file "{path}"', actions=(replace(why, path=path),))
                for path in paths
            ]
        case _:
            return [item]


def _about_jobs(text: str) -> Intent | None:
    if found := _CANCEL.fullmatch(text):
        return Cancel(job=int(found["job"]))
    if _CANCEL_ALL.fullmatch(text):
        return CancelOpen(every=True)
    if _CANCEL_IT.fullmatch(text):
        return CancelOpen(every=False)
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
    wanted = manner(text, ends_in_pitch)
    header, words = _header(wanted.words)
    ways = {*wanted.ways, *ways_in(header)}
    if header:
        ways.add(Way.APART)
    parts, several = groups(words, ways)
    parts = as_many(parts, words, count_of(text), alike=Way.JOBS in wanted.ways)
    items = tuple(item for part in parts for item in _items(part))
    # Who says "in the background" or "do these things" wants jobs, even for what no rule covers.
    asked = not ways.isdisjoint({Way.BACKGROUND, Way.ONE, Way.JOBS})
    wanted_so = asked or _HEADER.match(header) is not None
    if not items or not (wanted_so or _makes_sense(items, several)):
        return None
    heavy = any(not isinstance(action, LIGHT) for item in items for action in item.actions)
    return Work(items=items, background=asked or (heavy and (wanted_so or several)))


def _header(words: str) -> tuple[str, str]:
    """Words such as "do these things:" before the parts, if there are any, and the parts."""
    found = _HEADER.match(words)
    if found is None and not starts_request(words):
        found = _PREFACE.match(words)
        if found is not None and not starts_request(words[found.end() :]):
            found = None
    if found is None:
        return "", words
    rest = words[found.end() :]
    return found[0], f"run {rest}" if rest.startswith("`") else rest


def _makes_sense(items: Sequence[Item], several: bool) -> bool:
    """Whether it is a request at all: a list with one, a sentence of them, or one that goes on."""
    if several:
        return any(item.understood for item in items)
    goes_on = len(items) == 1 and len(items[0].actions) > 1 and starts_request(items[0].words)
    return goes_on or all(item.understood for item in items)


def _items(group: Sequence[str]) -> tuple[Item, ...]:
    """The items of one part: one, or one for each platform of a launch."""
    texts = launch_texts(group[0]) if len(group) == 1 else ()
    if texts:
        return tuple(Item(words=launch_brief(text), actions=(text,)) for text in texts)
    words = THEN.join(step.strip().rstrip(",") for step in group)
    # By its words, as the job will understand them.
    return (Item(words=words, actions=brief_actions(words)),) if words else ()


def brief_actions(brief: str) -> tuple[Action, ...]:
    """What a job's brief asks for: the words of one item, with or without their context."""
    text = tidy(_CONTEXT.sub("", brief).strip())
    if launch := briefed_launch(text):
        return (launch,)
    return parse_all(text) if len(text) <= LONGEST else (parse(text[:LONGEST]),)


_CONTEXT = re.compile(r"\n\n\(Part \d+ of \d+ of a request\.\)\s*\Z")
