"""What people see in one Slack workspace: channels, messages with their past, files. No network."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

_MENTION = re.compile(r"<(@[UW][A-Z0-9]+|!(?:here|channel|everyone|subteam\^[A-Z0-9]+))[^>]*>")


@dataclass(slots=True)
class SlackMessage:
    """One message. `past` holds what it showed before, newest last."""

    ts: str
    channel: str
    user: str
    text: str
    bot: bool = False
    blocks: Sequence[Json] = ()
    thread_ts: str | None = None
    metadata: Json | None = None
    reactions: set[str] = field(default_factory=set)
    past: list[str] = field(default_factory=list)
    files: tuple[str, ...] = ()
    deleted: bool = False
    streaming: bool = False
    streamed: str = ""
    only_for: str | None = None
    unfurls: bool = True
    edits: int = 0
    edited: str | None = None

    @property
    def shown(self) -> str:
        """All words that a person reads in it, a block below the other."""
        parts = [self.streamed] if self.streamed else []
        parts += [words(block) for block in self.blocks]
        return "\n".join(part for part in parts if part) or self.text

    @property
    def buttons(self) -> dict[str, str]:
        """Its buttons: label to action_id."""
        return {
            element["text"]["text"]: element["action_id"]
            for block in self.blocks
            if block["type"] == "actions"
            for element in block["elements"]
            if element["type"] == "button"
        }


def words(block: Json) -> str:
    """The words in a block."""
    match block["type"]:
        case "markdown":
            return str(block["text"])
        case "section" | "header":
            return str(block.get("text", {}).get("text", ""))
        case "context":
            return "\n".join(str(element.get("text", "")) for element in block["elements"])
        case "table":
            return "\n".join(" | ".join(str(c["text"]) for c in row) for row in block["rows"])
    return ""


def _dressed(block: Json) -> str:
    """The words in a block in which Slack looks for mentions: not those in plain_text."""
    inner = [block.get("text"), *block.get("elements", ())]
    dressed = [one["text"] for one in inner if isinstance(one, dict) and one["type"] == "mrkdwn"]
    return words(block) if block["type"] == "markdown" else "\n".join(dressed)


@dataclass(slots=True)
class Channel:
    """A channel, group DM or DM. `kind` is Slack's channel_type."""

    id: str
    kind: str
    members: set[str]
    messages: dict[str, SlackMessage] = field(default_factory=dict)
    archived: bool = False

    def thread(self, ts: str) -> list[SlackMessage]:
        """The root and its replies, oldest first, without what was deleted."""
        return [
            one
            for one in self.messages.values()
            if (ts in (one.ts, one.thread_ts)) and not one.deleted and one.only_for is None
        ]

    @property
    def main(self) -> list[SlackMessage]:
        """What stands in the channel itself; of what was deleted, what has replies."""
        main = [m for m in self.messages.values() if m.thread_ts in (None, m.ts)]
        return [m for m in main if not m.deleted or self.thread(m.ts)]


@dataclass(slots=True)
class SlackFile:
    """An uploaded file; `shared` are the channels and threads it was put into."""

    id: str
    name: str
    content: bytes
    user: str
    mimetype: str = "application/octet-stream"
    shared: list[tuple[str, str | None]] = field(default_factory=list)
    complete: bool = False


class Workspace:
    """One team with its people, channels, files, views and agent sessions."""

    def __init__(self, team: str = "T0THAW") -> None:
        self.team = team
        self.bot_user, self.bot_id, self.app_id = "U0BOT", "B0BOT", "A0APP"
        self.users: dict[str, str] = {"U0ANNA": "Anna", "U0BEN": "Ben", self.bot_user: "Thaw"}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, SlackFile] = {}
        self.views: list[dict[str, Any]] = []
        self.sessions: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.notified: list[tuple[str, str]] = []
        self.agent = True
        self._last = 0.0
        self._changed = asyncio.Condition()
        for kind, id in (("channel", "C0GEN"), ("channel", "C0OPS"), ("im", "D0ANNA")):
            self.channels[id] = Channel(id=id, kind=kind, members=set(self.users))

    def ts(self) -> str:
        """A new message's timestamp: no two are the same."""
        self._last = max(time.time(), self._last + 0.000001)
        return f"{self._last:.6f}"

    def put(self, message: SlackMessage) -> SlackMessage:
        """Show a message."""
        self.channels[message.channel].messages[message.ts] = message
        self.notify(message)
        return message

    def notify(self, message: SlackMessage) -> None:
        """Remember whom the message notifies; an edit notifies nobody."""
        if message.bot:
            parts = [message.text, message.streamed, *map(_dressed, message.blocks)]
            seen = {hit for part in parts for hit in _MENTION.findall(part)}
            self.notified += [(hit, message.ts) for hit in sorted(seen)]

    def posts(self, channel: str) -> list[SlackMessage]:
        """The bot's messages in a channel that all can see, oldest first."""
        messages = self.channels[channel].messages.values()
        return [m for m in messages if m.bot and not m.deleted and m.only_for is None]

    def hints(self, user: str) -> list[SlackMessage]:
        """What only this person was shown."""
        everything = (m for c in self.channels.values() for m in c.messages.values())
        return [m for m in everything if m.only_for == user]

    def touch(self) -> None:
        """Something changed: wake those who wait for it."""
        asyncio.get_running_loop().create_task(self._wake(), name="slack emulator wakes")

    async def until(self, holds: Callable[[], Any], timeout_s: float = 60.0) -> Any:
        """Return what `holds` returns as soon as it is truthy."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(holds)
        return holds()

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
