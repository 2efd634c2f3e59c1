from collections.abc import Callable

import pytest

from bot.watched_model import WatchedModel
from core.errors import ModelError, ModelRefused, ModelUnreachable
from core.model.chat import ModelReply, ModelRequest, Usage

REQUEST = ModelRequest(model="m", messages=(), tools=(), max_completion_tokens=1)


class Answers:
    """A model with one answer."""

    def __init__(self, answer: ModelReply | ModelError) -> None:
        self.answer = answer

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        if isinstance(self.answer, ModelError):
            raise self.answer
        return self.answer


async def test_answers_and_failures_are_counted_and_the_last_word_on_the_server_is_kept() -> None:
    usage = Usage(prompt=7, completion=3)
    inner = Answers(ModelReply(text="", tool_calls=(), usage=usage, finish="stop"))
    model = WatchedModel(inner, clock=lambda: 5.0)
    assert await model.complete(REQUEST) is inner.answer
    figures = model.figures
    assert (figures.calls, figures.prompt, figures.completion, figures.reached) == (1, 7, 3, 5.0)
    inner.answer = ModelUnreachable("nobody home")
    with pytest.raises(ModelUnreachable):
        await model.complete(REQUEST)
    assert figures.unreachable == "nobody home"
    inner.answer = ModelRefused("no")
    with pytest.raises(ModelRefused):
        await model.complete(REQUEST)
    # A refusal is an answer: the server is there.
    assert figures.unreachable == ""
    assert figures.failed == {"unreachable": 1, "refused": 1}
    assert (figures.calls, figures.under_way) == (3, 0)
