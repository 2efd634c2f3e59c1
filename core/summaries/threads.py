"""Running summaries of long threads: after an answer, where nobody waits for them. Shows nothing;
what is shown of them is the prompt's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from core.errors import BudgetExceeded, ModelError, StoreError
from core.messages import Message, PostKind, ThreadRef
from core.model.account import Account
from core.model.chat import ModelRequest
from core.ports import MeteredModel
from core.records import messages, summaries
from core.records.messages import Said
from core.records.summaries import Summary
from core.settings import ChannelSettings, effective
from core.state.channels import Channels
from core.state.database import Transaction
from core.summaries.request import Piece, request, summary_in
from core.tasks import Spawn

log = structlog.get_logger(__name__)

MOST_MESSAGES = 60
"""Of a thread that turns are shown; of more, a summary stands for the oldest."""
_STAY = 20
_LEAST = 4
_LONGEST = 8_000
_READ = 400
_MATERIAL = 60_000
_PIECE = (150, 4_000)
_AGAIN_AFTER = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """One summary to be made: of `lines`, which come after what `so_far` stands for."""

    so_far: Summary | None
    lines: tuple[Said, ...]
    newest: int
    asked: ModelRequest
    zone: str


class Summaries:
    """One at a time of each thread. What a kill cuts off is made after the next answer."""

    def __init__(
        self,
        *,
        channels: Channels,
        model: MeteredModel,
        defaults: ChannelSettings,
        max_completion_tokens: int,
        above: int,
        spawn: Spawn,
    ) -> None:
        """`above`: bytes of a thread that turns are shown before one is made; 0: none is."""
        self._channels = channels
        self._model = model
        self._defaults = defaults
        self._max_completion_tokens = max_completion_tokens
        self._above = above
        self._spawn = spawn
        self._making: set[ThreadRef] = set()

    def look(self, message: Message, tail: Sequence[Said]) -> None:
        """A turn about the message has ended, and was shown so much of its thread."""
        thread = message.thread
        if not self._above or thread in self._making:
            return
        if len(tail) > MOST_MESSAGES or sum(map(_size, tail)) > self._above:
            self._making.add(thread)
            self._spawn(self._make(message), f"summary of {thread}")

    async def _make(self, message: Message) -> None:
        thread = message.thread
        try:
            look = partial(self._order, thread=thread.thread)
            # Not with a second connection: busy threads grow long enough at the same time.
            order = await self._channels.look(thread.channel, look)
            if order is not None:
                await self._made(message, order)
        except (ModelError, BudgetExceeded) as error:
            log.info("a thread has no summary", thread=str(thread), why=type(error).__name__)
        except StoreError as error:
            log.warning("a summary was not kept", thread=str(thread), error=str(error))
        finally:
            self._making.remove(thread)

    async def _made(self, message: Message, order: _Order) -> None:
        channel = message.thread.channel
        account = Account(
            channel=channel,
            person_id=message.author.id,
            work=f"summary:{message.id}@{channel}",
            zone=order.zone,
            kind="summary",
        )
        reply = await self._model.complete(account, order.asked)
        text = summary_in(reply, order.asked)
        keep = partial(_keep, thread=message.thread.thread, order=order, text=text)
        await self._channels.write(channel, keep)

    def _order(self, tx: Transaction, thread: str) -> _Order | None:
        so_far = summaries.standing(tx, thread)
        lines = _lines(tx, thread, so_far, messages.newest(tx))
        if sum(line.seq > summaries.tried(tx, thread) for line in lines) < _AGAIN_AFTER:
            return None
        gone = lines[: len(lines) - _staying(lines, self._above // 2)]
        if len(gone) < _LEAST:
            return None
        settings = effective(tx, self._defaults)
        asked = request(
            "a thread of a team chat, for the agent that answers there",
            so_far.text if so_far else "", _pieces(gone), settings.model,
            self._max_completion_tokens,
        )  # fmt: skip
        return _Order(
            so_far=so_far, lines=gone, newest=lines[-1].seq, asked=asked, zone=settings.timezone
        )


def _lines(tx: Transaction, thread: str, so_far: Summary | None, upto: int) -> tuple[Said, ...]:
    """What came since, but for what waits for an answer: that is no past yet."""
    owed = summaries.first_owed(tx, thread)
    upto = upto if owed is None else min(upto, owed - 1)
    after = so_far.upto if so_far else 0
    return messages.tail(tx, thread, before=upto + 1, upto=upto, limit=_READ, after=after)


def _staying(lines: Sequence[Said], most: int) -> int:
    count = 0
    for line in reversed(lines[-_STAY:]):
        most -= _size(line)
        if most < 0:
            break
        count += 1
    return count


def _size(line: Said) -> int:
    return len(line.text[:_LONGEST].encode())


def _pieces(lines: Sequence[Said]) -> list[Piece]:
    least, most = _PIECE
    share = max(least, min(most, _MATERIAL // len(lines)))
    return [Piece(name=_whose(line), text=_short(line, share)) for line in lines]


def _whose(line: Said) -> str:
    match line.kind:
        case None:
            return line.author
        case PostKind.RESULT:
            return f"result of job {line.job}"
        case PostKind.CONFLICT | PostKind.NOTICE:
            return f"{line.kind} in the chat"
        case _:
            return "you"


def _short(line: Said, share: int) -> str:
    files = " ".join(f"[file {file.name}]" for file in line.files)
    text = f"{line.text} {files}" if files else line.text
    return text if len(text) <= share else f"{text[: share // 2]} [...] {text[-share // 2 :]}"


def _keep(tx: Transaction, thread: str, order: _Order, text: str) -> None:
    """Keep it, unless what it was made of is not what stands there any more."""
    now = _lines(tx, thread, order.so_far, order.lines[-1].seq)
    if summaries.standing(tx, thread) != order.so_far or now != order.lines:
        return
    if not text:
        summaries.give_up(tx, thread, order.newest)
        return
    before = order.so_far.messages if order.so_far else 0
    made = Summary(upto=order.lines[-1].seq, messages=before + len(order.lines), text=text)
    summaries.put(tx, thread, made)
