"""What the offline model can be asked for, as data. Understands and does nothing."""

from dataclasses import dataclass

from core.state.operations import Json, Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A shell command."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPython:
    """A Python program."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Let time pass, visibly."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """A workspace file, whole."""

    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFile:
    """A workspace or source file; "" is the list of all workspace files."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """A search; `source` None is the channel's messages and all its sources."""

    query: str
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One operation on one key of the state."""

    key: str
    op: Op
    value: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """One key of the state, or all keys that start with `key`."""

    key: str
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchText:
    """The launch text of a product for one platform; `about` says what the product is."""

    product: str
    platform: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyCi:
    """Why CI failed: `source` holds its logs (None: find it), `build` limits it to one build.

    `path` is a log in the workspace, which is looked at instead.
    """

    source: str | None = None
    build: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to whoever wanted the job."""

    question: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Words to be said, mostly after something else was done."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Words that no rule covers."""

    words: str


Action = (
    Run
    | RunPython
    | Wait
    | WriteFile
    | ShowFile
    | LookUp
    | Change
    | Show
    | LaunchText
    | WhyCi
    | Ask
    | Tell
    | Unclear
)

# What is done in the answer itself; everything else needs a job.
LIGHT = (LookUp, Change, Show, Tell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One part of a request: its words, and the actions that it asks for, in their order."""

    words: str
    actions: tuple[Action, ...]

    @property
    def understood(self) -> bool:
        """Whether every part of it means something."""
        return not any(isinstance(action, Unclear) for action in self.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Things to do, each on its own: in jobs if `background`, else as each needs."""

    items: tuple[Item, ...]
    background: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop a job."""

    job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOpen:
    """Stop the one job that is not over, or all of them if `every`."""

    every: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Steer:
    """Tell a job something."""

    job: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a job is at; None is the list of all jobs."""

    job: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Hello."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thanks:
    """Thank you."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What can you do?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Anything else."""


Intent = Work | Cancel | CancelOpen | Steer | Details | Greeting | Thanks | Help | Chat
