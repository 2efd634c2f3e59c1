"""What a page gets when it asks the core to look at something (`queries`). Data only."""

from dataclasses import dataclass

from core.messages.inbound import Attachment
from core.messages.outbound import Button, Card, Post
from core.messages.refs import ChannelRef, ThreadRef


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
    """One thread in a list; `title` is the start of what it hangs on, else of its first message."""

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
    """One message, a person's (`post` None) or the bot's. `seq` grows within a channel.

    `files` are those that came with it.
    """

    seq: int
    id: str
    thread: ThreadRef
    author_id: str
    author: str
    text: str
    at: float
    post: Post | None = None
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """The answer to ReadMessages; `newest` is the highest `seq` there is. `root` is the message of
    another thread that this one hangs on, with a page that is read backwards."""

    lines: tuple[MessageLine, ...]
    newest: int
    root: MessageLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The answer to ListJobs."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step of a job, begun `at`; `seconds` is how long it took, None while it runs. `kind` is
    the word for a core.subagents.journal_rows.StepKind."""

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
    """One entry or file. `value` is shown text: JSON for a value, a line each for logs and sets.

    `commit` wrote last to it: by `author`, at `at`, in `job`, having seen commit `base`, for what
    `about` says. `pinned_by` is "" for what is not pinned. A past state knows no pins and no
    conflicts.
    """

    key: str
    kind: str
    value: str
    commit: int
    author: str
    at: float
    pinned: bool = False
    conflicted: bool = False
    job: int | None = None
    base: int = 0
    about: str = ""
    pinned_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """The answer to ReadState, as of `commit`; those from `oldest` to `newest` can be read.

    `at` is when the commit was made (None: never), `words` say what moment was asked for.
    `more`: there are entries or files beyond these.
    """

    commit: int
    entries: tuple[EntryLine, ...]
    files: tuple[EntryLine, ...]
    newest: int = 0
    oldest: int = 0
    at: float | None = None
    words: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """The answer to ReadFile, as of `commit`."""

    path: str
    content: bytes
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """What a commit did to one key or path, in a line, and the difference.

    `diff` has lines that begin with "-" (was), "+" (is), " " (both) or "@@" (where in a text);
    "…" begins a remark. It is empty where `text` says it all.
    """

    key: str
    file: bool
    text: str
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLine:
    """One commit: who, when, why, on what base, what changed (a line each), and its Undo.

    `asked` begins the message that a turn answered. `changes` are there where one key or one
    commit was asked for.
    """

    commit: int
    author: str
    about: str
    at: float
    job: int | None
    lines: tuple[str, ...]
    buttons: tuple[Button, ...]
    base: int = 0
    asked: str = ""
    undoes: int | None = None
    undone_by: int | None = None
    changes: tuple[ChangeLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The answer to ReadHistory. `more`: there are older ones."""

    lines: tuple[CommitLine, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitView:
    """The answer to ReadCommit. `beyond` counts the keys whose changes are left out."""

    line: CommitLine
    newest: int
    beyond: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateLine:
    """One version of a conflicted key: what, who, based on which commit, in which job or act.

    `diff` is what taking it would change: "-" stands now, "+" would, " " is in both, "@@" says
    where. Empty where `value` says it all.
    """

    number: int
    label: str
    value: str
    author: str
    base: int
    about: str = ""
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """One open conflict; candidate 0 is what stands now. `key` may be several, with commas."""

    number: int
    revision: int
    key: str
    candidates: tuple[CandidateLine, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """The answer to ListConflicts: the oldest, and how many `more` there are."""

    lines: tuple[ConflictLine, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """One call by `tool`, whole in `text`. What waits was asked for by `by`, because of `about`;
    what holds was allowed by `by`, at `at`."""

    number: int
    job: int
    tool: str
    text: str
    about: str
    by: str
    at: float | None
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """The answer to ListApprovals."""

    waiting: tuple[ApprovalLine, ...]
    standing: tuple[ApprovalLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendLine:
    """One budget level: tokens used and reserved in its period, and the limit if there is one.

    The same in nanodollars as `cost`, `cost_reserved` and `cost_limit`, as far as prices are
    known; of the tokens used, `unpriced` have no known price.
    """

    level: str
    used: int
    reserved: int
    limit: int | None
    renews: str
    cost: int = 0
    cost_reserved: int = 0
    cost_limit: int | None = None
    unpriced: int = 0


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
    | CommitView
    | Conflicts
    | Approvals
    | Spend
    | Settings
)
