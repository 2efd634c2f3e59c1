"""A model server that speaks OpenAI's Chat Completions. One request per call: no retries here."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from core.errors import ModelError, ModelRefused, ModelUnreachable
from core.model.chat import ModelReply, ModelRequest
from core.model.dialect import Dialect, DialectLearned
from core.model.faults import LARGEST_ANSWER, Place, Refusal, endless, error_of, not_a_model
from core.model.side_loop import SideLoop
from core.model.wire import Assembly, encode

if TYPE_CHECKING:
    from core.model.transport import Transport


class OpenAIModel:
    """Implements core.ports.Model. `key` is the API key, `key_env` the variable it came from.

    Calls run on a thread of their own: writing, sending and reading one takes milliseconds, and
    64 jobs that ask at once would hold the main loop for a tenth of a second. What the server
    turns out not to know is remembered (DialectLearned asks for another try).
    """

    def __init__(
        self, *, base_url: str, key: str | None, key_env: str, timeout_s: float = 120.0
    ) -> None:
        self._base_url = base_url
        self._key = key.strip() if key else None
        self._key_env = key_env
        self._timeout_s = timeout_s
        self._side: SideLoop | None = None
        # The rest belongs to the thread.
        self._dialect = Dialect()
        self._transport: Transport | None = None

    async def warm(self) -> None:
        """Load the library, so that the first call does not wait for it."""
        await self._thread().run(self._warm())

    async def close(self) -> None:
        """Cancel calls under way and close all connections. A later call opens them again."""
        side, self._side = self._side, None
        if side is not None:
            await side.close(self._hang_up())

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """Answer; with `on_text`, stream and hand over what comes before the end comes.

        Raises ModelUnreachable (DialectLearned: at once again), ModelRefused or ContextTooLong.
        """
        if on_text is None:
            return await self._thread().run(self._complete(request, None))
        relay = _Relay(on_text)
        try:
            return await self._thread().run(self._complete(request, relay))
        finally:
            relay.stop()

    def _thread(self) -> SideLoop:
        if self._side is None:
            self._side = SideLoop("model calls")
        return self._side

    async def _warm(self) -> None:
        self._open()

    async def _hang_up(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def _complete(self, request: ModelRequest, on_text: "_Relay | None") -> ModelReply:
        place = Place(
            base_url=self._base_url, model=request.model, key_env=self._key_env, secret=self._key
        )
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            text = f"The key in {self._key_env} has characters that no key has: check it."
            raise ModelRefused(text, free=True)
        dialect, assembly = self._dialect, Assembly()

        def take(chunks: Iterable[Mapping[str, object]]) -> None:
            texts = []
            for chunk in chunks:
                texts.append(assembly.add(chunk))
                if assembly.size > LARGEST_ANSWER:
                    raise endless()
            if on_text is not None and any(texts):
                on_text.give("".join(texts))

        body = encode(request, dialect, stream=on_text is not None)
        try:
            end = await self._open().exchange(body, place, take)
        except ModelUnreachable:
            if not assembly.finished:
                raise
            # Cut after the last word: all that is missing is the usage.
            return assembly.reply()
        match end:
            case Refusal():
                raise self._refused(end, dialect, place)
            case whole:
                reply = _checked(assembly, place, whole=whole)
        if on_text is not None:
            on_text.end()
        return reply

    def _open(self) -> "Transport":
        if self._transport is None:
            # Two thirds of a second of imports, and certificates to read.
            from core.model.transport import Transport  # noqa: PLC0415

            self._transport = Transport(
                base_url=self._base_url, key=self._key, timeout_s=self._timeout_s
            )
        return self._transport

    def _refused(self, refusal: Refusal, used: Dialect, place: Place) -> ModelError:
        # Some answer 500 when their template refuses a request; nothing was worked on then either.
        if refusal.status not in (400, 422, 500) or used.learn(refusal.text) is None:
            return error_of(refusal, place)
        # Another call may have learned something else meanwhile.
        self._dialect = self._dialect.learn(refusal.text) or self._dialect
        text = f"{place.server} refused a part of the request, which the next try writes otherwise."
        return DialectLearned(text, free=True)


class _Relay:
    """Hands text from the calls' thread to the loop that asked, in order, until it is stopped.

    What comes together with the answer's end is left to the answer: to show it a moment before
    that would cost as much as the answer itself.
    """

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_text = on_text
        self._ended = False
        self._stopped = False

    def give(self, text: str) -> None:
        """From the calls' thread."""
        asyncio.get_running_loop().call_soon(self._send, text)

    def end(self) -> None:
        """From the calls' thread: the answer is there, and holds what is not handed over yet."""
        self._ended = True

    def stop(self) -> None:
        """From the loop that asked: whoever has cancelled a call hears no more of it."""
        self._stopped = True

    def _send(self, text: str) -> None:
        if not self._ended:
            self._loop.call_soon_threadsafe(self._hand_over, text)

    def _hand_over(self, text: str) -> None:
        if not self._stopped:
            self._on_text(text)


def _checked(assembly: Assembly, place: Place, *, whole: bool) -> ModelReply:
    if not (whole or assembly.finished):
        raise ModelUnreachable(f"{place.server} ended its answer in the middle.")
    if not assembly.recognised:
        raise ModelRefused(not_a_model(place, "no chat completion"))
    return assembly.reply()
