import asyncio
import gc
import time
from collections.abc import Iterable

import aiohttp

from adapters.web import WebAdapter
from adapters.web.hub import Hub, Page
from adapters.web.rendering import Rendering
from core.messages import CardMoved, Post, PostKind, StreamText, Trouble
from tests.adapters.web.conftest import Connect
from tests.adapters.web.fake_core import FakeCore, card, thread
from tests.adapters.web.test_connection import SAID, answer

WATCH = {"type": "watch", "channel": "general", "thread": ""}


async def watching(connect: Connect) -> aiohttp.ClientWebSocketResponse:
    """A page that shows the main line; a question's answer says that the server knows."""
    socket = await connect()
    await socket.send_json(WATCH)
    await socket.send_json({"type": "look", "ref": 0, "what": "channels"})
    await answer(socket, "view")
    return socket


async def test_a_post_goes_to_every_page_wherever_it_looks(
    core: FakeCore, connect: Connect
) -> None:
    sockets = [await connect(), await watching(connect)]
    await core.post("**done**")
    for socket in sockets:
        post = (await answer(socket, "post"))["post"]
        assert isinstance(post, dict)
        assert post["html"] == "<p><strong>done</strong></p>\n"


async def test_a_stream_goes_to_those_who_look_and_its_end_is_never_overtaken(
    core: FakeCore, connect: Connect
) -> None:
    looks, away = await watching(connect), await connect()
    for length in range(1, 200):
        await core.stream("word " * length, "post:1")
    await core.post("the end", id="post:1")
    frames: list[dict[str, object]] = []
    while not frames or frames[-1]["type"] != "post":
        frames.append(await answer(looks, "stream", "post"))
    await asyncio.sleep(0.25)  # two paces: what was still waiting would come now
    await core.post("after")
    assert (await answer(looks, "stream", "post"))["type"] == "post"
    assert (await answer(away, "stream", "post"))["type"] == "post"


class HeldRendering(Rendering):
    """Renders drafts only when told to, as a busy machine does."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def render(self, texts: Iterable[str], *, remember: bool = True) -> dict[str, str]:
        if not remember:
            self.asked.set()
            await self.go.wait()
        return await super().render(texts, remember=remember)


async def test_a_draft_that_was_being_rendered_is_dropped_when_the_answer_is_out() -> None:
    rendering = HeldRendering()
    hub = Hub(rendering)
    page = Page(drop=lambda: None)
    page.shows = thread()
    hub.join(page)
    painting = asyncio.create_task(hub.run())
    hub.hint(StreamText(thread=thread(), post_id="p", text="draft"))
    await rendering.asked.wait()
    answer = Post(id="p", thread=thread(), kind=PostKind.ANSWER, text="answer", at=1.0)
    await hub.item(answer)
    rendering.go.set()
    rendering.asked.clear()
    hub.hint(StreamText(thread=thread(), post_id="q", text="next"))
    await rendering.asked.wait()
    painting.cancel()
    assert [frame for frame in page._queue if '"stream"' in frame and '"p"' in frame] == []


async def test_a_fast_model_costs_a_page_ten_frames_a_second(
    core: FakeCore, connect: Connect
) -> None:
    socket = await watching(connect)
    began = time.perf_counter()
    for length in range(100):
        await core.stream("x" * length, "post:1")
        await asyncio.sleep(0.005)
    took = time.perf_counter() - began
    await core.post("end", id="post:1")
    frames = 0
    while (await answer(socket, "stream", "post"))["type"] == "stream":
        frames += 1
    assert 2 <= frames <= took / 0.1 + 2


async def test_a_page_that_comes_in_the_middle_gets_what_is_said_so_far(
    core: FakeCore, connect: Connect
) -> None:
    first = await watching(connect)
    await first.send_json(SAID)
    message = await core.message()
    await core.seen(message)
    await core.stream("so far", "post:9", reply_to=message.id)
    late = await connect()
    await late.send_json(WATCH)
    assert (await answer(late, "seen"))["message_id"] == message.id
    assert (await answer(late, "stream"))["html"] == "<p>so far</p>\n"
    await core.post("all", id="post:9", reply_to=message.id)
    later = await watching(connect)
    await core.post("news")
    assert (await answer(later, "seen", "stream", "post"))["type"] == "post"


async def test_of_a_card_s_many_moves_the_newest_is_shown(core: FakeCore, connect: Connect) -> None:
    socket = await watching(connect)
    for version in range(1, 500):
        await core.adapter.show(CardMoved(card=card(step=f"step {version}", version=version)))  # type: ignore[union-attr]  # set by the fixture
    shown: list[dict[str, int]] = []
    while not shown or shown[-1]["version"] < 499:
        moved = (await answer(socket, "card"))["card"]
        assert isinstance(moved, dict)
        shown.append(moved)
    assert len(shown) <= 3


async def test_trouble_is_told_to_every_page(adapter: WebAdapter, connect: Connect) -> None:
    socket = await connect()
    await adapter.show(Trouble(thread=thread(), text="the disk is full"))
    assert (await answer(socket, "trouble"))["text"] == "the disk is full"


async def test_a_page_that_never_reads_is_dropped_and_holds_up_nobody(
    core: FakeCore, connect: Connect
) -> None:
    slow, quick = await connect(), await connect()
    slow._reader._protocol.pause_reading()
    longest = 0.0
    for number in range(150):
        began = time.perf_counter()
        await core.post("x" * 90_000, id=f"big:{number}")
        longest = max(longest, time.perf_counter() - began)
        assert (await answer(quick, "post"))["type"] == "post"
    assert longest < 10, "it waits for no page"
    slow._reader._protocol.resume_reading()
    got = 0
    while (await slow.receive(timeout=60)).type is aiohttp.WSMsgType.TEXT:
        got += 1
    assert got < 150
    again = await connect()
    await again.send_json({"type": "look", "ref": 1, "what": "messages", "channel": "general"})
    assert (await answer(again, "view"))["ref"] == 1


async def test_a_single_frame_larger_than_the_queue_still_gets_through() -> None:
    dropped = []
    page = Page(drop=lambda: dropped.append(True))
    page.send("x" * 9_000_000)
    assert not dropped
    page.send("x")
    assert dropped


async def test_many_pages_come_and_go_and_leave_nothing(
    adapter: WebAdapter, core: FakeCore, connect: Connect
) -> None:
    of_others = _pages()
    sockets = [await connect() for _ in range(100)]
    await core.post("to all")
    for socket in sockets:
        await answer(socket, "post")
    assert len(_pages()) == len(of_others) + 100
    await asyncio.gather(*(socket.close() for socket in sockets))
    await core.post("to none")
    await adapter.stop()
    gc.collect()
    assert not [one for one in _pages() if one not in of_others]


def _pages() -> list[Page]:
    return [one for one in gc.get_objects() if type(one) is Page]


async def test_an_idle_page_wakes_nobody(connect: Connect) -> None:
    await watching(connect)
    loop = asyncio.get_running_loop()
    selector = loop._selector  # type: ignore[attr-defined]  # each wake-up passes here
    select, woken = selector.select, []

    def counted(timeout: float | None = None) -> object:
        woken.append(time.perf_counter())
        return select(timeout)

    selector.select = counted
    await asyncio.sleep(2)
    del selector.select
    # The first moments still finish what the page asked for.
    assert sum(at > woken[0] + 0.5 for at in woken) <= 3
