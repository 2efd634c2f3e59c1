"""A job's life as data: what is asked for, its states and how it can end. Runs nothing."""

from dataclasses import dataclass
from enum import StrEnum

from core.messages import Person, ThreadRef
from core.model.account import Account
from core.model.amounts import NO_LIMIT, Limit
from core.state.operations import FileChange, Operation
from core.state.reads import Read


class JobState(StrEnum):
    """Where a job stands. PROMISED: it has a number, but its turn has not committed yet.

    RUNNING -> WAITING as it asks people something, WAITING -> QUEUED with the answer or when
    nobody answered in time.
    """

    PROMISED = "promised"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The job that another runs again: `ended` says how it ended, `result` what it said, cut
    short, `drift` what of all that it read has changed since. `merged`: its changes are in."""

    number: int
    ended: str
    result: str
    drift: tuple[str, ...]
    merged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """That a job may do something only with a person's word. `digest` is what the word is bound
    to, `reason` why it is needed, for people."""

    tool: str
    digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An attempt that ended because the job asks people something: it goes on with the answer.

    `call` is the model's call; `choices` may be none. With `leave` it is no question: `text` is
    what the job wants to do.
    """

    call: str
    text: str
    choices: tuple[str, ...] = ()
    leave: Leave | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the model is told of a question that its call `call` asked."""

    call: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """All that an engine needs to work on a job; can cross a wire.

    `id` is unique for ever and safe as a file name; `number` counts per channel from 1.
    `created_at` tells it from a job of the same id that its channel's file has lost.
    `base_commit`, `base_message` and `rules_revision` are the snapshot. `budget` is the most
    that all attempts may be charged, its days are those of the time zone `zone`. `timeout_s`
    counts running seconds of one attempt. `answers` are to all that it has asked so far.
    """

    id: str
    number: int
    thread: ThreadRef
    title: str
    brief: str
    requester: Person
    base_commit: int
    base_message: int
    rules_revision: int
    attempt: int
    created_at: float
    model: str
    max_completion_tokens: int
    max_steps: int
    timeout_s: float
    budget: Limit = NO_LIMIT
    zone: str = "UTC"
    instructions: str = ""
    former: Former | None = None
    answers: tuple[Answered, ...] = ()


def account_of(job: JobSpec) -> Account:
    """Whose money the job's model calls spend."""
    return Account(
        channel=job.thread.channel,
        person_id=job.requester.id,
        work=f"job:{job.id}",
        budget=job.budget,
        zone=job.zone,
        kind="job",
    )


class FailureKind(StrEnum):
    """Why a job failed, for callers that treat the reasons differently."""

    SANDBOX = "sandbox"
    CRASHED = "crashed"
    PROTOCOL = "protocol"
    TIMEOUT = "timeout"
    STEPS = "steps"
    BUDGET = "budget"
    MODEL = "model"
    WORKSPACE = "workspace"
    STORE = "store"
    ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """`finish`, then exit code 0. `files` are workspace paths that it named as its products.

    `drift` tells, a line each, what it was based on and had changed when it was merged.
    """

    result: str
    files: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It ended in any other way; the delta is set aside. `reason` is fit for people.

    `partial` is Markdown: what it had come to, where that may be of use.
    """

    kind: FailureKind
    reason: str
    partial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """Somebody stopped it; the delta is set aside."""

    by: str


Outcome = Completed | Failed | Cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a completed job wants changed, and what it was shown of the channel.

    `notes` tell people what could not be taken over. `heard` is the `seq` of the newest word that
    it was shown, None where that is not known.
    """

    operations: tuple[Operation, ...] = ()
    files: tuple[FileChange, ...] = ()
    notes: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()
    heard: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a running job lets people see: the step it is at, in words, and what it has used.

    `cost` is in nanodollars, of what has a known price.
    """

    step: str
    steps: int
    tokens: int
    cost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """A person's word to a running job; `seq` grows per channel."""

    seq: int
    by: str
    text: str
