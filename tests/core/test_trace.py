import asyncio

from structlog.contextvars import get_contextvars

from core import trace
from core.messages import ChannelRef, ThreadRef

THREAD = ThreadRef(channel=ChannelRef(platform="p", workspace="w", channel="c"), thread="t")


async def test_what_is_started_inside_belongs_to_it_and_what_begins_anew_does_not() -> None:
    async def child() -> dict[str, object]:
        return get_contextvars()

    async def other() -> dict[str, object]:
        trace.begin(job="j2")
        return get_contextvars()

    async def work() -> tuple[dict[str, object], dict[str, object]]:
        trace.begin(thread=THREAD)
        trace.also(message="m1")
        return await asyncio.create_task(child()), await asyncio.create_task(other())

    mine, another = await asyncio.create_task(work())
    assert mine == {"thread": "p/w/c#t", "message": "m1"}
    assert another == {"job": "j2"}
    assert get_contextvars() == {}
