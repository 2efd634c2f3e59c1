"""What people type, read into acts. Does nothing itself; buttons are for `presses`."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import BadRequest
from core.primary.acts import (
    Act,
    AnswerJob,
    ChangeSetting,
    DecideLeave,
    Find,
    Forget,
    LeaveJob,
    Pair,
    Pause,
    PinKey,
    Resolve,
    RunAgain,
    SetKey,
    ShowApprovals,
    ShowBudget,
    ShowCommit,
    ShowConflicts,
    ShowHelp,
    ShowHistory,
    ShowJob,
    ShowJobs,
    ShowPairs,
    ShowSettings,
    ShowState,
    SteerJob,
    StopJob,
    StopThread,
    UndoCommit,
    Unpair,
    UnsetKey,
    WithdrawApproval,
)
from core.records.forgettings import What
from core.records.questions import Decision
from core.rights import Right

ALLOWING = (Decision.ONCE, Decision.JOB, Decision.ALWAYS)
"""As the buttons number them, from 1."""
_COMMAND = re.compile(r"/([A-Za-z][A-Za-z_-]*)(?:\s+(.*))?", re.DOTALL)
# Slack keeps what begins with a slash from bots, in direct messages and threads. These say the same
# without one: words that nobody says alone and means otherwise.
_BARE = re.compile(
    r"(?:help|jobs|stop|state|history|conflicts|budget|settings|approvals"
    r"|(?:job|stop|cancel|undo|run|unwatch|allow|deny) #?[0-9]{1,15})",
    re.IGNORECASE,
)


def parse_command(text: str) -> Act | None:
    """The act that a message asks for, or None when it is no command but talk.

    Raises BadRequest, fit for people, for a command that is unknown or lacks something.
    """
    found = _COMMAND.fullmatch(_slashed(text))
    if found is None:
        return None
    word, rest = found[1].lower(), (found[2] or "").strip()
    if word == "thaw":
        first, *more = rest.split(None, 1) or ["help"]
        word, rest = first.lower().removeprefix("/"), "".join(more)
    command = COMMANDS.get(word)
    if command is None:
        raise BadRequest(f"There is no command /{word[:40]}. Say /help to see all of them.")
    return command.parse(rest)


def is_command(text: str) -> bool:
    """Whether a message is no talk, be the command known or not."""
    return _COMMAND.fullmatch(_slashed(text)) is not None


def is_stop(text: str) -> bool:
    """Whether it says no more than to stop what it is said to."""
    return text.strip().rstrip(".!").lower() in ("stop", "/stop", "cancel", "/cancel")


def _slashed(text: str) -> str:
    text = text.strip()
    return f"/{text}" if _BARE.fullmatch(text) else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: what it takes and what it is for, as /help shows it to those with the right.

    `own` is both for those without it, where something is left to them.
    """

    usage: str
    about: str
    parse: Callable[[str], Act]
    right: Right = Right.USE
    own: tuple[str, str] | None = None


def needed(text: str | None, what: str) -> str:
    """The text without blanks around it. Raises BadRequest with `what` when nothing is left."""
    if text is None or not text.strip():
        raise BadRequest(what)
    return text.strip()


def _number(text: str, usage: str) -> int:
    digits = text.strip().lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise BadRequest(f"A number is missing: {usage}")
    return int(digits)


def _first(text: str, usage: str) -> tuple[str, str]:
    """The first word and the rest; both are needed."""
    parts = text.split(None, 1)
    if len(parts) < 2:
        raise BadRequest(f"Something is missing: {usage}")
    return parts[0], parts[1].strip()


# Phones put other quotes for those that were typed.
_QUOTED = re.compile(r'["“”„«»]([^"“”„«»]+)["“”„«»](?:\s+(.*))?', re.DOTALL)


def _quoted(text: str) -> tuple[str, str] | None:
    """A key in quotes, and what comes after it; None when the text does not begin with one."""
    if text.startswith('"'):
        try:
            key, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            pass
        else:
            if not key:
                raise BadRequest("There is no key between the quotes.")
            if end == len(text) or text[end].isspace():
                return key, text[end:].strip()
    found = _QUOTED.fullmatch(text)
    return None if found is None else (found[1], (found[2] or "").strip())


def _key(text: str, usage: str) -> str:
    key, rest = _quoted(text) or (text, "")
    if not key or rest or (key == text and len(text.split()) != 1):
        raise BadRequest(f"One key is needed, in quotes if it has blanks: {usage}")
    return key


def _stop(rest: str) -> Act:
    return StopJob(job=_number(rest, "/stop N")) if rest else StopThread()


def _steer(rest: str) -> Act:
    number, text = _first(rest, "/steer N what it should know")
    return SteerJob(job=_number(number, "/steer N ..."), text=text)


def _answer(rest: str) -> Act:
    number, text = _first(rest, "/answer N what you decide")
    return AnswerJob(job=_number(number, "/answer N ..."), text=text)


