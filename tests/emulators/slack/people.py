"""What people do in Slack: talk, edit, press, type commands. Each act becomes the app's events."""

import itertools
import time
from typing import Any

from tests.emulators.slack.methods import described
from tests.emulators.slack.server import SlackServer
from tests.emulators.slack.workspace import SlackFile, SlackMessage

_ids = itertools.count(1)


class Human:
    """One person. Every method returns when the bot has acknowledged what was done."""

    def __init__(self, slack: SlackServer, user: str = "U0ANNA") -> None:
        self.slack = slack
        self.user = user

    async def say(
        self, text: str, channel: str = "C0GEN", thread: str | None = None,
        files: tuple[tuple[str, bytes], ...] = (), **changes: Any,
    ) -> SlackMessage:  # fmt: skip
        """Write a message; mentions of the bot fire two events, as they do."""
        message = self.write(text, channel, thread)
        event = self.event_of(message) | changes
        if files:
            event["files"] = [self._upload(name, content) for name, content in files]
            event["subtype"] = "file_share"
        await self.send(event)
        if f"<@{self.slack.workspace.bot_user}>" in text and message.channel[0] != "D":
            mention = {k: v for k, v in event.items() if k != "channel_type"}
            await self.send(mention | {"type": "app_mention"})
        return message

    async def ask(self, text: str, **where: Any) -> SlackMessage:
        """Mention the bot."""
        return await self.say(f"<@{self.slack.workspace.bot_user}> {text}", **where)

    def write(self, text: str, channel: str = "C0GEN", thread: str | None = None) -> SlackMessage:
        """Put a message into the channel without any event."""
        workspace = self.slack.workspace
        return workspace.put(
            SlackMessage(
                ts=workspace.ts(), channel=channel, user=self.user, text=text, thread_ts=thread
            )
        )

    def event_of(self, message: SlackMessage) -> dict[str, Any]:
        """The message event of a message."""
        kind = self.slack.workspace.channels[message.channel].kind
        event: dict[str, Any] = {
            "type": "message",
            "channel": message.channel,
            "channel_type": kind,
            "user": self.user,
            "team": self.slack.workspace.team,
            "text": message.text,
            "ts": message.ts,
            "event_ts": message.ts,
            "client_msg_id": f"client-{message.ts}",
        }
        return event | ({"thread_ts": message.thread_ts} if message.thread_ts else {})

    def envelope(self, event: dict[str, Any]) -> dict[str, Any]:
        """The Events API's outer payload."""
        workspace = self.slack.workspace
        return {
            "token": "verification",
            "team_id": workspace.team,
            "api_app_id": workspace.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{next(_ids):08d}",
            "event_time": int(time.time()),
            "authorizations": [
                {"team_id": workspace.team, "user_id": workspace.bot_user, "is_bot": True}
            ],
        }

    async def send(self, event: dict[str, Any]) -> None:
        """Have Slack deliver an event."""
        await self.slack.events.deliver("events_api", self.envelope(event))

    async def edit(self, message: SlackMessage, text: str) -> None:
        """Change one's message."""
        before = self.event_of(message)
        self.rewrite(message, text)
        edited = {"edited": {"user": self.user, "ts": message.edited}}
        await self._changed(message, "message_changed", before, self.event_of(message) | edited)

    def rewrite(self, message: SlackMessage, text: str) -> None:
        """Change one's message without any event."""
        message.past.append(message.text)
        message.text, message.edited = text, self.slack.workspace.ts()

    async def delete(self, message: SlackMessage) -> None:
        """Delete one's message."""
        message.deleted = True
        await self._changed(message, "message_deleted", self.event_of(message), None)

    async def _changed(
        self, message: SlackMessage, subtype: str, before: dict[str, Any],
        after: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        stamp = self.slack.workspace.ts()
        event: dict[str, Any] = {
            "type": "message", "subtype": subtype, "hidden": True, "ts": stamp,
            "event_ts": stamp, "channel": message.channel, "previous_message": before,
            "channel_type": self.slack.workspace.channels[message.channel].kind,
        }  # fmt: skip
        event |= {"message": after} if after else {"deleted_ts": message.ts}
        await self.send(event)

    def press_payload(self, message: SlackMessage, action: str) -> dict[str, Any]:
        """The payload of a press on a button."""
        workspace, stamp = self.slack.workspace, self.slack.workspace.ts()
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
        shown: dict[str, Any] = {"type": "message", "ts": message.ts, "bot_id": workspace.bot_id}
        if message.thread_ts:
            shown["thread_ts"] = container["thread_ts"] = message.thread_ts
        return {
            "type": "block_actions",
            "user": {"id": self.user, "name": self.user.lower(), "team_id": workspace.team},
            "api_app_id": workspace.app_id,
            "team": {"id": workspace.team, "domain": "thawing"},
            "channel": {"id": message.channel, "name": "general"},
            "container": container,
            "message": shown,
            "trigger_id": f"trigger.{next(_ids)}",
            "response_url": f"{self.slack.root}/response/{message.channel}/{self.user}",
            "actions": [_element(message, action) | {"block_id": "b", "action_ts": stamp}],
        }

    async def press(self, message: SlackMessage, label: str) -> None:
        """Press a button by its label."""
        payload = self.press_payload(message, message.buttons[label])
        await self.slack.events.deliver("interactive", payload)

    async def press_raw(self, payload: dict[str, Any]) -> Any:
        """Have Slack deliver any interaction."""
        return await self.slack.events.deliver("interactive", payload)

    async def submit(self, view: dict[str, Any], text: str) -> Any:
        """Fill the form's one field and send it."""
        workspace = self.slack.workspace
        field = next(block for block in view["blocks"] if block["type"] == "input")
        values = {field["block_id"]: {field["element"]["action_id"]: {"value": text}}}
        shown = {key: value for key, value in view.items() if key != "trigger"}
        payload = {
            "type": "view_submission",
            "team": {"id": workspace.team},
            "user": {"id": self.user, "name": self.user.lower(), "team_id": workspace.team},
            "api_app_id": workspace.app_id,
            "trigger_id": f"trigger.{next(_ids)}",
            "view": shown | {"state": {"values": values}, "app_id": workspace.app_id},
        }
        return await self.slack.events.deliver("interactive", payload)

    async def command(self, text: str, channel: str = "C0GEN") -> Any:
        """Type /thaw and a text."""
        workspace = self.slack.workspace
        payload = {
            "command": "/thaw",
            "text": text,
            "team_id": workspace.team,
            "channel_id": channel,
            "channel_name": "general",
            "user_id": self.user,
            "user_name": self.user.lower(),
            "api_app_id": workspace.app_id,
            "trigger_id": f"trigger.{next(_ids)}",
            "response_url": f"{self.slack.root}/response/{channel}/{self.user}",
        }
        return await self.slack.events.deliver("slash_commands", payload)

    async def stop(self, channel: str, thread: str) -> None:
        """Press Slack's own stop button on a session."""
        stamp = self.slack.workspace.ts()
        await self.send(
            {
                "type": "agent_session_stopped", "channel": channel, "thread_ts": thread,
                "user": self.user, "event_ts": stamp, "streaming_message_ts": [],
            }
        )  # fmt: skip

    def _upload(self, name: str, content: bytes) -> dict[str, Any]:
        file = SlackFile(id=f"FIN{next(_ids)}", name=name, content=content, user=self.user)
        self.slack.workspace.files[file.id] = file
        return described(file, self.slack.root)


def _element(message: SlackMessage, action: str) -> dict[str, Any]:
    """The button as a press brings it back; a forged one has only its id."""
    rows = (block["elements"] for block in message.blocks if block["type"] == "actions")
    found = (one for row in rows for one in row if one["action_id"] == action)
    return {"type": "button", **next(found, {"action_id": action})}
