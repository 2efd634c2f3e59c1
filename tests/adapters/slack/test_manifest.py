"""The manifest that people are given has all that the adapter uses."""

import json
from pathlib import Path
from typing import Any

from adapters.slack import limits

DOCS = Path(__file__).parents[3] / "docs"
MANIFEST: dict[str, Any] = json.loads((DOCS / "slack-manifest.json").read_text("utf-8"))
SCOPES = {
    "chat": "chat:write",
    "reactions": "reactions:write",
    "agents": "assistant:write",
    "conversations": "channels:history",
    "users": "users:read",
    "views": "commands",
    "files": "files:write",
}


def test_every_method_that_is_called_has_its_scope() -> None:
    granted = set(MANIFEST["oauth_config"]["scopes"]["bot"])
    used = {SCOPES[method.split(".", maxsplit=1)[0]] for method in limits._PER_MINUTE}
    assert used | {"files:read", "app_mentions:read", "metadata.message:read"} <= granted
    assert {f"{kind}:history" for kind in ("channels", "groups", "im", "mpim")} <= granted


def test_every_event_that_is_listened_to_is_subscribed() -> None:
    events = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    kinds = {f"message.{kind}" for kind in ("channels", "groups", "im", "mpim")}
    assert events == kinds | {"app_mention", "agent_session_stopped"}
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True
    assert "agent_view" in MANIFEST["features"]
