"""One turn: the primary agent's work on one message, journaled step by step. Commits no answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from core.commit_points import CommitPoint, reached
from core.errors import BadRequest, BudgetExceeded, ModelError
from core.fencing import holds_untrusted
from core.messages import Message, StreamText
from core.model.account import Account
from core.model.chat import ChatMessage, ModelReply, ModelRequest, ToolCall
from core.ports import MeteredModel
from core.primary import prompt
from core.primary.commands import is_command
from core.primary.pace import Pace
from core.primary.toolbox import Toolbox
from core.primary.tools import TOOLS
from core.records import codec, inbox, messages, summaries, turns
from core.records.messages import Said
from core.records.turns import TurnRow, TurnStep
from core.settings import ChannelSettings, effective
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.facts import head
from core.state.views import pinned_lines

# A turn that asks this often without coming to an answer is going in circles.
MAX_MODEL_CALLS = 24


class _Unwanted(Exception):
    """The turn was ended by somebody else while it worked: what it does has no effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A turn that stands in the file: the message as it is asked, and what the model is told of
    it (`opening`) and was shown of its thread (`tail`)."""

    message: Message
    row: TurnRow
    settings: ChannelSettings
    opening: tuple[ChatMessage, ...]
    tail: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnd:
    """How a turn ended: the answer's text, or words for why there is none (`failed`).

    What the turn's tools did (promised jobs, operations) holds either way. `tail` is what it was
    shown of its thread.
    """

    turn: TurnRow
    text: str
    steps: tuple[TurnStep, ...]
    offline: bool = False
    failed: bool = False
    tail: tuple[Said, ...] = ()


def answer_id(message: Message) -> str:
    """The id of the post that answers a message; its stream has the same."""
    return f"answer:{message.id}"


class Turn:
    """Asks the model and runs its tool calls until it has an answer."""

    def __init__(
        self,
        *,
        message: Message,
        inbox_id: str,
        name: str,
        channels: Channels,
        model: MeteredModel,
        toolbox: Toolbox,
        defaults: ChannelSettings,
        max_completion_tokens: int,
        clock: Callable[[], float],
        show: Callable[[StreamText], None],
    ) -> None:
        self._message = message
        self._inbox_id = inbox_id
        self._name = name
        self._channels = channels
        self._model = model
        self._toolbox = toolbox
        self._defaults = defaults
        self._max_completion_tokens = max_completion_tokens
        self._clock = clock
        self._show = show
        self._steps: list[TurnStep] = []
        self._said: list[str] = []
        self._opening: tuple[ChatMessage, ...] = ()
        self._tail: tuple[Said, ...] = ()
        # With its place among the steps: it may have been kept although the store said otherwise.
        self._unkept: tuple[int, ModelReply] | None = None
        self.shown = ""
        """The answer as far as people have been shown it."""

    async def run(self, begun: Begun | None = None) -> TurnEnd | None:
        """Work on the message, from where a turn that was cut off stood; None when nobody wants
        the answer any more. `begun` is how it has begun already, with its message.

        Raises StoreError; when it is run again after that, it buys no reply a second time.
        """
        if begun is None:
            begun = await self._channels.write(self._message.thread.channel, self.begin)
        reached(CommitPoint.TURN_STARTED)
        if begun is None:
            return None
        self._message, self._opening, self._tail = begun.message, begun.opening, begun.tail
        row, settings = begun.row, begun.settings
        self._steps = list(row.steps)
        self._said = []
        # Nothing of this turn itself: who refers to each other in a circle stays for long after.
        has_read = partial(_has_read, self._opening, self._steps)
        self._toolbox.attach(row, self._message, self._inbox_id, settings, has_read)
        try:
            return await self._work(row, settings)
        except (ModelError, BudgetExceeded) as error:
            return self._end(row, self._apology(error), failed=True)
        except _Unwanted:
            return None

    async def _work(self, row: TurnRow, settings: ChannelSettings) -> TurnEnd:
        asked = 0
        for step in self._steps:
            if step.kind == "model":
                asked += 1
                self._heard(codec.reply.validate_json(step.response))
        while True:
            reply = self._last_reply()
            if reply is None:
                if asked >= MAX_MODEL_CALLS:
                    return self._end(row, "I went in circles and stopped here.", failed=True)
                asked += 1
                reply = await self._ask(row, settings)
            if not reply.tool_calls:
                text = "\n\n".join((*self._said, *_cut(reply)))
                return self._end(row, text, offline=reply.offline)
            for call in self._unanswered(reply):
                await self._run_tool(row, call)

    def begin(self, tx: Transaction) -> Begun | None:
        """Start in the file, or find what is there of it; None when no answer is owed."""
        # As it is asked now: it may have been edited or deleted since it came.
        message = inbox.find(tx, self._inbox_id)
        # One that was edited into a command is handled as one: word of the edit is on its way.
        if not isinstance(message, Message) or is_command(message.text):
            return None
        thread = message.thread.thread
        row = turns.begin(
            tx, f"turn:{message.id}", self._inbox_id, thread, head(tx), messages.newest(tx),
            self._clock(),
        )  # fmt: skip
        settings = effective(tx, self._defaults)
        seq = messages.seq_of(tx, message.id) or row.base_message + 1
        # What people said after this message is answered by turns of its own.
        summary = summaries.standing(tx, thread)
        tail = messages.tail(
            tx, thread, before=seq, upto=row.base_message,
            limit=prompt.TAIL_MESSAGES, after=summary.upto if summary else 0,
        )  # fmt: skip
        opening = prompt.compose(self._name, settings, pinned_lines(tx), tail, message, summary)
        return Begun(message=message, row=row, settings=settings, opening=opening, tail=tail)

    async def _ask(self, row: TurnRow, settings: ChannelSettings) -> ModelReply:
        number = len(self._steps)
        if self._unkept is None or self._unkept[0] != number:
            self._unkept = (number, _repaired(await self._complete(row, settings)))
        reply = self._unkept[1]
        # One without calls is the answer, whose commit is next and would end the journal.
        if reply.tool_calls:
            response = codec.reply.dump_json(reply).decode()
            step = TurnStep(number=number, kind="model", request="", response=response)
            await self._journal(lambda tx: turns.add_step(tx, row.id, step), step)
        self._unkept = None
        self._heard(reply)
        said = "\n\n".join(self._said)
        if reply.tool_calls and said != self.shown:
            # What came with the reply's end was not streamed, and the tools may take a while.
            self._stream("", said)
        return reply

    async def _complete(self, row: TurnRow, settings: ChannelSettings) -> ModelReply:
        before = "\n\n".join(self._said)
        pace = Pace(partial(self._stream, before))
        request = ModelRequest(
            model=settings.model,
            messages=(*self._opening, *_transcript(self._steps)),
            tools=TOOLS,
            max_completion_tokens=self._max_completion_tokens,
        )
        account = Account(
            channel=self._message.thread.channel,
            person_id=self._message.author.id,
            # Platforms number messages per channel.
            work=f"{row.id}@{self._message.thread.channel}",
            zone=settings.timezone,
        )
        try:
            return await self._model.complete(account, request, pace.add)
        finally:
            pace.close()

    async def _run_tool(self, row: TurnRow, call: ToolCall) -> None:
        number = len(self._steps)
        try:
            effect = await self._toolbox.prepare(number, call)
        except BadRequest as error:
            refusal = str(error)
            effect = partial(_refuse, refusal)

        def run(tx: Transaction) -> TurnStep:
            if not turns.is_running(tx, row.id):
                raise _Unwanted
            text, operation = effect(tx)
            step = TurnStep(
                number=number, kind="tool", request=call.id, response=text, operation=operation
            )
            turns.add_step(tx, row.id, step)
            return step

        self._steps.append(await self._channels.write(self._message.thread.channel, run))
        self._toolbox.committed(self._steps[-1])
        reached(CommitPoint.TURN_STEP)

    async def _journal(self, write: Callable[[Transaction], None], step: TurnStep) -> None:
        await self._channels.write(self._message.thread.channel, write)
        self._steps.append(step)
        reached(CommitPoint.TURN_STEP)

    def _last_reply(self) -> ModelReply | None:
        """The newest reply, if something is still to be done about it."""
        for step in reversed(self._steps):
            if step.kind == "model":
                reply = codec.reply.validate_json(step.response)
                done = not self._unanswered(reply) and reply.tool_calls
                return None if done else reply
        return None

    def _unanswered(self, reply: ModelReply) -> list[ToolCall]:
        """The calls of the newest reply that have no result yet."""
        answered = 0
        for step in reversed(self._steps):
            if step.kind == "model":
                break
            answered += 1
        return list(reply.tool_calls[answered:])

    def _heard(self, reply: ModelReply) -> None:
        if reply.text.strip():
            self._said.append(reply.text.strip())

    def _stream(self, before: str, text: str) -> None:
        whole = self.shown = f"{before}\n\n{text}" if before else text
        self._show(
            StreamText(
                thread=self._message.thread,
                post_id=answer_id(self._message),
                text=whole,
                reply_to=self._message.id,
            )
        )

    def _end(
        self, row: TurnRow, text: str, *, offline: bool = False, failed: bool = False
    ) -> TurnEnd:
        if failed and self._said:
            text = "\n\n".join((*self._said, text))
        return TurnEnd(
            turn=row, text=text, steps=tuple(self._steps), offline=offline, failed=failed,
            tail=self._tail,
        )  # fmt: skip

    @staticmethod
    def _apology(error: ModelError | BudgetExceeded) -> str:
        if isinstance(error, BudgetExceeded):
            return f"I did not ask the model: {error}"
        return f"I could not get an answer: {error}\n\nCommands still work; say /help for them."


def _transcript(steps: Sequence[TurnStep]) -> list[ChatMessage]:
    found: list[ChatMessage] = []
    for step in steps:
        if step.kind == "model":
            reply = codec.reply.validate_json(step.response)
            found.append(
                ChatMessage(role="assistant", text=reply.text, tool_calls=reply.tool_calls)
            )
        else:
            found.append(ChatMessage(role="tool", text=step.response, tool_call_id=step.request))
    return found


def _has_read(opening: Sequence[ChatMessage], steps: Sequence[TurnStep]) -> bool:
    shown = (*opening, *_transcript(steps))
    return any(holds_untrusted(one.text) for one in shown if one.role != "assistant")


def _repaired(reply: ModelReply) -> ModelReply:
    """The reply as text that can be stored: servers cut letters of two halves between pieces."""
    calls = tuple(
        ToolCall(id=_text(call.id), name=_text(call.name), arguments=_text(call.arguments))
        for call in reply.tool_calls
    )
    return replace(reply, text=_text(reply.text), tool_calls=calls)


def _text(text: str) -> str:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def _cut(reply: ModelReply) -> tuple[str, ...]:
    """A word about an answer that is not whole; people could not tell."""
    match reply.finish:
        case "length":
            return ("*(The answer was cut off here, at the greatest length it may have.)*",)
        case "content_filter":
            return ("*(The model's provider held back the rest of this answer.)*",)
        case _:
            return ()


def _refuse(text: str, tx: Transaction) -> tuple[str, None]:
    return f"Error: {text}", None
