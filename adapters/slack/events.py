"""What people do in Slack, as data between translation and intake. No behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.messages import Message, Person, ThreadRef

PLATFORM = "slack"

Json = Mapping[str, Any]
"""What Slack sends and is sent, as it is on the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Who the bot is: its user, its bot id, the workspace it is installed in."""

    user: str
    bot_id: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """A file of a message, where it is. `size` is in bytes, as Slack says. `ask` is the id by which
    Slack has to be asked for all of it, "" when this is all."""

    name: str
    url: str
    size: int
    mimetype: str
    ask: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A message. `addressed`: it is meant for the bot wherever it stands (a mention, a DM);
    `named`: it says so itself."""

    message: Message
    addressed: bool
    named: bool
    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A press on a button. `asks` is what the form that it opens asks for, "" for no form."""

    id: str
    thread: ThreadRef
    person: Person
    action: str
    asks: str
    trigger: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded:
    """A slash command. `answer_to` takes an answer where the bot cannot post."""

    message: Message
    answer_to: str
