"""A model server that speaks OpenAI's Chat Completions. One request per call: no retries here."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from core.errors import ModelError, ModelRefused, ModelUnreachable
from core.model.chat import ModelReply, ModelRequest
from core.model.dialect import Dialect, DialectLearned
from core.model.faults import Place, Refusal, error_of, not_a_model
from core.model.wire import Assembly, encode

if TYPE_CHECKING:
    from core.model.transport import Transport

# Encoding more than this takes milliseconds and leaves the event loop.
LARGE_REQUEST = 128 * 1024


class OpenAIModel:
    """Implements core.ports.Model. `key` is the API key, `key_env` the variable it came from.

    What the server turns out not to know is remembered (DialectLearned asks for another try).
    """

    def __init__(
        self, *, base_url: str, key: str | None, key_env: str, timeout_s: float = 120.0
    ) -> None:
        self._base_url = base_url
        self._key = key.strip() if key else None
        self._key_env = key_env
        self._timeout_s = timeout_s
        self._dialect = Dialect()
        self._opening: asyncio.Task[Transport] | None = None

    async def warm(self) -> None:
        """Load the library, so that the first call does not wait for it; the loop stays free."""
        await self._transport()

    async def close(self) -> None:
        """Close all connections. A later call opens them again."""
        opening, self._opening = self._opening, None
        if opening is not None:
            await (await opening).close()

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """Answer; with `on_text`, stream and hand over each further piece of text.

        Raises ModelUnreachable (DialectLearned: at once again), ModelRefused or ContextTooLong.
        """
        place = Place(
            base_url=self._base_url, model=request.model, key_env=self._key_env, secret=self._key
        )
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            text = f"The key in {self._key_env} has characters that no key has: check it."
            raise ModelRefused(text, free=True)
        transport, dialect, assembly = await self._transport(), self._dialect, Assembly()

        def take(chunk: Mapping[str, object]) -> None:
            text = assembly.add(chunk)
            if text and on_text is not None:
                on_text(text)

        body = await _encoded(request, dialect, stream=on_text is not None)
        try:
            end = await transport.exchange(body, place, take)
        except ModelUnreachable:
            if not assembly.finished:
                raise
            # Cut after the last word: all that is missing is the usage.
            return assembly.reply()
        match end:
            case Refusal():
                raise self._refused(end, dialect, place)
            case whole:
                return _checked(assembly, place, whole=whole)

    def _refused(self, refusal: Refusal, used: Dialect, place: Place) -> ModelError:
        learned = used.learn(refusal.text) if refusal.status in (400, 422) else None
        if learned is None:
            return error_of(refusal, place)
        if self._dialect == used:
            self._dialect = learned
        text = f"{place.server} refused a parameter, which the next try leaves out."
        return DialectLearned(text, free=True)

    async def _transport(self) -> "Transport":
        if self._opening is None:
            opening = asyncio.to_thread(_open, self._base_url, self._key, self._timeout_s)
            self._opening = asyncio.create_task(opening, name="load the model library")
        return await asyncio.shield(self._opening)


def _open(base_url: str, key: str | None, timeout_s: float) -> "Transport":
    # Two thirds of a second of imports, and certificates to read: on a thread, after start.
    from core.model.transport import Transport  # noqa: PLC0415

    return Transport(base_url=base_url, key=key, timeout_s=timeout_s)


async def _encoded(request: ModelRequest, dialect: Dialect, *, stream: bool) -> bytes:
    if sum(len(message.text) for message in request.messages) < LARGE_REQUEST:
        return encode(request, dialect, stream=stream)
    return await asyncio.to_thread(encode, request, dialect, stream=stream)


def _checked(assembly: Assembly, place: Place, *, whole: bool) -> ModelReply:
    if not (whole or assembly.finished):
        raise ModelUnreachable(f"{place.server} ended its answer in the middle.")
    if not assembly.recognised:
        raise ModelRefused(not_a_model(place, "no chat completion"))
    return assembly.reply()
