"""A core with a memory, for the page to talk to: keeps what is said, shows what it is told."""

import asyncio
import itertools
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TypeVar

from core.errors import BadRequest
from core.messages import (
    Button,
    Card,
    ChannelRef,
    Deletion,
    InboundEvent,
    Message,
    Person,
    Post,
    PostKind,
    Press,
    Seen,
    StateMoved,
    StreamText,
    ThreadRef,
)
from core.messages.queries import (
    ListApprovals,
    ListChannels,
    ListConflicts,
    ListJobs,
    ListThreads,
    Query,
    ReadCommit,
    ReadFile,
    ReadHistory,
    ReadJob,
    ReadMessages,
    ReadSettings,
    ReadSpend,
    ReadState,
)
from core.messages.views import (
    Approvals,
    CandidateLine,
    ChangeLine,
    ChannelLine,
    Channels,
    CommitLine,
    CommitView,
    ConflictLine,
    Conflicts,
    EntryLine,
    FileView,
    History,
    Jobs,
    JobView,
    MessageLine,
    Messages,
    SettingLine,
    Settings,
    Spend,
    SpendLine,
    StateView,
    StepLine,
    ThreadLine,
    Threads,
    View,
)
from core.ports import Adapter
from tests.adapters.shelf import Shelf

ANNA = Person(id="local:anna", name="Anna")
TEXT_LIMIT = 100_000


def thread(name: str = "", channel: str = "general") -> ThreadRef:
    ref = ChannelRef(platform="web", workspace="local", channel=channel)
    return ThreadRef(channel=ref, thread=name)


def card(number: int = 1, **changes: object) -> Card:
    """A running job's card."""
    buttons = (
        Button(action=f"stop.{number}", label="Stop", style="danger"),
        Button(action=f"steer.{number}", label="Steer", asks="What should it know?"),
        Button(action=f"details.{number}", label="Details"),
    )
    values: dict[str, object] = {
        "id": f"card:{number}",
        "thread": thread(),
        "job": number,
        "title": f"Work {number}",
        "requester": ANNA,
        "state": "running",
        "step": "reading",
        "version": 1,
        "tokens": 1234,
        "steps": 2,
        "created_at": time.time() - 70,
        "started_at": time.time() - 65,
        "ended_at": None,
        "buttons": buttons,
    }
    return Card(**(values | changes))  # type: ignore[arg-type]  # a test's own keywords


