"""Every request to Discord as it goes over the wire: through the gate, and counted. Makes none.

The library waits for a channel's limit before it sends, and sends again by itself: only here is it
known that something goes out now.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

from adapters.discord.gate import Gate, Priority
from adapters.discord.status import Status

# The library waits so long for a limit, and tries again within one request.
LONGEST_LIMIT_S = 30.0
NOT_TOLD_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a task asks: how urgent it is, and its time of `longest_s` seconds, which does not run
    before the gate. Without one, what is asked does not count against the bot's limit.
    """

    priority: Priority
    limit: asyncio.Timeout
    longest_s: float


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextmanager
def asking(about: Asking) -> Iterator[None]:
    """Around a request."""
    token = _asking.set(about)
    try:
        yield
    finally:
        _asking.reset(token)


def traced(gate: Gate, status: Status) -> aiohttp.TraceConfig:
    """For the library's session: holds back each request of a task that asks, and counts what the
    library does by itself."""

    async def start(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        begun: aiohttp.TraceRequestStartParams,
    ) -> None:
        about = context.about = _asking.get()
        if about is None:
            return
        about.limit.reschedule(None)
        status.throttled_s += await gate.enter(about.priority)
        about.limit.reschedule(asyncio.get_running_loop().time() + about.longest_s)

    async def end(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        ended: aiohttp.TraceRequestEndParams,
    ) -> None:
        _left(context, gate)
        if ended.response.status == 429 or ended.response.status >= 500:
            status.retries += 1
        asked = asked_s(ended.response.headers)
        status.throttled_s += asked or 0.0
        if ended.response.status == 429 and _everywhere(ended.response.headers, asked):
            gate.shut(NOT_TOLD_S if asked is None else asked)

    async def broken(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        error: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        _left(context, gate)

    made = aiohttp.TraceConfig()
    made.on_request_start.append(start)
    made.on_request_end.append(end)
    made.on_request_exception.append(broken)
    return made


def asked_s(headers: Mapping[str, str]) -> float | None:
    """How many seconds an answer asks to wait; None when it does not say."""
    asked = headers.get("Retry-After", "")
    return float(asked) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", asked) else None


def _everywhere(headers: Mapping[str, str], asked: float | None) -> bool:
    """Whether a refusal is for all that the bot sends, and not one that the library waits out."""
    if "Via" not in headers and "X-RateLimit-Bucket" not in headers:
        return True  # not Discord's own word, but that of what stands before it
    scopes = (headers.get("X-RateLimit-Global"), headers.get("X-RateLimit-Scope"))
    return ("true" in scopes or "global" in scopes) and (asked or 0.0) > LONGEST_LIMIT_S


def _left(context: SimpleNamespace, gate: Gate) -> None:
    about: Asking | None = context.about
    if about is not None:
        gate.leave(about.priority)
