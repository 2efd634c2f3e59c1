"""What the core shows people. Durable items go through the outbox, hints may be lost."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from core.messages.refs import ChannelRef, Person, ThreadRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button under a post or card. `action` is at most 64 ASCII characters and survives restarts.

    `asks` is the prompt of the form that the press opens first, when it needs words.
    """

    action: str
    label: str
    style: Literal["plain", "primary", "danger"] = "plain"
    asks: str | None = None


class PostKind(StrEnum):
    """What a post is, so that a platform can dress it."""

    ANSWER = "answer"
    RESULT = "result"
    CONFLICT = "conflict"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A new message of the bot. `text` is Markdown, whole, of any length; adapters split it.

    `id` is the key against double posts. `mention` is who is to be notified. `receipt` is what was
    merged, a line each, plain text. `reply_to` is the platform's id of the message answered.
    `drift` is what a result was based on and has changed since, likewise. `files` are workspace
    paths the post refers to. `offline` marks words of the offline model. `alone` is the only
    person whom it concerns: a platform that can shows it to nobody else. `press` is the id of the
    press that it is the reply to. A `single` one is one message: of a longer text that is its
    beginning, and the whole goes along as a file.
    """

    id: str
    thread: ThreadRef
    kind: PostKind
    text: str
    at: float
    mention: Person | None = None
    reply_to: str | None = None
    job: int | None = None
    receipt: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    files: tuple[str, ...] = ()
    offline: bool = False
    alone: Person | None = None
    press: str | None = None
    single: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The one live message that shows a job; a later card with the same `id` replaces the earlier.

    `state` is one word: queued, running or waiting, and in the end completed, failed or cancelled.
    `step` is the current step in words. `version` only grows.
    `started_at` and `ended_at` are Unix seconds; `tokens` is what was charged so far,
    `cost` the same in nanodollars; None where no price is known or nothing was paid.
    """

    id: str
    thread: ThreadRef
    job: int
    title: str
    requester: Person
    state: str
    step: str
    version: int
    tokens: int
    steps: int
    created_at: float
    started_at: float | None
    ended_at: float | None
    buttons: tuple[Button, ...] = ()
    cost: int | None = None


Outbound = Post | Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The message was taken up and is being worked on: show it at once (reaction, typing)."""

    thread: ThreadRef
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamText:
    """The answer as far as it has come. `post_id` is the id the final post will have."""

    thread: ThreadRef
    post_id: str
    text: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMoved:
    """A card's progress between durable changes: may be dropped or paced."""

    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMoved:
    """The channel's state has a new commit: whoever shows the state may look again."""

    channel: ChannelRef
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The bot cannot keep or answer something just now (a full disk, say) and will try again."""

    thread: ThreadRef
    text: str


Hint = Seen | StreamText | CardMoved | StateMoved | Trouble
