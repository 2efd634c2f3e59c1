"""A client before an emulated server, and one call of it. Asserts nothing of what comes back."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from core.errors import ModelError
from core.model.chat import ModelReply
from core.model.openai_client import OpenAIModel
from tests.core.model.chats import TOOL, asking
from tests.emulators.model import ModelServer, Received, Reply

KEY = "sk-very-secret-0123456789"
Script = Callable[[Received], Reply] | Sequence[Reply]


def ignore(_: str) -> None:
    """Take a stream's text."""


@asynccontextmanager
async def serving(
    script: Script, *, timeout_s: float = 20.0, key: str | None = KEY
) -> AsyncIterator[tuple[ModelServer, OpenAIModel]]:
    async with ModelServer(script) as server:
        model = OpenAIModel(
            base_url=server.base_url, key=key, key_env="MY_KEY", timeout_s=timeout_s
        )
        try:
            yield server, model
        finally:
            await model.close()


async def answered(reply: Reply, *, stream: bool) -> ModelReply:
    async with serving([reply]) as (_, model):
        return await model.complete(asking("hi", tools=[TOOL]), ignore if stream else None)


async def refused(reply: Reply, *, stream: bool = False, timeout_s: float = 20.0) -> ModelError:
    async with serving([reply], timeout_s=timeout_s) as (_, model):
        with pytest.raises(ModelError) as caught:
            await model.complete(asking("hi"), ignore if stream else None)
        return caught.value
