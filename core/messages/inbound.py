"""What people do on a platform, as an adapter hands it to the core."""

from dataclasses import dataclass

from core.messages.refs import Person, ThreadRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message: what the port Door's `take` made of it.

    `handle` is where its content waits, `size` in bytes. `problem` says why there is none. Once
    the message is kept, `path` is where the file is in the channel's workspace and `kind` is
    "text" or "binary".
    """

    name: str
    handle: str = ""
    size: int = 0
    problem: str = ""
    path: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One chat message. `id` is the platform's, unique within the channel, for deduplication.

    `reply_to` is the id of the outbound item the person replied to, when the platform tells
    (a reply to a card steers its job). `at` is the platform's time in Unix seconds. `direct`: only
    the author and the bot are there.
    """

    id: str
    thread: ThreadRef
    author: Person
    text: str
    at: float
    reply_to: str | None = None
    files: tuple[Attachment, ...] = ()
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of a button. `id` is unique within the channel, `action` is the button's.

    `text` is what the person typed into the form the button opened (steering, an edit).
    """

    id: str
    thread: ThreadRef
    person: Person
    action: str
    at: float
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A person changed a message; `text` is what it says now, `message_id` the Message's id.

    `id` is unique among the channel's edits. Of two edits the later `at` holds, of two with the
    same `at` the one that comes last.
    """

    id: str
    thread: ThreadRef
    message_id: str
    author: Person
    text: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A message was removed by whoever may; not every platform tells. Nothing brings it back."""

    id: str
    thread: ThreadRef
    message_id: str
    at: float


Asking = Message | Press
"""What is owed an answer."""

Change = Edit | Deletion
"""What becomes of a message afterwards; it is owed none."""

InboundEvent = Asking | Change