def _allow(rest: str) -> Act:
    usage = "/allow N, /allow N job, or /allow N always"
    number, _, word = rest.partition(" ")
    words = {"": "once"} | {one.value: one.value for one in ALLOWING}
    if word.strip().lower() not in words:
        raise BadRequest(f"I do not understand how long: {usage}")
    decision = Decision(words[word.strip().lower()])
    return DecideLeave(job=_number(number, usage), decision=decision)


def _deny(rest: str) -> Act:
    number, _, text = rest.partition(" ")
    job = _number(number, "/deny N, or /deny N why")
    return DecideLeave(job=job, decision=Decision.NO, text=text.strip())


def _approvals(rest: str) -> Act:
    if not rest:
        return ShowApprovals()
    word, _, number = rest.partition(" ")
    usage = "/approvals withdraw N"
    if word.lower() != "withdraw":
        raise BadRequest(f"I do not understand this: {usage}")
    return WithdrawApproval(number=_number(number, usage))


def _set(rest: str) -> Act:
    key, text = _quoted(rest) or _first(rest, "/set KEY VALUE")
    return SetKey(key=key, text=needed(text, "Something is missing: /set KEY VALUE"))


def _state(rest: str) -> Act:
    usage = '/state KEY at WHEN (a key with blanks in quotes: /state "my key" at yesterday)'
    key, more = _quoted(rest) or ("", rest)
    plain, when = _parted(more, "at")
    return ShowState(key=_alone(key, plain, usage), when=when)


def _history(rest: str) -> Act:
    usage = "/history KEY before N, or /history commit N"
    commit = re.fullmatch(r"commit\s+(\S+)", rest, re.IGNORECASE)
    if commit is not None:
        return ShowCommit(commit=_number(commit[1], usage))
    key, more = _quoted(rest) or ("", rest)
    plain, before = _parted(more, "before")
    number = None if before is None else _number(before.lower().removeprefix("commit"), usage)
    return ShowHistory(key=_alone(key, plain, usage) or None, before=number)


def _parted(text: str, word: str) -> tuple[str, str | None]:
    """What stands before the first `word` and what after it; None without it."""
    found = re.search(rf"(?:^|\s){word}\s", text, re.IGNORECASE)
    if found is None:
        return text, None
    return text[: found.start()].strip(), text[found.end() :].strip()


def _alone(quoted: str, plain: str, usage: str) -> str:
    """The one key that is named, in quotes or without."""
    if quoted and plain:
        raise BadRequest(f"I do not understand what comes after the key: {usage}")
    return quoted or plain


def _resolve(rest: str) -> Act:
    usage = "/resolve N CHOICE (a candidate's number, both 1, or = and a value of your own)"
    number, choice = _first(rest, usage)
    conflict = _number(number, usage)
    word, _, more = choice.partition(" ")
    if word.lower() == "both":
        return Resolve(conflict=conflict, choice=_number(more or "1", usage), both=True)
    if choice.startswith("="):
        own = needed(choice[1:], f"Write the value after the sign: /resolve {conflict} =VALUE")
        return Resolve(conflict=conflict, text=own)
    return Resolve(conflict=conflict, choice=_number(choice, usage))


def _forget(rest: str) -> Act:
    usage = "/forget me, /forget @PERSON, /forget KEY (or BEGINNING*), or /forget channel"
    word, _, more = rest.partition(" ")
    match word.lower(), more.strip():
        case "me", "":
            return Forget(what=What.PERSON)
        case "channel", "":
            return Forget(what=What.CHANNEL)
        case "person", name if name:
            return Forget(what=What.PERSON, name=name.removeprefix("@"))
        case "key", name if name:
            return Forget(what=What.KEY, name=_key(name, usage))
        case start, _ if start.startswith("@") and len(rest) > 1:
            return Forget(what=What.PERSON, name=rest[1:])
        case _:
            return Forget(what=What.KEY, name=_key(rest, usage))


def _settings(rest: str) -> Act:
    if not rest:
        return ShowSettings()
    name, text = _first(rest, "/settings NAME VALUE (or default)")
    return ChangeSetting(name=name, text=text)


def _plain(act: Act) -> Callable[[str], Act]:
    def parse(rest: str) -> Act:
        if rest:
            raise BadRequest("This command takes nothing more. Say /help to see all of them.")
        return act

    return parse


