"""One call of the Web API as it came, and who may make it. Knows no method."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.emulators.slack.blocks import Refusal, need
from tests.emulators.slack.workspace import Channel, SlackMessage, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A method's arguments, by name."""

    method: str
    arguments: dict[str, Any]
    token: str

    def text(self, name: str) -> str:
        """A text, or "" without it."""
        value = self.arguments.get(name, "")
        need(isinstance(value, str | int | float), "invalid_arguments", name)
        return str(value)

    def flag(self, name: str) -> bool:
        """A truth value."""
        return str(self.arguments.get(name, "")).lower() in ("1", "true")

    def data(self, name: str) -> Any:
        """What is JSON within a form as well."""
        value = self.arguments.get(name)
        return json.loads(value) if isinstance(value, str) else value


async def read(request: web.Request) -> Call:
    """The call in a request, from its query, form or JSON."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json()
        need(isinstance(body, dict), "invalid_json")
        arguments |= body
    elif request.can_read_body:
        arguments |= dict((await request.post()).items())
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return Call(
        method=request.match_info["method"],
        arguments=arguments,
        token=token or str(arguments.get("token", "")),
    )


def channel_of(workspace: Workspace, call: Call, name: str = "channel") -> Channel:
    """The channel that is named, where the bot may write."""
    named = call.text(name)
    if call.method == "chat.postMessage" and named in workspace.users:
        named = f"D{named[1:]}"  # a person is what they and the bot write directly
    channel = workspace.channels.get(named)
    if channel is None:
        raise Refusal("channel_not_found")
    need(not channel.archived, "is_archived")
    need(workspace.bot_user in channel.members, "not_in_channel")
    return channel


def own_message(workspace: Workspace, call: Call) -> SlackMessage:
    """The bot's own message that is named by `ts`."""
    message = channel_of(workspace, call).messages.get(call.text("ts"))
    if message is None or message.deleted:
        raise Refusal("message_not_found")
    need(message.bot and message.only_for is None, "cant_update_message")
    return message
