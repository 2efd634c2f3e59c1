"""What the core needs of the world and the world of the core: protocols of one or two methods."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from core.fetch.page import Page, Written
from core.forgetting.traces import Traces
from core.jobs.job import Asked, Gathered, JobSpec, Outcome, Progress
from core.mcp.server import Offer
from core.messages import Attachment, ChannelRef, Hint, InboundEvent, Outbound, Person
from core.messages.queries import Query
from core.messages.views import StepLine, View
from core.model.account import Account
from core.model.amounts import Amount
from core.model.chat import ModelReply, ModelRequest
from core.search.hits import Found
from core.state.operations import Json


class Adapter(Protocol):
    """A platform, as the core sees it."""

    async def deliver(self, item: Outbound) -> Awaitable[None] | None:
        """Show a durable item; the same id again replaces, never doubles.

        What is returned, if anything, ends when it is shown: a platform that has to keep to its
        limits may show a card in its turn, and nothing waits behind it.
        Raises DeliveryFailed (try again) or DeliveryRefused (never).
        """

    async def show(self, hint: Hint) -> None:
        """Show something that may be lost; returns at once and raises nothing."""


class Warner(Protocol):
    """A platform, as those see it who look after the bot."""

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """Tell a person, by the platform's id and where nobody else reads it, that something could
        not be shown in the channel. May come twice.

        Raises DeliveryFailed (try again) or DeliveryRefused (never).
        """


class Door(Protocol):
    """The core, as an adapter's events see it."""

    async def take(
        self,
        name: str,
        content: AsyncGenerator[bytes, None],
        *,
        size: int | None = None,
        after: Sequence[Attachment] = (),
    ) -> Attachment:
        """Keep a file until the message that it came with is accepted, a day at most.

        `size` is what its sender says, `after` are the files of the message that were taken
        before: what is too much is not asked for, or not to its end, and the Attachment says so.
        `content` is closed. Raises what it raises.
        """

    async def accept(self, event: InboundEvent) -> None:
        """Return when the event is kept durably; the same id again has no effect.

        Raises NotAllowed, of strangers whatever they sent; BadRequest (too large) or StoreError.
        Then nothing was kept.
        """


class Guard(Protocol):
    """Who may use the bot, as core.rights.Rights says: for what the door does not see, since it
    keeps nothing (forms, details, completions), and before a file is fetched."""

    def allows(self, person: Person, channel: ChannelRef) -> bool:
        """Whether the person, with the roles they have, may use the bot there."""


class Places(Protocol):
    """Which messages of a platform show an item: durable, so that an edit finds them after a
    restart.

    Items are posts' and cards' ids, a post's id with `#files` behind it, and what else an adapter
    keeps. They go with the post or the job; what belongs to neither goes after `[state] keep_days`,
    but for items that begin with `moved:`. All three raise StoreError.
    """

    async def of(self, channel: ChannelRef, item: str) -> tuple[str, ...]:
        """The platform's message ids, in order; () if it was not shown."""

    async def keep(self, channel: ChannelRef, item: str, messages: tuple[str, ...]) -> None:
        """Keep them; called after each part of an item is out. () removes the item."""

    async def item(self, channel: ChannelRef, message: str) -> str | None:
        """Which item a message shows (someone replied to it)."""


class Window(Protocol):
    """The core, as a page that shows it sees it."""

    async def look(self, query: Query) -> View:
        """Answer a question about channels, jobs, state. Raises BadRequest, StoreError."""


class Model(Protocol):
    """A model server or its stand-in. One call is one request on the wire: no retries inside."""

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """Answer; with `on_text`, stream and hand over each further piece of text. What comes with
        the end may be left to the reply, which has all of it.

        Raises ModelUnreachable, ModelRefused or ContextTooLong.
        """


class MeteredModel(Protocol):
    """A model whose every call, also a retry, is reserved first and settled after."""

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """Answer within the account's budgets.

        Raises BudgetExceeded, ModelUnreachable (retries are used up), ModelRefused, ContextTooLong.
        """

    async def charged(self, work: str) -> Amount:
        """What a turn or job has been charged and has still reserved so far."""

    async def scarce(self, account: Account, request: ModelRequest) -> str | None:
        """What is left, in words, when few more calls such as this fit into a budget."""


class Purse(Protocol):
    """The budgets, as whoever lets jobs in sees them."""

    async def admit(self, account: Account, model: str, prompt: int, completion: int) -> None:
        """Hold so many tokens, and what they may cost, for a job until its first call.

        Raises BudgetExceeded; then nothing is held, and the words say what is left and when more.
        """

    def release(self, work: str) -> None:
        """The job has ended: let go of what is still held for it."""


class Engine(Protocol):
    """Where subagents run."""

    async def run(self, job: JobSpec, progress: Callable[[Progress], None]) -> Outcome | Asked:
        """Make one attempt and return how it ended; the delta stays with the engine. Asked: the
        next attempt, with the answer, goes on from there.

        Raises StoreError and SandboxUnavailable when it may be made later, and goes on then.
        Cancelling the call kills the subagent and everything it started before it returns.
        """

    async def gathered(self, job: JobSpec) -> Gathered:
        """What the last attempt wants changed; only asked for after Completed."""


class Transcripts(Protocol):
    """What jobs did, step by step."""

    async def steps(self, job_id: str) -> tuple[StepLine, ...]:
        """The job's steps, oldest first, while it runs and after; empty when they are gone."""


class Memories(Protocol):
    """What jobs leave outside their channel's file."""

    async def saw(self, job_id: str, traces: Traces) -> bool:
        """Whether what the job left tells of what is to be forgotten; also while it runs."""

    async def forget(self, job_id: str) -> None:
        """Remove all that the job left, as soon as nothing of it runs. Raises StoreError."""


class Web(Protocol):
    """Pages of the web, from the hosts that the operator names."""

    def hosts(self, channel: ChannelRef) -> tuple[str, ...]:
        """The hosts that a channel's jobs may fetch from; () if none."""

    def free(self, channel: ChannelRef, url: str) -> bool:
        """Whether `written` is not asked of this URL: it says no more than where a page is."""

    async def fetch(self, channel: ChannelRef, url: str, written: Written) -> Page:
        """Fetch a page. `written` is asked of a URL that says more than where a page is.

        Raises BadRequest, with what would be right.
        """


class Servers(Protocol):
    """Servers of tools, run outside of the sandbox for jobs."""

    async def offer(self, channel: ChannelRef) -> Offer:
        """The tools that a channel's jobs may use, as of now. Raises nothing: who is away is
        named. Takes as long as a server takes to start, within bounds."""

    async def call(self, channel: ChannelRef, name: str, arguments: Mapping[str, Json]) -> str:
        """Run one, by the name that it was offered under; the text is untrusted and of a length.

        Raises BadRequest if there is no such tool, or no answer.
        """

    async def close(self) -> None:
        """End every server that runs."""


class Finder(Protocol):
    """The one index over messages, state, files and sources."""

    async def find(
        self,
        channel: ChannelRef,
        query: str,
        source: str | None = None,
        *,
        upto_message: int | None = None,
        commit: int | None = None,
    ) -> Found:
        """The hits, also as short text for a model or a person.

        Messages after `upto_message` and what was committed after `commit` stay unseen (None: all
        is seen). Raises BadRequest (unknown source, no words) and StoreError.
        """
