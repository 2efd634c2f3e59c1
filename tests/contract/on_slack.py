"""A person in Slack, by either way of events."""

from collections.abc import Collection
from itertools import count
from typing import Any

from adapters.slack.forms import form
from core.messages import ChannelRef, ThreadRef
from tests.emulators.slack import Human, SlackServer
from tests.emulators.slack.workspace import words
from tests.harness.people import Asked, OnSlack, Shown

_forged = count(1)


class InSlack(OnSlack):
    """One of the workspace's people; a question is a mention of the bot in a channel."""

    def __init__(self, server: SlackServer, user: str = "U0ANNA", *, socket: bool = True) -> None:
        super().__init__(server)
        self.me = user
        self._anna = self._human = Human(server, user)
        self._socket = socket

    async def connected(self) -> None:
        """See Side."""
        if self._socket:
            await super().connected()

    def seen(self, asked: Asked) -> bool:
        """See Side. A bot that may not react for now still shows that it works."""
        session = (asked.message.channel, asked.conversation)
        return super().seen(asked) or "processing" in self._server.workspace.sessions[session]

    async def edit(self, asked: Asked, text: str) -> None:
        """See Somebody."""
        await self._human.edit(asked.message, f"<@{self._server.workspace.bot_user}> {text}")

    async def delete(self, asked: Asked) -> None:
        """See Somebody."""
        await self._human.delete(asked.message)

    async def reply(self, shown: Shown, text: str) -> None:
        """See Somebody."""
        raise NotImplementedError("Slack knows threads, and no replies to a message")

    async def fill(self, shown: Shown, label: str, text: str) -> None:
        """See Somebody."""
        view = await self._view(shown, label)
        await self._human.submit(view, text)

    async def details(self, shown: Shown) -> str:
        """See Somebody."""
        view = await self._view(shown, "Details")
        return "\n".join(words(block) for block in view["blocks"])

    async def _view(self, shown: Shown, label: str) -> Any:
        views = self._server.workspace.views
        payload = self._human.press_payload(shown.message, shown.message.buttons[label])
        await self._human.press_raw(payload)
        trigger = payload["trigger_id"]
        await self.until(lambda: any(view["trigger"] == trigger for view in views))
        return next(view for view in views if view["trigger"] == trigger)

    async def native(self, asked: Asked, command: str) -> str:
        """See Somebody."""
        channel = self._server.workspace.channels[asked.message.channel]

        def told() -> list[str]:
            return [m.shown for m in channel.messages.values() if m.bot and m.ts not in before]

        before = set(channel.messages)
        await self._human.command(command, channel.id)
        await self.until(told)
        return "\n".join(told())

    async def again(self, asked: Asked) -> None:
        """See Somebody."""
        await self._human.send(self._human.event_of(asked.message))

    async def forge(self, asked: Asked, shown: Shown, action: str) -> None:
        """See Somebody."""
        await self._human.press_raw(self._human.press_payload(shown.message, action))

    async def submit(self, asked: Asked, shown: Shown, action: str, text: str) -> None:
        """See Somebody."""
        channel = ChannelRef(platform="slack", workspace="", channel=shown.message.channel)
        where = ThreadRef(channel=channel, thread=asked.conversation)
        view = {**form("", action, where), "id": f"V0FORGED{next(_forged)}"}
        await self._human.submit(view, text)

    async def as_machine(self, text: str, place: int, extra: dict[str, Any]) -> None:
        """Have an app of somebody else write, with a mention of the bot."""
        asked = f"<@{self._server.workspace.bot_user}> {text}"
        message = self._human.write(asked, f"C0T{place}")
        event = self._human.event_of(message) | extra
        await self._human.send(event)
        await self._human.send(event | {"type": "app_mention"})

    def action(self, shown: Shown, label: str) -> str:
        """See Somebody."""
        return _labelled(shown.message.buttons, label)

    def growing(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        return [past for shown in self.shown(asked) for past in (*shown.message.past, shown.text)]

    def notified(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        mine = {shown.id for shown in self.shown(asked)}
        return {hit.lstrip("@") for hit, ts in self._server.workspace.notified if ts in mine}

    def heard_privately(self) -> Collection[str]:
        """See Somebody."""
        return [hint.shown for hint in self._server.workspace.hints(self.me)]


def _labelled(buttons: dict[str, str], label: str) -> str:
    return next(action for name, action in buttons.items() if label in name)
