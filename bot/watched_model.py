"""A model whose calls are counted, and when it was reached last. Changes nothing of them."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import ModelError, ModelRefused, ModelUnreachable
from core.model.chat import ModelReply, ModelRequest
from core.model.openai_client import OpenAIModel
from core.ports import Model

FAILURES = ("unreachable", "refused", "other")


@dataclass(slots=True, kw_only=True)
class ModelFigures:
    """What was counted since the start; seconds and tokens are sums."""

    calls: int = 0
    seconds: float = 0.0
    prompt: int = 0
    completion: int = 0
    under_way: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    reached: float | None = None
    unreachable: str = ""
    """Why the newest call that ended got no answer; "" if it got one."""


class WatchedModel:
    """Implements core.ports.Model over another."""

    def __init__(self, model: Model, clock: Callable[[], float] = time.time) -> None:
        self._model = model
        self._clock = clock
        self.figures = ModelFigures()

    async def warm(self) -> None:
        """Let a model that takes long to load be loaded before its first call."""
        if isinstance(self._model, OpenAIModel):
            await self._model.warm()

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """See the port."""
        figures, begun = self.figures, time.monotonic()
        figures.calls += 1
        figures.under_way += 1
        try:
            reply = await self._model.complete(request, on_text)
        except ModelUnreachable as error:
            figures.failed["unreachable"] += 1
            figures.unreachable = str(error)
            raise
        except ModelError as error:
            figures.failed["refused" if isinstance(error, ModelRefused) else "other"] += 1
            self._reached()
            raise
        else:
            self._reached()
            if reply.usage is not None:
                figures.prompt += reply.usage.prompt
                figures.completion += reply.usage.completion
            return reply
        finally:
            figures.under_way -= 1
            figures.seconds += time.monotonic() - begun

    def _reached(self) -> None:
        self.figures.reached = self._clock()
        self.figures.unreachable = ""
