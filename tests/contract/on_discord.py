"""A person in a Discord server."""

from collections.abc import Collection

from adapters.discord.rendering import custom_id
from tests.emulators.discord.interactions import FORM, Interaction
from tests.emulators.discord.server import DiscordServer
from tests.emulators.discord.world import Channel, User
from tests.harness.people import Asked, OnDiscord, Shown, _words


class InDiscord(OnDiscord):
    """One of the server's people; a question is a mention, and the bot opens a thread on it."""

    def __init__(self, server: DiscordServer, user: User, channels: dict[int, Channel]) -> None:
        super().__init__(server)
        self.me = user.id
        self._anna = self._user = user
        self._channels = channels
        self._private: list[Interaction] = []

    async def edit(self, asked: Asked, text: str) -> None:
        """See Somebody."""
        mention = f"<@{self._server.world.me.id}> {text}"
        await self._server.change(asked.message, mention)

    async def delete(self, asked: Asked) -> None:
        """See Somebody."""
        await self._server.messages.remove(asked.message)

    async def reply(self, shown: Shown, text: str) -> None:
        """See Somebody."""
        message = shown.message
        await self._server.say(self._user, message.channel, text, answers=message)

    async def press(self, shown: Shown, label: str) -> None:
        """See Side."""
        await self._pressed(shown, shown.message.buttons[label])

    async def fill(self, shown: Shown, label: str, text: str) -> None:
        """See Somebody."""
        opened = await self._pressed(shown, shown.message.buttons[label])
        await self._server.interactions.answered(opened)
        made = await self._server.interactions.submit(self._user, opened, text)
        await self._server.interactions.answered(made)

    async def details(self, shown: Shown) -> str:
        """See Somebody."""
        opened = await self._pressed(shown, shown.message.buttons["Details"])
        await self.until(lambda: opened.private)
        return _words(opened.private[-1])

    async def native(self, asked: Asked, command: str) -> str:
        """See Somebody."""
        interactions, channel = self._server.interactions, asked.message.channel

        def told() -> list[str]:
            here = [_words(m) for m in channel.messages.values() if m.id not in before]
            return [*here, *map(_words, made.private)]

        await self.until(lambda: interactions.commands)
        before = set(channel.messages)
        made = await interactions.command(self._user, channel, command)
        self._private.append(made)
        await self.until(lambda: any(told()))
        return "\n".join(told())

    async def again(self, asked: Asked) -> None:
        """See Somebody."""
        await self._server.again(asked.message)

    async def forge(self, asked: Asked, shown: Shown, action: str) -> None:
        """See Somebody. `action` is a button's id as it stands there, or what it would do."""
        made = action if action.startswith("thaw:") else custom_id(action, asks=False)
        await self._pressed(shown, made)

    async def submit(self, asked: Asked, shown: Shown, action: str, text: str) -> None:
        """See Somebody."""
        field = {"type": 18, "component": {"type": 4, "custom_id": "words", "value": text}}
        data = {"custom_id": custom_id(action, asks=True), "components": [field]}
        made = Interaction(FORM, self._user, shown.message.channel, data, shown.message)
        self._private.append(await self._server.interactions.begin(made))

    async def _pressed(self, shown: Shown, action: str) -> Interaction:
        made = await self._server.interactions.press(self._user, shown.message, action)
        self._private.append(made)
        return made

    def action(self, shown: Shown, label: str) -> str:
        """See Somebody."""
        buttons: dict[str, str] = shown.message.buttons
        return next(action for name, action in buttons.items() if label in name)

    def growing(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        shown = self.shown(asked)
        return [past for s in shown for past in (*s.message.history, s.message.content)]

    def notified(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        return {who for shown in self.shown(asked) for who in shown.message.pinged}

    def heard_privately(self) -> Collection[str]:
        """See Somebody."""
        return [_words(message) for made in self._private for message in made.private]
