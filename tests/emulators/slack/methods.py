"""The other methods of the Web API, and all of them by name."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.emulators.slack import chat
from tests.emulators.slack.blocks import Refusal, check_view, need
from tests.emulators.slack.calls import Call, channel_of
from tests.emulators.slack.workspace import SlackFile, SlackMessage, Workspace

Method = Callable[[Workspace, Call], dict[str, Any]]


def auth_test(workspace: Workspace, call: Call) -> dict[str, Any]:
    return {
        "team_id": workspace.team,
        "team": "Thawing",
        "user_id": workspace.bot_user,
        "user": "thaw",
        "bot_id": workspace.bot_id,
    }


def users_info(workspace: Workspace, call: Call) -> dict[str, Any]:
    user = call.text("user")
    need(user in workspace.users, "user_not_found")
    name = workspace.users[user]
    return {"user": {"id": user, "name": name.lower(), "profile": {"display_name": name}}}


def set_status(workspace: Workspace, call: Call) -> dict[str, Any]:
    need(workspace.agent, "not_an_agent")
    channel = channel_of(workspace, call, "channel_id")
    root, status = call.text("thread_ts"), call.text("status")
    need(root in channel.messages, "thread_not_found")
    need(status in ("active", "processing", "suspended", "closed"), "invalid_arguments")
    workspace.sessions[channel.id, root].append(status)
    return {"status": status}


def add_reaction(workspace: Workspace, call: Call) -> dict[str, Any]:
    message = channel_of(workspace, call).messages.get(call.text("timestamp"))
    if message is None or message.deleted:
        raise Refusal("message_not_found")
    need(call.text("name") not in message.reactions, "already_reacted")
    message.reactions.add(call.text("name"))
    return {}


def replies(workspace: Workspace, call: Call) -> dict[str, Any]:
    channel = channel_of(workspace, call)
    root = channel.messages.get(call.text("ts"))
    found = channel.thread(call.text("ts"))
    if root is None or not found:
        raise Refusal("thread_not_found")
    return _page(workspace, call, [root, *found] if root.deleted else found)


def history(workspace: Workspace, call: Call) -> dict[str, Any]:
    return _page(workspace, call, channel_of(workspace, call).main[::-1])


def _page(workspace: Workspace, call: Call, found: list[SlackMessage]) -> dict[str, Any]:
    oldest = float(call.text("oldest") or 0)
    root = call.text("ts")
    found = [m for m in found if float(m.ts) >= oldest or m.ts == root]
    start, limit = int(call.text("cursor") or 0), int(call.text("limit") or 100)
    page, more = found[start : start + limit], len(found) > start + limit
    shown = [_shown(workspace, m, with_metadata=call.flag("include_all_metadata")) for m in page]
    cursor = {"next_cursor": str(start + limit) if more else ""}
    return {"messages": shown, "has_more": more, "response_metadata": cursor}


def _shown(workspace: Workspace, message: SlackMessage, *, with_metadata: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "message", "user": message.user, "ts": message.ts}
    shown["text"] = message.text
    if message.deleted:
        gone = {"subtype": "tombstone", "text": "This message was deleted.", "hidden": True}
        return shown | gone | {"user": "USLACKBOT", "thread_ts": message.ts}
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.edited}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.bot:
        shown |= {"bot_id": workspace.bot_id, "app_id": workspace.app_id}
    if message.files:
        shown["files"] = [{"id": file} for file in message.files]
    if with_metadata and message.metadata is not None:
        shown["metadata"] = message.metadata
    return shown


def open_view(workspace: Workspace, call: Call) -> dict[str, Any]:
    trigger, view = call.text("trigger_id"), call.data("view")
    need(trigger.startswith("trigger."), "invalid_trigger_id")
    need(trigger not in (one["trigger"] for one in workspace.views), "exchanged_trigger_id")
    check_view(view)
    opened = {**view, "id": f"V{len(workspace.views)}", "trigger": trigger}
    workspace.views.append(opened)
    return {"view": opened}


def upload_url(workspace: Workspace, call: Call) -> dict[str, Any]:
    need(call.text("filename") and int(call.text("length") or 0) > 0, "invalid_arguments")
    id = f"F{len(workspace.files):06d}"
    name = call.text("filename")
    workspace.files[id] = SlackFile(id=id, name=name, content=b"", user=workspace.bot_user)
    return {"upload_url": f"{call.arguments['root']}/upload/{id}", "file_id": id}


def complete_upload(workspace: Workspace, call: Call) -> dict[str, Any]:
    channel, root = call.text("channel_id"), call.text("thread_ts") or None
    target = workspace.channels.get(channel)
    need(target is not None and workspace.bot_user in target.members, "channel_not_found")
    files = call.data("files")
    need(files, "invalid_arguments")
    done = []
    for entry in files:
        file = workspace.files.get(entry["id"])
        if file is None or not file.content:
            raise Refusal("file_not_found")
        need(not file.complete, "file_already_completed")
        file.complete = True
        file.shared.append((channel, root))
        done.append({"id": file.id, "name": file.name})
    workspace.put(
        SlackMessage(
            ts=workspace.ts(), channel=channel, user=workspace.bot_user, bot=True,
            text=call.text("initial_comment"), thread_ts=root,
            files=tuple(entry["id"] for entry in files),
        )
    )  # fmt: skip
    return {"files": done}


def file_info(workspace: Workspace, call: Call) -> dict[str, Any]:
    file = workspace.files.get(call.text("file"))
    if file is None:
        raise Refusal("file_not_found")
    shares: dict[str, list[dict[str, str]]] = {}
    for channel, root in file.shared:
        shares.setdefault(channel, []).append({"ts": "1.0", "thread_ts": root or ""})
    return {"file": {**described(file, call.arguments["root"]), "shares": {"public": shares}}}


def described(file: SlackFile, root: str) -> dict[str, Any]:
    """A file as events and files.info show it."""
    url = f"{root}/files/{file.id}/{quote(file.name)}"
    return {
        "id": file.id,
        "name": file.name,
        "size": len(file.content),
        "mimetype": file.mimetype,
        "mode": "hosted",
        "is_external": False,
        "url_private": url,
        "url_private_download": url,
    }


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "users.info": users_info,
    "agents.sessions.setStatus": set_status,
    "reactions.add": add_reaction,
    "conversations.replies": replies,
    "conversations.history": history,
    "views.open": open_view,
    "files.getUploadURLExternal": upload_url,
    "files.completeUploadExternal": complete_upload,
    "files.info": file_info,
    "chat.postMessage": chat.post_message,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.update": chat.update,
    "chat.delete": chat.delete,
    "chat.startStream": chat.start_stream,
    "chat.appendStream": chat.append_stream,
    "chat.stopStream": chat.stop_stream,
}


def encoded(result: dict[str, Any]) -> str:
    """The answer as it goes out."""
    return json.dumps({"ok": True, **result})
