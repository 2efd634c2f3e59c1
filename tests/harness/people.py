"""People on Slack, Discord and Telegram, alike for tests: ask, read, press. Each on an emulator.

A place is one channel (on Telegram one chat) of a test's own, named by a number; a question there
begins a conversation, and what the bot says in it is read as people see it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.emulators.discord.server import DiscordServer
from tests.emulators.discord.world import Channel as DiscordChannel
from tests.emulators.discord.world import Guild, User
from tests.emulators.slack import Human, SlackServer
from tests.emulators.slack.workspace import Channel as SlackChannel
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.world import BOT_ID

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question: its place, the conversation that it began, its message as the emulator has it."""

    place: int
    conversation: str
    message: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message of the bot as it is now. `id` stays when it is edited."""

    id: str
    text: str
    buttons: tuple[str, ...]
    message: Any


class Side(Protocol):
    """A person on one platform."""

    name: str

    async def connected(self) -> None:
        """Return when the bot is connected, also for another time than the last."""

    async def ask(self, text: str, place: int, *, file: tuple[str, bytes] | None = None) -> Asked:
        """Say something to the bot, with a file or without."""

    async def more(self, asked: Asked, text: str) -> None:
        """Say something more in the conversation."""

    def seen(self, asked: Asked) -> bool:
        """Whether the question has the sign that it was seen."""

    def shown(self, asked: Asked) -> list[Shown]:
        """What the bot has said in the conversation, oldest first."""

    def files(self, asked: Asked) -> Mapping[str, bytes]:
        """What the bot has uploaded to the conversation."""

    async def press(self, shown: Shown, label: str) -> None:
        """Press a button."""

    async def until(self, holds: Callable[[], object]) -> None:
        """Return when what the bot shows has made `holds` true."""


async def one(side: Side, asked: Asked, *words: str) -> Shown:
    """The one message of the conversation with all these words, as soon as it is there."""

    def found() -> list[Shown]:
        return [shown for shown in side.shown(asked) if all(word in shown.text for word in words)]

    try:
        await side.until(found)
    except TimeoutError:
        said = [shown.text for shown in side.shown(asked)]
        raise AssertionError(f"{side.name}: nothing with {words} in {said}") from None
    return found()[0]


async def labelled(
    side: Side, asked: Asked, label: str, *, without: str = "", but: Shown | None = None
) -> Shown:
    """The first message of the conversation with this button (and without that one), soon. `but`
    is another message, which may have the button still."""

    def found() -> list[Shown]:
        others = [shown for shown in side.shown(asked) if but is None or shown.id != but.id]
        buttons = [(shown, shown.buttons) for shown in others]
        return [shown for shown, own in buttons if label in own and without not in own]

    try:
        await side.until(found)
    except TimeoutError:
        said = [(shown.text, shown.buttons) for shown in side.shown(asked)]
        raise AssertionError(f"{side.name}: no {label!r} without {without!r} in {said}") from None
    return found()[0]


class OnSlack:
    """Anna in a workspace."""

    name = "slack"

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._anna = Human(server)
        self._opened = 0

    async def connected(self) -> None:
        """See Side."""
        socket = self._server.socket
        while socket.opened <= self._opened or not socket.connections:
            await socket.arrived.wait()
        self._opened = socket.opened

    async def ask(self, text: str, place: int, *, file: tuple[str, bytes] | None = None) -> Asked:
        """See Side."""
        workspace, channel = self._server.workspace, f"C0T{place}"
        members = set(workspace.users)
        made = SlackChannel(id=channel, kind="channel", members=members)
        workspace.channels.setdefault(channel, made)
        files = () if file is None else (file,)
        message = await self._anna.ask(text, channel=channel, files=files)
        return Asked(place=place, conversation=message.ts, message=message)

    async def more(self, asked: Asked, text: str) -> None:
        """See Side."""
        await self._anna.say(text, channel=asked.message.channel, thread=asked.conversation)

    def seen(self, asked: Asked) -> bool:
        """See Side."""
        return "eyes" in asked.message.reactions

    def shown(self, asked: Asked) -> list[Shown]:
        """See Side."""
        channel = self._server.workspace.channels[asked.message.channel]
        return [
            Shown(id=m.ts, text=m.shown, buttons=tuple(m.buttons), message=m)
            for m in channel.thread(asked.conversation)
            if m.bot
        ]

    def files(self, asked: Asked) -> Mapping[str, bytes]:
        """See Side."""
        place = (asked.message.channel, asked.conversation)
        files = self._server.workspace.files.values()
        return {file.name: file.content for file in files if place in file.shared}

    async def press(self, shown: Shown, label: str) -> None:
        """See Side."""
        await self._anna.press(shown.message, label)

    async def until(self, holds: Callable[[], object]) -> None:
        """See Side."""
        await self._server.workspace.until(holds, PATIENCE_S)


class OnDiscord:
    """Anna in a server."""

    name = "discord"

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self._guild: Guild = server.world.guild()
        self._anna: User = server.world.person("Anna")
        self._channels: dict[int, DiscordChannel] = {}
        self._ready = 0

    def open(self, place: int) -> None:
        """Make the channel; a bot that is connected already would not know it."""
        self._channels[place] = self._server.world.channel(self._guild, name=f"place-{place}")

    async def connected(self) -> None:
        """See Side."""
        await self._server.gateway.happened("ready", self._ready + 1)
        self._ready = self._server.gateway.log.count("ready")

    async def ask(self, text: str, place: int, *, file: tuple[str, bytes] | None = None) -> Asked:
        """See Side."""
        mention = f"<@{self._server.world.me.id}> {text}"
        files = None if file is None else dict([file])
        message = await self._server.say(self._anna, self._channels[place], mention, files=files)
        return Asked(place=place, conversation=message.id, message=message)

    async def more(self, asked: Asked, text: str) -> None:
        """See Side."""
        thread = self._server.world.channels[asked.conversation]
        await self._server.say(self._anna, thread, text)

    def seen(self, asked: Asked) -> bool:
        """See Side."""
        return "👀" in asked.message.reactions

    def shown(self, asked: Asked) -> list[Shown]:
        """See Side."""
        thread = self._server.world.channels.get(asked.conversation)
        said = [] if thread is None else thread.messages.values()
        return [
            Shown(id=m.id, text=_words(m), buttons=tuple(m.buttons), message=m)
            for m in said
            if m.author is self._server.world.me
        ]

    def files(self, asked: Asked) -> Mapping[str, bytes]:
        """See Side."""
        found: dict[str, bytes] = {}
        for shown in self.shown(asked):
            found |= shown.message.files
        return found

    async def press(self, shown: Shown, label: str) -> None:
        """See Side."""
        await self._server.interactions.press(self._anna, shown.message, label)

    async def until(self, holds: Callable[[], object]) -> None:
        """See Side."""
        await self._server.messages.until(holds, PATIENCE_S)


class OnTelegram:
    """Person 7 in private chats and groups: each place is a group where the bot is mentioned."""

    name = "telegram"

    def __init__(self, server: TelegramServer) -> None:
        self._server = server

    async def connected(self) -> None:
        """Updates wait until the bot polls: there is nothing to wait for."""

    async def ask(self, text: str, place: int, *, file: tuple[str, bytes] | None = None) -> Asked:
        """See Side."""
        chat = self._server.world.chat(1000 + place)
        world = self._server.world
        if file is None:
            shown = world.say(chat, text, person=chat.id)
        else:
            shown = world.send_file(chat, *file, caption=text, person=chat.id)
        return Asked(place=place, conversation=str(chat.id), message=shown)

    async def more(self, asked: Asked, text: str) -> None:
        """See Side."""
        await self.ask(text, asked.place)

    def seen(self, asked: Asked) -> bool:
        """See Side."""
        return "👀" in asked.message.reactions

    def shown(self, asked: Asked) -> list[Shown]:
        """See Side."""
        chat = self._server.world.chats[asked.message.chat]
        return [
            Shown(id=str(m.id), text=m.rich or m.text, buttons=tuple(m.buttons), message=m)
            for m in chat.messages.values()
            if m.author == BOT_ID
        ]

    def files(self, asked: Asked) -> Mapping[str, bytes]:
        """See Side."""
        return dict(shown.message.file for shown in self.shown(asked) if shown.message.file)

    async def press(self, shown: Shown, label: str) -> None:
        """See Side."""
        self._server.world.press(shown.message, label, person=shown.message.chat)
        await asyncio.sleep(0)

    async def until(self, holds: Callable[[], object]) -> None:
        """See Side."""
        await self._server.until(holds, PATIENCE_S)


def _words(message: Any) -> str:
    """All words of a Discord message, its card's included."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [str(embed.get("title", "")), str(embed.get("description", ""))]
        parts += [f"{field['name']} {field['value']}" for field in embed.get("fields", ())]
        parts.append(str((embed.get("footer") or {}).get("text", "")))
    return "\n".join(part for part in parts if part)
