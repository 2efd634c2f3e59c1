"""What a page can ask the core to look at. Read-only; no actions. The answers are in views."""

from dataclasses import dataclass

from core.messages.refs import ChannelRef


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
    """Entries and files whose key or path starts with `prefix`, at a commit (None: head).

    Instead of `at` a moment can be named as people do (`when`): "2026-11-17 14:30", "yesterday".
    """

    channel: ChannelRef
    prefix: str = ""
    at: int | None = None
    when: str | None = None


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
class ReadCommit:
    """One commit with what it changed, in full as far as people can read it."""

    channel: ChannelRef
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConflicts:
    """The channel's open conflicts."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ListApprovals:
    """What waits for a person's word, and what was allowed for good."""

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
    | ReadCommit
    | ListConflicts
    | ListApprovals
    | ReadSpend
    | ReadSettings
)
