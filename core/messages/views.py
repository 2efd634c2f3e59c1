"""What a page can ask the core to look at, and what it gets. Read-only; no actions."""

from dataclasses import dataclass

from core.messages.outbound import Button, Card, Post
from core.messages.refs import ChannelRef, ThreadRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChannels:
    """The platform's channels, last active first."""

    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListThreads:
    """The channel's threads, last active first."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessages:
    """The messages of a channel (of one thread if given) with `seq` > `after`, oldest first.

    At most `limit`; with `before` set, the newest ones below it instead, still oldest first.
    """

    channel: ChannelRef
    thread: str | None = None
    after: int = 0
    before: int | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListJobs:
    """The channel's jobs, newest first."""

    channel: ChannelRef
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJob:
    """One job with its steps."""

    channel: ChannelRef
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadState:
    """Entries and files whose key or path starts with `prefix`, at a commit (None: head)."""

    channel: ChannelRef
    prefix: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """The bytes of one workspace file, at a commit (None: head)."""

    channel: ChannelRef
    path: str
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHistory:
    """The channel's commits, newest first; only those that touched `key` if given."""

    channel: ChannelRef
    key: str | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConflicts:
    """The channel's open conflicts."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSpend:
    """What the channel has used of its budgets."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """The channel's settings."""

    channel: ChannelRef


Query = (
    ListChannels
    | ListThreads
    | ReadMessages
    | ListJobs
    | ReadJob
    | ReadState
    | ReadFile
    | ReadHistory
    | ListConflicts
    | ReadSpend
    | ReadSettings
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """One channel in a list. `at` is its last message's time, `running` counts unfinished jobs."""

    channel: ChannelRef
    at: float
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The answer to ListChannels."""

    lines: tuple[ChannelLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLine:
    """One thread in a list; `title` is the start of its first message."""

    thread: ThreadRef
    title: str
    at: float
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """The answer to ListThreads."""

    lines: tuple[ThreadLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message, a person's (`post` None) or the bot's. `seq` grows within a channel."""

    seq: int
    id: str
    thread: ThreadRef
    author_id: str
    author: str
    text: str
    at: float
    post: Post | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """The answer to ReadMessages; `newest` is the highest `seq` there is."""

    lines: tuple[MessageLine, ...]
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The answer to ListJobs."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step of a job. `kind` is "model", "tool", "steering" or "attempt"."""

    number: int
    kind: str
    title: str
    detail: str
    at: float
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job whole. `brief` is what it was told, `outcome` how it ended, in words."""

    card: Card
    brief: str
    outcome: str
    result: str
    base_commit: int
    steps: tuple[StepLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One entry or file. `value` is shown text: JSON for a value, a line each for logs and sets."""

    key: str
    kind: str
    value: str
    commit: int
    author: str
    at: float
    pinned: bool = False
    conflicted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """The answer to ReadState, as of `commit`."""

    commit: int
    entries: tuple[EntryLine, ...]
    files: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """The answer to ReadFile, as of `commit`."""

    path: str
    content: bytes
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLine:
    """One commit: who, when, why, what changed (a line each), and whether it can be undone."""

    commit: int
    author: str
    about: str
    at: float
    job: int | None
    lines: tuple[str, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The answer to ReadHistory."""

    lines: tuple[CommitLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateLine:
    """One version of a conflicted key: what, who, based on which commit."""

    number: int
    label: str
    value: str
    author: str
    base: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """One open conflict; candidate 0 is what stands now."""

    number: int
    revision: int
    key: str
    candidates: tuple[CandidateLine, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """The answer to ListConflicts."""

    lines: tuple[ConflictLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendLine:
    """One budget level: tokens used and reserved in its period, and the limit if there is one."""

    level: str
    used: int
    reserved: int
    limit: int | None
    renews: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """The answer to ReadSpend."""

    lines: tuple[SpendLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingLine:
    """One setting: its value, whether the channel or the configuration set it, what it does."""

    name: str
    value: str
    own: bool
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The answer to ReadSettings."""

    lines: tuple[SettingLine, ...]


View = (
    Channels
    | Threads
    | Messages
    | Jobs
    | JobView
    | StateView
    | FileView
    | History
    | Conflicts
    | Spend
    | Settings
)
