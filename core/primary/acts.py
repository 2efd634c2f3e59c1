"""What people can do without a model, as data. Reads no text and does nothing itself."""

from dataclasses import dataclass

from core.records.forgettings import What
from core.records.questions import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class StopJob:
    """End a job."""

    job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveJob:
    """Hear no more of a job that others want too."""

    job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopThread:
    """End the answer that is being written in the thread; if there is none, the thread's jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SteerJob:
    """Tell a job something. `replied`: by a reply to its card, which is talk once it has ended."""

    job: int
    text: str
    replied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerJob:
    """Answer what a job asks, in words or by the number of a choice, from 1.

    `question` is the one that a button or reply is about; None is whichever is open. `replied`: by
    a reply to its post, which is talk once the job has ended.
    """

    job: int
    question: int | None = None
    text: str = ""
    choice: int | None = None
    replied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideLeave:
    """Let a job do what it wants to do, or not, with `text` as the reason. `question` is the one
    that a button is about; None is whichever is open."""

    job: int
    decision: Decision
    question: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowApprovals:
    """List what jobs may do unasked, because somebody said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApproval:
    """Let jobs ask again before they do this."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidePlan:
    """Start the many jobs of one message that wait for a word, or none of them."""

    plan: int
    start: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAgain:
    """Run a job's brief again."""

    job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowJobs:
    """List jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowJob:
    """Show one job."""

    job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowState:
    """Show a key, or what begins with `key`, at a moment as people name it (None: now)."""

    key: str
    when: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKey:
    """`text` is JSON, or text that is taken as it is."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsetKey:
    """Delete a key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PinKey:
    """Always show a key to the agent, or no more."""

    key: str
    pinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHistory:
    """List commits, of one key if given, below commit `before` if given."""

    key: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCommit:
    """Show one commit with what it changed."""

    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoCommit:
    """Take a commit back."""

    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowConflicts:
    """List what waits for a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """`choice` is a candidate's number; `text` a value of the person's own instead. `both`: of a
    text what stands and the candidate's, one below the other where they overlap.

    `revision` is that of the question the person saw; None takes the newest.
    """

    conflict: int
    choice: int | None = None
    both: bool = False
    text: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeLost:
    """`line` is the place in the receipt of `commit` whose write lost."""

    commit: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Search messages and sources."""

    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowBudget:
    """Show what was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Hold the channel's queued jobs back, or let them go on."""

    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSettings:
    """List the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSetting:
    """Change one setting; "default" resets it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Show what would be forgotten. `name`: of a person ("" is oneself), a key or its beginning."""

    what: What
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmForget:
    """Forget what was shown under this number."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Let in who was given this code."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpair:
    """Let the person of this id in no more."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPairs:
    """List who waits to be let in and who was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHelp:
    """List the commands."""


Act = (
    StopJob
    | LeaveJob
    | StopThread
    | SteerJob
    | AnswerJob
    | DecideLeave
    | ShowApprovals
    | WithdrawApproval
    | DecidePlan
    | RunAgain
    | ShowJobs
    | ShowJob
    | ShowState
    | SetKey
    | UnsetKey
    | PinKey
    | ShowHistory
    | ShowCommit
    | UndoCommit
    | ShowConflicts
    | Resolve
    | TakeLost
    | Find
    | ShowBudget
    | Pause
    | ShowSettings
    | ChangeSetting
    | Forget
    | ConfirmForget
    | Pair
    | Unpair
    | ShowPairs
    | ShowHelp
)


def asks_outside(act: Act) -> bool:
    """Whether it needs what lies outside the channel's file, which may take its time."""
    return isinstance(act, Find | ShowBudget | Pair | Unpair | ShowPairs)
