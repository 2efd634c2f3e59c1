"""Buttons, forms and slash commands on the emulated Discord: what people do, what comes back."""

import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.emulators.discord import refusals
from tests.emulators.discord.gateway import Gateway
from tests.emulators.discord.messages import Messages, read_body
from tests.emulators.discord.refusals import Refused, unknown
from tests.emulators.discord.world import Channel, Payload, Posted, User, World, snowflake

COMMAND, PRESS, COMPLETE, FORM = 2, 3, 4, 5
PONG, MESSAGE, LATER, QUIETLY, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
EPHEMERAL = 1 << 6
DEADLINE_S, TOKEN_S = 3.0, 900.0


@dataclass(slots=True, eq=False)
class Interaction:
    """One thing that a person did, and what came of it."""

    kind: int
    user: User
    channel: Channel
    data: Payload
    message: Posted | None = None
    id: str = field(default_factory=snowflake)
    token: str = field(default_factory=lambda: f"tok{snowflake()}")
    at: float = field(default_factory=time.monotonic)
    response: Payload | None = None
    response_after: float = 0.0
    original: Posted | None = None
    private: list[Posted] = field(default_factory=list)

    @property
    def type(self) -> int | None:
        """What kind of response came; None: none (people see that it failed)."""
        return None if self.response is None else int(self.response["type"])


