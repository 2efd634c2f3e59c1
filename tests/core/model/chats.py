"""Requests and accounts to test with. No assertions."""

from collections.abc import Sequence

from core.messages import ChannelRef
from core.model.account import Account
from core.model.amounts import Limit
from core.model.chat import ChatMessage, ModelRequest, ToolSpec

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
TOOL = ToolSpec(name="look", description="Look.", parameters={"type": "object", "properties": {}})


def asking(
    *texts: str, tools: Sequence[ToolSpec] = (), most: int = 100, model: str = "tiny"
) -> ModelRequest:
    """A request with one message of the person for each text."""
    messages = tuple(ChatMessage(role="user", text=text) for text in texts)
    return ModelRequest(
        model=model, messages=messages, tools=tuple(tools), max_completion_tokens=most
    )


def account(
    work: str = "job:1", *, budget: int | None = None, person: str = "ann", channel: str = "general"
) -> Account:
    """Whose money."""
    place = ChannelRef(platform="web", workspace="local", channel=channel)
    return Account(channel=place, person_id=person, work=work, budget=Limit(tokens=budget))