COMMANDS: Mapping[str, Command] = {
    "jobs": Command(usage="/jobs", about="the newest jobs", parse=_plain(ShowJobs())),
    "job": Command(
        usage="/job N", about="one job with its steps",
        parse=lambda rest: ShowJob(job=_number(rest, "/job N")),
    ),
    "cancel": Command(
        usage="/cancel N", about="stop a job; nothing of it is merged", right=Right.STEER,
        own=("/cancel N", "stop a job that you asked for; nothing of it is merged"),
        parse=lambda rest: StopJob(job=_number(rest, "/cancel N")),
    ),
    "unwatch": Command(
        usage="/unwatch N", about="hear no more of a job that others asked for too",
        parse=lambda rest: LeaveJob(job=_number(rest, "/unwatch N")),
    ),
    "stop": Command(
        usage="/stop [N]", parse=_stop,
        about="stop the answer that is being written in this thread, or else its jobs; or job N",
    ),
    "steer": Command(
        usage="/steer N ...", about="tell a job something", right=Right.STEER, parse=_steer,
        own=("/steer N ...", "tell something to a job that you asked for"),
    ),
    "answer": Command(
        usage="/answer N ...", about="answer what job N asks", right=Right.ANSWER, parse=_answer,
        own=("/answer N ...", "answer what a job that you asked for wants to know"),
    ),
    "allow": Command(
        usage="/allow N [job|always]", parse=_allow, right=Right.ANSWER,
        about="let job N do what it asks to do: once, always in this job, or always",
        own=("/allow N [job]", "let a job that you asked for do what it asks to do"),
    ),
    "deny": Command(
        usage="/deny N ...", about="do not let it, and say why", right=Right.ANSWER, parse=_deny,
        own=("/deny N ...", "do not let a job that you asked for, and say why"),
    ),
    "approvals": Command(
        usage="/approvals [withdraw N]", parse=_approvals,
        about="what jobs may do unasked; take one of these back",
    ),
    "run": Command(
        usage="/run N", about="run a job's brief again, on a fresh snapshot",
        parse=lambda rest: RunAgain(job=_number(rest, "/run N")),
    ),
    "state": Command(
        usage="/state [KEY] [at WHEN]", parse=_state,
        about="the channel's state, or a key with who set it; WHEN is a commit, 2026-11-17,"
        " 2026-11-17 14:30, yesterday, last tuesday, 3 hours ago",
    ),
    "set": Command(usage="/set KEY VALUE", about="set a key", right=Right.DECIDE, parse=_set),
    "unset": Command(
        usage="/unset KEY", about="delete a key, or a file by its path", right=Right.DECIDE,
        parse=lambda rest: UnsetKey(key=_key(rest, "/unset KEY")),
    ),
    "pin": Command(
        usage="/pin KEY", about="always show a key to the agent", right=Right.DECIDE,
        parse=lambda rest: PinKey(key=_key(rest, "/pin KEY"), pinned=True),
    ),
    "unpin": Command(
        usage="/unpin KEY", about="the opposite of /pin", right=Right.DECIDE,
        parse=lambda rest: PinKey(key=_key(rest, "/unpin KEY"), pinned=False),
    ),
    "history": Command(
        usage="/history [KEY] [before N]", parse=_history,
        about="what changed, when, by whom, based on what; `/history commit N`: one commit in full",
    ),
    "undo": Command(
        usage="/undo N", about="undo commit N (numbers are in /history)", right=Right.DECIDE,
        parse=lambda rest: UndoCommit(commit=_number(rest, "/undo N")),
    ),
    "conflicts": Command(
        usage="/conflicts", about="what waits for a decision", parse=_plain(ShowConflicts())
    ),
    "resolve": Command(
        usage="/resolve N CHOICE", about="decide conflict N: a version's number, both 1, or =VALUE",
        right=Right.DECIDE, parse=_resolve,
    ),
    "search": Command(
        usage="/search ...", about="search messages and sources",
        parse=lambda rest: Find(query=needed(rest, "Search for what? /search WORDS")),
    ),
    "budget": Command(usage="/budget", about="what was used", parse=_plain(ShowBudget())),
    "pause": Command(
        usage="/pause", about="start no more jobs here; running ones go on",
        right=Right.CONFIGURE, parse=_plain(Pause(paused=True)),
    ),
    "resume": Command(
        usage="/resume", about="start jobs again", right=Right.CONFIGURE,
        parse=_plain(Pause(paused=False)),
    ),
    "settings": Command(
        usage="/settings [NAME VALUE]", about="this channel's settings", right=Right.CONFIGURE,
        own=("/settings", "this channel's settings"), parse=_settings,
    ),
    "forget": Command(
        usage="/forget ...", parse=_forget, right=Right.FORGET,
        about="remove for good what you said (`me`), what a `@PERSON` said, a `KEY` (or"
        " `BEGINNING*`), or the `channel`; I first show what would go",
        own=("/forget me", "remove for good what you said; I first show what would go"),
    ),
    "pair": Command(
        usage="/pair CODE", about="let in who was given this code", right=Right.PAIR,
        parse=lambda rest: Pair(code=needed(rest, "Whose code? /pair ABCD-2345")),
    ),
    "unpair": Command(
        usage="/unpair ID", about="let somebody in no more; /pairs shows the ids", right=Right.PAIR,
        parse=lambda rest: Unpair(person=needed(rest, "Who? /unpair ID; /pairs shows the ids")),
    ),
    "pairs": Command(
        usage="/pairs", about="who waits to be let in, and who was", right=Right.PAIR,
        parse=_plain(ShowPairs()),
    ),
    "help": Command(usage="/help", about="this list", parse=_plain(ShowHelp())),
}  # fmt: skip