class Interactions:
    """Open interactions by id; `commands` are the registered ones."""

    def __init__(self, world: World, gateway: Gateway, messages: Messages) -> None:
        self.world = world
        self.gateway = gateway
        self.messages = messages
        self.open: dict[str, Interaction] = {}
        self.commands: list[Payload] = []
        self.puts = 0
        self.ages: dict[str, float] = {}

    async def press(self, user: User, message: Posted, button: str) -> Interaction:
        """A person presses a button, named by its label or its custom id."""
        custom = message.buttons.get(button, button)
        data = {"custom_id": custom, "component_type": 2, "id": 1}
        return await self.begin(Interaction(PRESS, user, message.channel, data, message))

    async def submit(self, user: User, opened: Interaction, text: str) -> Interaction:
        """A person fills in the form that an interaction opened."""
        assert opened.type == MODAL, opened.response
        form = (opened.response or {})["data"]
        rows = [
            {
                "type": 18, "id": 1,
                "component": {
                    "type": 4, "id": 2, "custom_id": row["component"]["custom_id"], "value": text
                },
            }
            for row in form["components"]
        ]  # fmt: skip
        data = {"custom_id": form["custom_id"], "components": rows}
        return await self.begin(Interaction(FORM, user, opened.channel, data, opened.message))

    async def command(
        self, user: User, channel: Channel, name: str, **options: str | int
    ) -> Interaction:
        """A person uses a slash command; it has to be registered, with such options."""
        return await self.begin(
            Interaction(COMMAND, user, channel, self._command(name, options, None))
        )

    async def complete(
        self, user: User, channel: Channel, name: str, option: str, typed: str
    ) -> Interaction:
        """A person types into an option that completes."""
        data = self._command(name, {option: typed}, option)
        return await self.begin(Interaction(COMPLETE, user, channel, data))

    def _command(self, name: str, options: dict[str, Any], focused: str | None) -> Payload:
        known = next(one for one in self.commands if one["name"] == name)
        takes = {option["name"]: option for option in known.get("options", [])}
        assert set(options) <= set(takes), f"/{name} takes {sorted(takes)}"
        given = [
            {"name": key, "type": takes[key]["type"], "value": value}
            | ({"focused": True} if key == focused else {})
            for key, value in options.items()
        ]
        return {"id": known["id"], "name": name, "type": 1, "options": given}

    async def begin(self, made: Interaction) -> Interaction:
        """Tell the bot, and wait as long as a person's client waits."""
        self.open[made.id] = made
        payload: Payload = {
            "id": made.id, "application_id": self.world.me.id, "type": made.kind,
            "token": made.token, "version": 1, "data": made.data, "channel_id": made.channel.id,
            "channel": made.channel.payload(self.world.me.id), "locale": "en-US",
            "entitlements": [], "authorizing_integration_owners": {}, "context": 0,
            "app_permissions": "0",
        }  # fmt: skip
        if made.channel.guild is not None:
            payload["guild_id"] = made.channel.guild
            payload["member"] = made.user.member() | {"user": made.user.payload()}
        else:
            payload["user"] = made.user.payload()
        if made.message is not None:
            payload["message"] = made.message.payload(self.world.users)
        await self.gateway.dispatch("INTERACTION_CREATE", payload, made.channel.guild)
        return made

    async def answered(self, made: Interaction) -> Interaction:
        """Return when the bot has responded."""
        await self.messages.until(lambda: made.response is not None)
        return made

    async def unanswered(self, made: Interaction, seconds: float = 0.3) -> bool:
        """Whether nothing came for so long."""
        try:
            await self.messages.until(lambda: made.response is not None, seconds)
        except TimeoutError:
            return True
        return False

    async def callback(self, request: web.Request) -> None:
        found = self.open.get(request.match_info["interaction"])
        if found is None or found.token != request.match_info["token"]:
            raise unknown(10062, "interaction")
        if time.monotonic() - found.at > DEADLINE_S:
            raise unknown(10062, "interaction")
        if found.response is not None:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        body, files = await read_body(request)
        data = body.get("data") or {}
        if files and self.messages.lacks(found.channel, "files"):
            raise Refused(403, 50013, "Missing Permissions")
        match body.get("type"), found.kind:
            case (8, 4):
                refusals.choices(data)
            case (9, 2 | 3):
                refusals.modal(data)
            case (4, 2 | 3 | 5):
                refusals.message(data, files)
            case (5, 2 | 3 | 5) | (6, 3 | 5):
                pass
            case _:
                raise refusals.bad("type", "not a response to this")
        found.response = body
        found.response_after = time.monotonic() - found.at
        if body["type"] == MESSAGE:
            await self._say(found, data, files)
        await self.messages.changed()

    async def _say(self, made: Interaction, data: Payload, files: dict[str, bytes]) -> Posted:
        message = Posted(made.channel, self.world.me, data.get("content") or "")
        message.webhook = self.world.me.id
        self.messages.fill(message, data, files)
        flags = ((made.response or {}).get("data") or {}).get("flags", 0)
        if made.original is None:
            made.original = message
        else:
            flags = data.get("flags", 0)
        if flags & EPHEMERAL:
            made.private.append(message)
            await self.messages.changed()
        else:
            await self.messages.post(message)
        return message

    def _by_token(self, request: web.Request) -> Interaction:
        for made in self.open.values():
            if made.token == request.match_info["token"]:
                age = self.ages.get(made.id, time.monotonic() - made.at)
                if age > TOKEN_S:
                    raise Refused(401, 50027, "Invalid Webhook Token")
                if made.response is None:
                    raise unknown(10015, "Webhook")
                return made
        raise unknown(10015, "Webhook")

    async def edit_original(self, request: web.Request) -> Payload:
        body, files = await read_body(request)
        made = self._by_token(request)
        refusals.message(body, files, edit=True)
        if made.original is None:
            return (await self._say(made, body, files)).payload(self.world.users)
        await self.messages.change(made.original, body)
        return made.original.payload(self.world.users)

    async def follow_up(self, request: web.Request) -> Payload:
        body, files = await read_body(request)
        made = self._by_token(request)
        refusals.message(body, files)
        if made.original is None:
            made.original = Posted(made.channel, self.world.me, "")
        return (await self._say(made, body, files)).payload(self.world.users)

    async def registered(self, request: web.Request) -> list[Payload]:
        return self.commands

    async def register(self, request: web.Request) -> list[Payload]:
        body = await request.json()
        refusals.commands(body)
        self.puts += 1
        self.commands = [
            {
                "id": snowflake(), "application_id": self.world.me.id, "version": "1",
                "type": 1, "nsfw": False, "name_localizations": None,
                "default_member_permissions": None, **command,
            }
            for command in body
        ]  # fmt: skip
        await self.messages.changed()
        return self.commands
