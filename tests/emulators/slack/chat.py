"""chat.* of the Web API: posting, updating, deleting, streaming."""

from typing import Any

from tests.emulators.slack.blocks import (
    Refusal,
    check_blocks,
    check_message,
    check_metadata,
    need,
    units,
)
from tests.emulators.slack.calls import Call, channel_of, own_message
from tests.emulators.slack.workspace import Channel, SlackMessage, Workspace


def post_message(workspace: Workspace, call: Call) -> dict[str, Any]:
    channel = channel_of(workspace, call)
    message = _message(workspace, channel, call)
    workspace.put(message)
    return {"channel": channel.id, "ts": message.ts, "message": {"text": message.text}}


def post_ephemeral(workspace: Workspace, call: Call) -> dict[str, Any]:
    channel = channel_of(workspace, call)
    need(call.text("user") in channel.members, "user_not_in_channel")
    message = _message(workspace, channel, call)
    message.only_for = call.text("user")
    workspace.put(message)
    return {"message_ts": message.ts}


def _message(workspace: Workspace, channel: Channel, call: Call) -> SlackMessage:
    blocks, metadata = call.data("blocks") or [], call.data("metadata")
    check_message(call.text("text"), blocks)
    check_metadata(metadata)
    root = call.text("thread_ts") or None
    return SlackMessage(
        ts=workspace.ts(),
        channel=channel.id,
        user=workspace.bot_user,
        text=call.text("text"),
        bot=True,
        blocks=blocks,
        thread_ts=_root(channel, root),
        metadata=metadata,
        unfurls=call.arguments.get("unfurl_links") is not False,
    )


def _root(channel: Channel, root: str | None) -> str | None:
    if root is None:
        return None
    found = channel.messages.get(root)
    # The real one takes any ts that looks like one and hangs the reply on nothing.
    need(found is not None, "thread_not_found")
    assert found is not None
    return found.thread_ts or root


def update(workspace: Workspace, call: Call) -> dict[str, Any]:
    message = own_message(workspace, call)
    need(not message.streaming, "streaming_state_conflict")
    blocks, metadata = call.data("blocks") or [], call.data("metadata")
    check_message(call.text("text"), blocks)
    check_metadata(metadata)
    message.past.append(message.shown)
    message.text, message.blocks, message.streamed = call.text("text"), blocks, ""
    message.metadata = metadata if metadata is not None else message.metadata
    message.edits += 1
    return {"channel": message.channel, "ts": message.ts, "text": message.text}


def delete(workspace: Workspace, call: Call) -> dict[str, Any]:
    message = own_message(workspace, call)
    message.deleted = True
    return {"channel": message.channel, "ts": message.ts}


def start_stream(workspace: Workspace, call: Call) -> dict[str, Any]:
    channel = channel_of(workspace, call)
    need(call.text("thread_ts"), "invalid_arguments", "thread_ts")
    if channel.kind != "im":
        need(call.text("recipient_user_id") in workspace.users, "missing_recipient_user_id")
        need(call.text("recipient_team_id") == workspace.team, "missing_recipient_team_id")
    message = SlackMessage(
        ts=workspace.ts(),
        channel=channel.id,
        user=workspace.bot_user,
        text="",
        bot=True,
        thread_ts=_root(channel, call.text("thread_ts")),
        streaming=True,
        streamed=_chunks(call),
    )
    workspace.put(message)
    if workspace.agent and message.thread_ts:
        workspace.sessions[channel.id, message.thread_ts].append("processing")
    return {"channel": channel.id, "ts": message.ts}


def append_stream(workspace: Workspace, call: Call) -> dict[str, Any]:
    message = own_message(workspace, call)
    need(message.streaming, "message_not_in_streaming_state")
    piece = _chunks(call)
    need(piece, "invalid_arguments", "nothing to append")
    need(units(message.streamed + piece) <= 12_000, "msg_too_long")
    message.past.append(message.shown)
    message.streamed += piece
    workspace.notify(message)
    return {"channel": message.channel, "ts": message.ts}


def stop_stream(workspace: Workspace, call: Call) -> dict[str, Any]:
    message = own_message(workspace, call)
    need(message.streaming, "message_not_in_streaming_state")
    blocks, metadata = call.data("blocks") or [], call.data("metadata")
    check_blocks(blocks)
    check_metadata(metadata)
    need(units(message.streamed + _chunks(call)) <= 12_000, "msg_too_long")
    message.streamed += _chunks(call)
    message.streaming, message.blocks, message.metadata = False, blocks, metadata
    workspace.notify(message)
    return {"channel": message.channel, "ts": message.ts}


def _chunks(call: Call) -> str:
    text = call.text("markdown_text")
    chunks = call.data("chunks") or []
    need(not (text and chunks), "invalid_arguments", "both markdown_text and chunks")
    for chunk in chunks:
        if chunk.get("type") != "markdown_text":
            raise Refusal("invalid_chunks")
        text += chunk["text"]
    need(units(text) <= 12_000, "msg_too_long")
    return text
