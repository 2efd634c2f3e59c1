"""A person on Telegram: in private chats, or in groups where the bot has to be named."""

import html
import re
from collections.abc import Collection
from typing import Any

from tests.contract.somebody import SHARED
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.world import BOT_NAME, Chat
from tests.harness.people import Asked, OnTelegram, Shown

NAMED = f"@{BOT_NAME}"


class InTelegram(OnTelegram):
    """One person. `groups`: each place is a group; else those before SHARED are private chats."""

    def __init__(self, server: TelegramServer, person: int, *, groups: bool = False) -> None:
        super().__init__(server)
        self.me = str(person)
        self._person = person
        self._groups = groups
        self._presses: set[str] = set()

    async def connected(self) -> None:
        """See Side. A poll finds what came before it; what is pushed before there is a hook waits
        for the next push."""
        if self._groups:
            await self.until(lambda: self._server.updates.webhook.get("url"))

    def chat(self, place: int) -> Chat:
        """The chat of a place."""
        world = self._server.world
        if self._groups or place >= SHARED:
            return world.chat(-1000 - place, "group", f"Place {place}")
        return world.chat(1000 + place)

    def _author(self, chat: Chat) -> int:
        return chat.id if chat.kind == "private" else self._person

    async def ask(self, text: str, place: int, *, file: tuple[str, bytes] | None = None) -> Asked:
        """See Side."""
        chat, world = self.chat(place), self._server.world
        author = self._author(chat)
        extra: dict[str, Any] = {}
        if chat.kind != "private":
            text = f"{NAMED} {text}"
            mention = {"type": "mention", "offset": 0, "length": len(NAMED)}
            extra = {"entities" if file is None else "caption_entities": [mention]}
        if file is None:
            shown = world.say(chat, text, person=author, extra=extra)
        else:
            shown = world.send_file(chat, *file, caption=text, person=author, extra=extra)
        return Asked(place=place, conversation=str(chat.id), message=shown)

    def shown(self, asked: Asked) -> list[Shown]:
        """See Side. The tags of rich messages are left out, and signs in them are as people see."""
        return [
            Shown(id=s.id, text=_read(s.message), buttons=s.buttons, message=s.message)
            for s in super().shown(asked)
            if s.message.id > asked.message.id
        ]

    async def press(self, shown: Shown, label: str) -> None:
        """See Side."""
        self._press(shown, shown.message.buttons[label])

    def _press(self, shown: Shown, data: str) -> None:
        author = self._author(self._server.world.chats[shown.message.chat])
        self._presses.add(self._server.world.forge(shown.message, data, person=author))

    async def edit(self, asked: Asked, text: str) -> None:
        """See Somebody."""
        chat = self.chat(asked.place)
        world = self._server.world
        if chat.kind != "private":
            asked.message.entities = [{"type": "mention", "offset": 0, "length": len(NAMED)}]
            text = f"{NAMED} {text}"
        world.edit(chat, asked.message, text)

    async def delete(self, asked: Asked) -> None:
        """See Somebody."""
        raise NotImplementedError("Telegram tells no bot of deletions")

    async def reply(self, shown: Shown, text: str) -> None:
        """See Somebody."""
        chat = self._server.world.chats[shown.message.chat]
        author = self._author(chat)
        self._server.world.say(chat, text, person=author, reply_to=shown.message.id)

    async def fill(self, shown: Shown, label: str, text: str) -> None:
        """See Somebody."""
        asks = await self._under(shown, label)
        # No person replies before the bot has heard which number its question got.
        await self._command(self._server.world.chats[shown.message.chat], "jobs")
        await self.reply(asks, text)

    async def details(self, shown: Shown) -> str:
        """See Somebody."""
        return (await self._under(shown, "Details")).text

    async def _under(self, shown: Shown, label: str) -> Shown:
        """The message that a press brings, which answers the one that has the button."""
        chat = self._server.world.chats[shown.message.chat]
        before = set(chat.messages)

        def under() -> list[Any]:
            own = [one for one in chat.said() if one.id not in before]
            return [one for one in own if one.reply_to == shown.message.id]

        await self.press(shown, label)
        await self.until(under)
        found = under()[0]
        return Shown(id=str(found.id), text=_read(found), buttons=(), message=found)

    async def native(self, asked: Asked, command: str) -> str:
        """See Somebody. In a group a command needs no mention."""
        return await self._command(self.chat(asked.place), command)

    async def _command(self, chat: Chat, command: str) -> str:
        said = len(chat.said())
        entity = {"type": "bot_command", "offset": 0, "length": len(command) + 1}
        self._server.world.say(
            chat, f"/{command}", person=self._author(chat), extra={"entities": [entity]}
        )
        await self.until(lambda: len(chat.said()) > said)
        return "\n".join(map(_read, chat.said()[said:]))

    async def again(self, asked: Asked) -> None:
        """See Somebody. The number of the update is another: only the message is the same."""
        world = self._server.world
        payload = world.payload(asked.message)
        if self.chat(asked.place).kind != "private":
            payload["entities"] = [{"type": "mention", "offset": 0, "length": len(NAMED)}]
        self._server.updates.push({"message": payload})

    async def forge(self, asked: Asked, shown: Shown, action: str) -> None:
        """See Somebody."""
        self._press(shown, action)

    async def submit(self, asked: Asked, shown: Shown, action: str, text: str) -> None:
        """See Somebody. A form is a reply here: to what the press brings, or to the card itself."""
        self._press(shown, f"?{action}")
        await self.reply(shown, text)

    async def as_machine(self, text: str, place: int) -> None:
        """Have another bot write, naming this one."""
        chat = self.chat(place)
        other = {"id": 99, "is_bot": True, "first_name": "Other", "username": "OtherBot"}
        mention = {"type": "mention", "offset": 0, "length": len(NAMED)}
        extra = {"from": other, "entities": [mention]}
        self._server.world.say(chat, f"{NAMED} {text}", person=99, extra=extra)

    def action(self, shown: Shown, label: str) -> str:
        """See Somebody."""
        buttons: dict[str, str] = shown.message.buttons
        return next(action for name, action in buttons.items() if label in name)

    def growing(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        drafts = [text for _, text in self.chat(asked.place).drafts]
        own = [past for s in self.shown(asked) for past in (*s.message.history, s.text)]
        return [*drafts, *own]

    def notified(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        author = str(self._author(self.chat(asked.place)))
        whom = {who for shown in self.shown(asked) for who in shown.message.notified}
        return {self.me if who == author else who for who in whom}

    def heard_privately(self) -> Collection[str]:
        """See Somebody."""
        own = self._server.world.chat(self._person)
        calls = self._server.world.open_callbacks
        answers = [calls[query] for query in self._presses]
        return [*map(_read, own.said()), *(a["text"] for a in answers if a and a.get("text"))]


def _read(message: Any) -> str:
    if not message.rich:
        return str(message.text)
    lines = re.sub(r"<br ?/?>|</(p|tr|li|pre)>", "\n", message.rich)
    return html.unescape(re.sub(r"<[^>]+>", "", lines))
