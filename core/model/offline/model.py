"""The offline model behind the port of a model. Deterministic; keeps nothing between calls."""

import asyncio
import json
import math
import re
from collections.abc import Callable, Iterable

from core.model.chat import ModelReply, ModelRequest, ToolCall, Usage
from core.model.offline.primary import answer
from core.model.offline.subagent import work
from core.model.offline.summary import is_wanted, sum_up
from core.model.offline.talk import Say
from core.model.wire import message_bytes, tools_bytes

# What a model's tokens come to on the average; an estimate, and the page says "offline".
BYTES_PER_TOKEN = 4


class OfflineModel:
    """Implements core.ports.Model. Which agent it plays it sees by the tools that are offered."""

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """Answer at once; with `on_text`, hand the text over in pieces. Raises nothing."""
        tools = frozenset(tool.name for tool in request.tools)
        works = "finish" in tools
        # Understanding a long text takes longer than others may be held up.
        if is_wanted(request.messages):
            say = await asyncio.to_thread(sum_up, request.messages)
        elif works:
            say = await asyncio.to_thread(work, request.messages, tools)
        else:
            say = await asyncio.to_thread(answer, request.messages)
        if on_text is not None:
            for piece in re.findall(r"\S+\s*|\s+", say.text):
                on_text(piece)
                # Others come to their turn between the pieces, as with a server.
                await asyncio.sleep(0)
        return _reply(request, say)


def _reply(request: ModelRequest, say: Say) -> ModelReply:
    before = sum(len(message.tool_calls) for message in request.messages)
    calls = tuple(
        ToolCall(
            id=f"offline-{number}",
            name=call.tool,
            arguments=json.dumps(call.arguments, ensure_ascii=False),
        )
        for number, call in enumerate(say.calls, start=before + 1)
    )
    said = (say.text.encode("utf-8", "replace"), *(call.arguments.encode() for call in calls))
    usage = Usage(prompt=_tokens(_sent(request)), completion=_tokens(map(len, said)))
    finish = "tool_calls" if calls else "stop"
    return ModelReply(text=say.text, tool_calls=calls, usage=usage, finish=finish, offline=True)


def _sent(request: ModelRequest) -> Iterable[int]:
    yield len(tools_bytes(request.tools))
    for message in request.messages:
        yield len(message_bytes(message))


def _tokens(sizes: Iterable[int]) -> int:
    return math.ceil(sum(sizes) / BYTES_PER_TOKEN)