@dataclass(slots=True)
class Channel:
    lines: list[MessageLine] = field(default_factory=list)
    cards: dict[int, Card] = field(default_factory=dict)
    steps: dict[int, list[StepLine]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[str, EntryLine] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[CommitLine] = field(default_factory=list)
    past: list[dict[str, EntryLine]] = field(default_factory=lambda: [{}])
    conflicts: list[ConflictLine] = field(default_factory=list)


_Kind = TypeVar("_Kind")


class FakeCore(Shelf):
    """Implements Door and Window. `adapter` is where it shows things."""

    def __init__(self) -> None:
        super().__init__()
        self.channels: dict[str, Channel] = defaultdict(Channel)
        self.accepted: dict[str, InboundEvent] = {}
        self.refusals: list[Exception] = []
        self.approvals = Approvals(waiting=(), standing=())
        self.looked: list[Query] = []
        self._looks = asyncio.Event()
        self.arrived: asyncio.Queue[InboundEvent] = asyncio.Queue()
        self.hold: asyncio.Event | None = None
        self.adapter: Adapter | None = None
        self._seq = itertools.count(1)
        self._posts = itertools.count(1)

    async def accept(self, event: InboundEvent) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        text = "" if isinstance(event, Deletion) else event.text or ""
        if len(text) > TEXT_LIMIT:
            raise BadRequest(
                f"This message has {len(text)} characters; at most {TEXT_LIMIT} are taken."
            )
        if event.id in self.accepted:
            return
        self.accepted[event.id] = event
        if isinstance(event, Message):
            self._keep(event.thread, event.id, event.author, event.text, event.at, None)
            self._land(event)
        self.arrived.put_nowait(event)

    async def message(self) -> Message:
        """The next message that was accepted."""
        event = await asyncio.wait_for(self.arrived.get(), 60)
        assert isinstance(event, Message)
        return event

    async def pressed(self) -> Press:
        """The next press that was accepted."""
        event = await asyncio.wait_for(self.arrived.get(), 60)
        assert isinstance(event, Press)
        return event

    async def post(self, text: str, **changes: object) -> Post:
        """Keep a post and deliver it."""
        values: dict[str, object] = {
            "id": f"post:{next(self._posts)}", "thread": thread(), "kind": PostKind.ANSWER,
            "text": text, "at": time.time(),
        }  # fmt: skip
        post = Post(**(values | changes))  # type: ignore[arg-type]  # a test's own keywords
        bot = Person(id="", name="")
        self._keep(post.thread, post.id, bot, post.text, post.at, post)
        await self._adapter.deliver(post)
        return post

    async def seen(self, message: Message) -> None:
        await self._adapter.show(Seen(thread=message.thread, message_id=message.id))

    async def stream(self, text: str, post_id: str, reply_to: str | None = None) -> None:
        await self._adapter.show(
            StreamText(thread=thread(), post_id=post_id, text=text, reply_to=reply_to)
        )

    async def show_card(self, shown: Card) -> None:
        """Keep a card and deliver it."""
        self.of(shown.thread).cards[shown.job] = shown
        await self._adapter.deliver(shown)

    async def set(
        self, key: str, value: str, *, kind: str = "value", pinned: bool = False,
        conflicted: bool = False,
    ) -> None:  # fmt: skip
        """Put an entry as one commit."""
        channel = self.channels["general"]
        number = len(channel.commits) + 1
        at = time.time()
        channel.entries[key] = EntryLine(
            key=key,
            kind=kind,
            value=value,
            commit=number,
            author="Anna",
            at=at,
            pinned=pinned,
            conflicted=conflicted,
            pinned_by="Ben" if pinned else "",
        )
        before = channel.past[-1].get(key)
        channel.past.append(dict(channel.entries))
        undo = Button(action=f"undo.{number}", label="Undo")
        diff = (*([f"-{before.value}"] if before else []), f"+{value}")
        text = f"`{key}` is now {value}"
        channel.commits.append(
            CommitLine(
                commit=number, author="Anna", about=f"set {key}", at=at, job=None,
                lines=(text,), buttons=(undo,), base=number - 1,
                changes=(ChangeLine(key=key, file=False, text=text, diff=diff),),
            )
        )  # fmt: skip
        await self._adapter.show(StateMoved(channel=thread().channel, commit=number))

    def conflict(self, key: str) -> None:
        """Open a conflict over a key."""
        channel = self.channels["general"]
        candidates = tuple(
            CandidateLine(
                number=n,
                label=label,
                value=value,
                author=author,
                base=3,
                about="Deploy again" if n else "",
                diff=("-prod", "+staging") if n else (),
            )
            for n, (label, value, author) in enumerate(
                [("prod", '"prod"', "Anna"), ("job 4", '"staging"', "job 4, asked by Ben")]
            )
        )
        labels = ("Keep prod", "Take job 4's")
        channel.conflicts.append(
            ConflictLine(
                number=2,
                revision=1,
                key=key,
                candidates=candidates,
                buttons=tuple(
                    Button(action=f"resolve.2.1.{n}", label=label) for n, label in enumerate(labels)
                ),
            )
        )

    def of(self, ref: ThreadRef) -> Channel:
        return self.channels[ref.channel.channel]

    async def queries(self, kind: type[_Kind], count: int) -> list[_Kind]:
        """All queries of this kind, as soon as there are so many."""
        async with asyncio.timeout(60):
            found: list[_Kind] = []
            while len(found := [one for one in self.looked if isinstance(one, kind)]) < count:
                await self._looks.wait()
        return found

    async def look(self, query: Query) -> View:
        self.looked.append(query)
        self._looks.set()
        self._looks = asyncio.Event()
        if isinstance(query, ListChannels):
            return Channels(lines=tuple(self._channel_line(name) for name in self.channels))
        channel = self.channels[query.channel.channel]
        match query:
            case ListThreads():
                return Threads(lines=_threads(channel))
            case ReadMessages():
                return _messages(channel, query)
            case ListJobs():
                return Jobs(cards=tuple(channel.cards.values()))
            case ReadJob(number=number):
                return _job(channel, number)
            case ReadState():
                return _state(channel, query)
            case ReadFile(path=path):
                if path not in channel.files:
                    raise BadRequest(f"There is no file {path!r}.")
                return FileView(path=path, content=channel.files[path], commit=1)
            case ReadHistory():
                return History(lines=tuple(reversed(channel.commits)))
            case ReadCommit(number=number):
                commits = channel.commits
                return CommitView(line=commits[number - 1], newest=len(commits), beyond=7)
            case ListConflicts():
                return Conflicts(lines=tuple(channel.conflicts))
            case ListApprovals():
                return self.approvals
            case ReadSpend():
                line = SpendLine(
                    level="this channel, today", used=41_200, reserved=8_000, limit=200_000,
                    renews="at midnight", cost=41_200_000, cost_limit=2_500_000_000,
                )  # fmt: skip
                return Spend(lines=(line,))
            case ReadSettings():
                about = "the model that answers"
                model = SettingLine(name="model", value="offline", own=False, about=about)
                return Settings(lines=(model,))

    @property
    def _adapter(self) -> Adapter:
        assert self.adapter is not None
        return self.adapter

    def _keep(
        self, ref: ThreadRef, id: str, author: Person, text: str, at: float, post: Post | None
    ) -> None:
        line = MessageLine(
            seq=next(self._seq), id=id, thread=ref, author_id=author.id, author=author.name,
            text=text, at=at, post=post,
        )  # fmt: skip
        lines = self.of(ref).lines
        lines[:] = [one for one in lines if one.id != id] + [line]

    def _land(self, message: Message) -> None:
        """Put the files of the message into the workspace, as the core would."""
        lines, kept = self.of(message.thread).lines, []
        for file in message.files:
            path = f"inbox/{file.name}"
            if file.handle in self.contents:
                self.of(message.thread).files[path] = self.contents[file.handle]
                kept.append(replace(file, path=path, size=len(self.contents[file.handle])))
            else:
                kept.append(replace(file, problem=file.problem or "it is not here any more"))
        lines[-1] = replace(lines[-1], files=tuple(kept))

    def _channel_line(self, name: str) -> ChannelLine:
        channel = self.channels[name]
        return ChannelLine(
            channel=thread(channel=name).channel,
            at=channel.lines[-1].at if channel.lines else 0.0,
            running=sum(one.ended_at is None for one in channel.cards.values()),
        )


def _messages(channel: Channel, query: ReadMessages) -> Messages:
    lines = [one for one in channel.lines if query.thread in (None, one.thread.thread)]
    before = query.before
    above = [one for one in lines if one.seq > query.after][: query.limit]
    lines = above if before is None else [one for one in lines if one.seq < before][-query.limit :]
    root = next((line for line in channel.lines if line.id == query.thread), None)
    newest = max((line.seq for line in channel.lines), default=0)
    return Messages(lines=tuple(lines), newest=newest, root=root)


def _threads(channel: Channel) -> tuple[ThreadLine, ...]:
    by_thread = defaultdict[ThreadRef, list[MessageLine]](list)
    for line in channel.lines:
        by_thread[line.thread].append(line)
    return tuple(
        ThreadLine(thread=ref, title=lines[0].text[:80], at=lines[-1].at, messages=len(lines))
        for ref, lines in sorted(by_thread.items(), key=lambda one: -one[1][-1].at)
    )


def _state(channel: Channel, query: ReadState) -> StateView:
    newest = len(channel.commits)
    if query.when is not None and query.when < "2000":
        raise BadRequest("there was nothing then: the first commit is of 2026-11-17")
    commit = 1 if query.when is not None else newest if query.at is None else query.at
    found = channel.entries if commit == newest else channel.past[commit]
    return StateView(
        commit=commit,
        entries=tuple(entry for entry in found.values() if entry.key.startswith(query.prefix)),
        files=_files(channel),
        newest=newest,
        at=channel.commits[commit - 1].at if commit else None,
        words=query.when or "",
    )


def _job(channel: Channel, number: int) -> JobView:
    if number not in channel.cards:
        raise BadRequest(f"There is no job {number} here.")
    shown = channel.cards[number]
    over = shown.ended_at is not None
    return JobView(
        card=shown, brief=f"Do work {number} well.", outcome="Completed." if over else "",
        result="It is **done**." if over else "", base_commit=7, steps=tuple(channel.steps[number]),
    )  # fmt: skip


def _files(channel: Channel) -> tuple[EntryLine, ...]:
    return tuple(
        EntryLine(
            key=path, kind="file", value=f"{len(content)} bytes", commit=1, author="job 1", at=0.0
        )
        for path, content in channel.files.items()
    )
