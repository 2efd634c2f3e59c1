"""What a page shows, read from the frames of the socket: lines, posts, cards. Data only."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A button as people see it, and what it does."""

    label: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post of the bot. `text` is its HTML without tags."""

    id: str
    thread: str
    kind: str
    html: str
    text: str
    reply_to: str | None
    job: int | None
    mention: str | None
    receipt: tuple[str, ...]
    drift: tuple[str, ...]
    buttons: tuple[Shown, ...]
    files: tuple[str, ...]
    offline: bool

    def button(self, label: str) -> str:
        """The action of the button of that label (or whose label begins so)."""
        return _button(self.buttons, label, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a conversation; `seq` is 0 until it was read from the bot's record."""

    seq: int
    id: str
    thread: str
    author: str
    text: str
    post: Post | None

    @classmethod
    def of(cls, post: Post, seq: int) -> Self:
        """The line that a post is."""
        return cls(seq=seq, id=post.id, thread=post.thread, author="", text="", post=post)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One job's card."""

    id: str
    job: int
    thread: str
    title: str
    state: str
    step: str
    version: int
    tokens: int
    steps: int
    ended: bool
    buttons: tuple[Shown, ...]

    def button(self, label: str) -> str:
        """The action of the button of that label."""
        return _button(self.buttons, label, self.title)


def post_from(fields: Mapping[str, Any]) -> Post:
    """Read a post; KeyError if it is none."""
    return Post(
        id=fields["id"],
        thread=fields["thread"],
        kind=fields["kind"],
        html=fields["html"],
        text=html.unescape(re.sub(r"<[^>]+>", "", fields["html"])).strip(),
        reply_to=fields["reply_to"],
        job=fields["job"],
        mention=fields["mention"]["name"] if fields["mention"] else None,
        receipt=tuple(fields["receipt"]),
        drift=tuple(fields["drift"]),
        buttons=_buttons(fields["buttons"]),
        files=tuple(fields["files"]),
        offline=fields["offline"],
    )


def line_from(fields: Mapping[str, Any]) -> Line:
    """Read a line; KeyError if it is none."""
    post = fields["post"]
    return Line(
        seq=fields["seq"],
        id=fields["id"],
        thread=fields["thread"],
        author=fields["author"],
        text=fields["text"],
        post=post_from(post) if post else None,
    )


def card_from(fields: Mapping[str, Any]) -> Card:
    """Read a card; KeyError if it is none."""
    return Card(
        id=fields["id"],
        job=fields["job"],
        thread=fields["thread"],
        title=fields["title"],
        state=fields["state"],
        step=fields["step"],
        version=fields["version"],
        tokens=fields["tokens"],
        steps=fields["steps"],
        ended=fields["ended_at"] is not None,
        buttons=_buttons(fields["buttons"]),
    )


def _buttons(buttons: Sequence[Mapping[str, Any]]) -> tuple[Shown, ...]:
    return tuple(Shown(label=button["label"], action=button["action"]) for button in buttons)


def _button(buttons: Sequence[Shown], label: str, where: str) -> str:
    for button in buttons:
        if button.label.startswith(label):
            return button.action
    shown = [button.label for button in buttons]
    raise AssertionError(f"there is no button {label!r} but {shown} at {where!r}")
