"""What a route's window has room for goes out, however long the window is."""

import asyncio
import time

import discord
import pytest
from aiohttp import ClientResponse
from discord.http import HTTPClient

from adapters.discord.buckets import Bucket, clear_seldom


class Answer:
    """What the library reads of an answer: so many requests left of a window of five minutes."""

    def __init__(self, left: int) -> None:
        self.headers = {
            "X-Ratelimit-Limit": "50",
            "X-Ratelimit-Remaining": str(left),
            "X-Ratelimit-Reset-After": "300",
        }


async def through(bucket: Bucket, left: int) -> None:
    """One request; its answer says how many may follow."""
    async with bucket:
        await asyncio.sleep(0)
        answer: ClientResponse = Answer(left)  # type: ignore[assignment]
        bucket.update(answer)


async def test_a_long_window_with_room_holds_nobody() -> None:
    bucket = Bucket(30.0)
    await through(bucket, 49)
    await through(bucket, 48)
    assert (bucket.remaining, bucket.outgoing) == (48, 0)


async def test_whoever_waited_for_the_first_answer_goes_after_it() -> None:
    bucket = Bucket(30.0)
    async with asyncio.timeout(60):
        await asyncio.gather(*(through(bucket, left) for left in (49, 48, 47)))
    assert bucket.outgoing == 0


async def test_a_window_that_is_full_for_long_is_told_and_not_waited_for() -> None:
    bucket = Bucket(30.0)
    await through(bucket, 49)
    bucket.remaining = 0
    with pytest.raises(discord.RateLimited) as told:
        await bucket.acquire()
    assert told.value.retry_after > 200


async def test_limits_that_nobody_uses_are_looked_for_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    http, began = HTTPClient(asyncio.get_running_loop()), time.monotonic()
    clear_seldom(http)
    monkeypatch.setattr(Bucket, "is_inactive", lambda _: True)
    monkeypatch.setattr(discord.http, "Ratelimit", Bucket)
    for number in range(1000):
        http.get_ratelimit(f"PATCH:{number}")
    assert len(http._buckets) == 1000
    monkeypatch.setattr(time, "monotonic", lambda: began + 61)
    http.get_ratelimit("PATCH:more")
    assert len(http._buckets) == 0
