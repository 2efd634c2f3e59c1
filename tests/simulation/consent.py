"""What is done only with a person's word, against the words that people gave: leave for what jobs
do, plans of many jobs, who is let in. Hears all that people do; plays nothing."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from core.messages import ChannelRef, InboundEvent, Message, Outbound, Post, Press
from tests.simulation.world import ADA, World

INSIDE = ("shell", "write_file")
_FREE = ("ask", "finish", "progress", "read_result")
_REFUSED = "error: not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody said about number `about` in a channel: `verb` is that of the button or the
    command. Leave names a `question`, unless it was typed, and has a `decision`."""

    channel: ChannelRef
    person: str
    verb: str
    about: int
    question: int | None = None
    decision: str = ""


def word(event: InboundEvent) -> Word | None:
    """What a press or a typed command says, if it is a word."""
    match event:
        case Press(action=action):
            verb, *numbers = action.split(".")
            person, parts = event.person.id, [int(part) for part in numbers if part.isdigit()]
        case Message(text=text) if text.startswith("/"):
            verb, *words = text[1:].split()
            person, parts = event.author.id, [int(one) for one in words[:1] if one.isdigit()]
            if verb == "allow" and parts:
                decision = words[1] if len(words) > 1 else "once"
                return Word(
                    channel=event.thread.channel, person=person, verb=verb, about=parts[0],
                    decision=decision,
                )  # fmt: skip
        case _:
            return None
    decision = ("once", "job", "always")[parts[2] - 1] if verb == "allow" else ""
    return Word(
        channel=event.thread.channel, person=person, verb=verb, about=parts[0] if parts else 0,
        question=parts[1] if len(parts) > 1 else None, decision=decision,
    )  # fmt: skip


class Consent:
    """All words of a seed. `gated` are patterns of the tools that need leave, `root` is where the
    bot keeps its files."""

    def __init__(self, world: World, root: Path, gated: tuple[str, ...]) -> None:
        self._world = world
        self._root = root
        self.gated = gated
        self._words: set[Word] = set()
        self._ran: Counter[tuple[str, str]] = Counter()
        self._lost = False
        self._read: set[tuple[int, str, str]] = set()

    def heard(self, event: InboundEvent) -> None:
        """Somebody is about to say this, or says it again."""
        said = word(event)
        if said is not None:
            self._words.add(said)

    def lose(self) -> None:
        """A channel's memory is lost: what was done there may be done again."""
        self._lost = True

    def wants_out(self, person: str, channel: ChannelRef, job: int) -> bool:
        """Whether somebody may have said that they want to hear no more of the job."""
        return any(
            one.verb in ("unwatch", "stop", "cancel") and one.about in (0, job)
            for one in self._words
            if one.person == person and one.channel == channel
        )

    def agreed(self, channel: ChannelRef, plan: int) -> bool:
        """Whether anybody said that the jobs of a plan may start."""
        said = (one for one in self._words if one.channel == channel and one.verb == "start")
        return any(one.about == plan for one in said)

    def ran(self, job: str, call: str, tool: str, arguments: Mapping[str, object]) -> None:
        """A tool runs in a job's sandbox: with leave if it needs that, and this once."""
        self._ran[job, call] += 1
        if self._ran[job, call] > 1 and not self._lost:
            self._world.breaks(f"{call} of job {job} ran again")
        for channel, file in self._files():
            rows = file.execute("SELECT number, requester_id, state FROM jobs WHERE id = ?", (job,))
            for number, requester, state in rows:
                if self._needs(tool) and state != "ended":
                    self._check(_Asking(channel, file, number, requester), call, tool, arguments)

    def told(
        self, number: int, name: str, call: str, tool: str, arguments: str, result: str
    ) -> None:
        """The model reads what came of a call in a job that it is at."""
        if (number, name, call) in self._read or (tool not in INSIDE and not self._needs(tool)):
            return
        self._read.add((number, name, call))
        for channel, file in self._files():
            rows = file.execute(
                "SELECT id, requester_id FROM jobs WHERE number = ? AND brief LIKE ?",
                (number, f"{name} %"),
            )
            for job, requester in rows.fetchall():
                asking = _Asking(channel, file, number, requester)
                self._fits(asking, job, call, tool, json.loads(arguments), result)

    def _fits(
        self, asking: "_Asking", job: str, call: str, tool: str,
        arguments: Mapping[str, object], result: str,
    ) -> None:  # fmt: skip
        refused, ran = _REFUSED in result, self._ran[job, call]
        if tool in INSIDE and refused and ran and not self._lost:
            self._world.breaks(f"{call} of job {job} ran and is told as refused")
        if tool in INSIDE and result.strip() == "done" and not ran:
            self._world.breaks(f"{call} of job {job} is told as done and never ran")
        if not self._needs(tool):
            return
        if refused and asking.allows(call):
            self._world.breaks(f"{call} of job {job} was allowed and is told as refused")
        if tool not in INSIDE and not result.startswith("error"):
            self._check(asking, call, tool, arguments)

    def _needs(self, tool: str) -> bool:
        return tool not in _FREE and any(fnmatchcase(tool, one) for one in self.gated)

    def _check(
        self, asking: "_Asking", call: str, tool: str, arguments: Mapping[str, object]
    ) -> None:
        backed = any(
            self._backed(asking, job, question, decision, by)
            for job, question, decision, by in asking.leave(call, tool, arguments)
        )
        if not backed and not self._lost:
            self._world.breaks(f"{tool} of job {asking.number} ran and nobody allowed it")

    def _backed(
        self, asking: "_Asking", job: int, question: int | None, decision: str, by: str
    ) -> bool:
        """Whether just this was said by somebody whose word it is."""
        return any(
            word.channel == asking.channel
            and word.verb == "allow"
            and word.about == job
            and (word.question is None or question is None or word.question == question)
            and word.decision == decision
            and word.person == by.lower()
            and (word.person == ADA.id or (word.person == asking.requester and question))
            and (word.person == ADA.id or decision != "always")
            for word in self._words
        )

    def _files(self) -> Iterator[tuple[ChannelRef, sqlite3.Connection]]:
        for path in sorted(self._root.glob("channels/*/*/*.db")):
            with closing(sqlite3.connect(path)) as file, suppress(sqlite3.DatabaseError):
                ref = file.execute("SELECT platform, workspace, channel FROM channel").fetchone()
                platform, workspace, channel = ref
                yield ChannelRef(platform=platform, workspace=workspace, channel=channel), file


@dataclass(frozen=True, slots=True)
class _Asking:
    """A job's requests for leave, as the channel's file has them."""

    channel: ChannelRef
    file: sqlite3.Connection
    number: int
    requester: str

    def leave(
        self, call: str, tool: str, arguments: Mapping[str, object]
    ) -> Iterator[tuple[int, int | None, str, str]]:
        """What lets the call run: job, question, decision, and whose it is."""
        for question, of, text, decision, by in self.file.execute(
            "SELECT number, call, text, decision, by FROM questions WHERE job = ? AND tool = ?"
            " AND decision IN ('once', 'job', 'always')",
            (self.number, tool),
        ):
            if _says(text, tool, arguments) and (of == call or decision != "once"):
                yield self.number, question, decision, by
        for job, text, by in self.file.execute(
            "SELECT job, text, by FROM approvals WHERE tool = ?", (tool,)
        ):
            if _says(text, tool, arguments):
                yield job, None, "always", by

    def allows(self, call: str) -> bool:
        """Whether people were asked about the call and always let it."""
        rows = self.file.execute(
            "SELECT decision IN ('once', 'job', 'always') FROM questions"
            " WHERE job = ? AND call = ? AND tool != ''",
            (self.number, call),
        ).fetchall()
        return bool(rows) and all(allowed for (allowed,) in rows)


def _says(text: str, tool: str, arguments: Mapping[str, object]) -> bool:
    """Whether people were shown the whole call."""
    if tool == "shell":
        return text == arguments["command"]
    return bool(json.loads(text) == arguments)


class Doorkeeping:
    """Who is let in where codes do that: `pairs` says whether they do."""

    def __init__(self, world: World, pairs: bool) -> None:
        self._world = world
        self._pairs = pairs
        self._count = 0
        self._sent: dict[str, dict[str, int]] = {"/pair": {}, "/unpair": {}}
        self._answered: dict[str, int] = {}
        self.codes: list[str] = []

    def now(self) -> int:
        """A stamp that grows."""
        self._count += 1
        return self._count

    def heard(self, event: InboundEvent) -> None:
        """Somebody is about to say this, or says it again."""
        if isinstance(event, Message) and event.author == ADA:
            verb = event.text.partition(" ")[0]
            if verb == "/unpair" or any(event.text == f"/pair {code}" for code in self.codes):
                self._sent[verb].setdefault(event.id, self.now())

    def shown(self, item: Outbound) -> None:
        """People see this now."""
        worked = isinstance(item, Post) and (
            "may use me from now on" in item.text or "may not use me any more" in item.text
        )
        if worked:
            self._answered.setdefault(item.id.removeprefix("reply:message:"), self.now())

    def let_in(self, who: str, began: int) -> None:
        """A stranger's message was taken, that began to be one then."""
        pairs, unpairs = self._sent["/pair"], self._sent["/unpair"]
        if not self._pairs or not pairs:
            self._world.breaks(f"{who} was let in, a stranger")
        for gone, sent in unpairs.items():
            later = any(self._answered.get(one, self._count) > sent for one in pairs)
            if self._answered.get(gone, self._count) < began and not later:
                self._world.breaks(f"{who} was let in, who was to go")

    def kept_out(self, who: str, began: int) -> None:
        """The same, and it was not."""
        paired = any(self._answered.get(one, began) < began for one in self._sent["/pair"])
        if paired and not self._sent["/unpair"]:
            self._world.breaks(f"{who} was not let in, who had been")
