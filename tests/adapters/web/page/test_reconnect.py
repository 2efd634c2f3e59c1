from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from adapters.web import WebAdapter
from tests.adapters.web.fake_core import FakeCore, card
from tests.adapters.web.page.conftest import say

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]


def cut(adapter: WebAdapter) -> None:
    """Drop every connection without a goodbye."""
    for socket in tuple(adapter._sockets):
        request = socket._req
        assert request is not None
        assert request.transport is not None
        request.transport.abort()


async def test_what_was_missed_comes_after_a_dropped_connection_once(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    await core.post("before")
    log = page.get_by_role("log")
    await expect(log.get_by_text("before")).to_be_visible()
    for round_ in range(3):
        cut(adapter)
        await core.post(f"missed {round_}")
        await expect(log.get_by_text(f"missed {round_}")).to_be_visible()
    await expect(log.locator(".md")).to_have_text(["before", "missed 0", "missed 1", "missed 2"])


async def test_a_message_sent_while_the_bot_is_away_arrives_once_when_it_is_back(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    await adapter.stop()
    status = page.get_by_role("status")
    await expect(status).to_have_text("Reconnecting…")
    for text in ("one", "two", "three"):
        await say(page, text)
    await expect(page.get_by_text("Sending…")).to_have_count(3)
    await adapter.start()
    assert [(await core.message()).text for _ in range(3)] == ["one", "two", "three"]
    await expect(status).to_have_text("Connected")
    await expect(page.get_by_text("Sending…")).to_have_count(0)
    await expect(page.get_by_role("log").locator(".said")).to_have_text(["one", "two", "three"])
    assert len(core.accepted) == 3


async def test_a_message_survives_a_closed_page_and_a_bot_that_is_away(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    await adapter.stop()
    await expect(page.get_by_role("status")).to_have_text("Reconnecting…")
    await say(page, "written in the dark")
    address = page.url
    await page.goto("about:blank")
    await adapter.start()
    await page.goto(address)
    assert (await core.message()).text == "written in the dark"
    await expect(page.get_by_role("log").get_by_text("written in the dark")).to_have_count(1)


async def test_an_answer_lost_on_the_way_back_doubles_nothing(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    accept = core.accept

    async def kept_but_cut(event: object) -> None:
        await accept(event)  # type: ignore[arg-type]  # passed on as it came
        core.accept = accept  # type: ignore[method-assign]  # the next one comes through
        cut(adapter)

    core.accept = kept_but_cut  # type: ignore[method-assign]  # a connection lost at the worst time
    await say(page, "only once")
    await expect(page.get_by_text("Sending…")).to_have_count(0)
    await expect(page.get_by_role("log").get_by_text("only once")).to_have_count(1)
    assert len(core.accepted) == 1


async def test_what_was_read_from_the_record_is_not_replaced_by_what_is_told_again(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    await say(page, "question")
    message = await core.message()
    await core.post("answer")
    await page.reload()
    said = page.get_by_role("log").locator(".said, .md")
    await expect(said).to_have_text(["question", "answer"])
    adapter._hub.said(replace(message, text="another question"))
    await core.post("the last")
    await expect(said).to_have_text(["question", "answer", "the last"])


async def test_a_press_while_the_bot_is_away_counts_once(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    await core.show_card(card(3))
    stop = page.get_by_role("region", name="Jobs").get_by_role("button", name="Stop")
    await expect(stop).to_be_visible()
    await adapter.stop()
    await expect(page.get_by_role("status")).to_have_text("Reconnecting…")
    await stop.click()
    await stop.click(force=True)
    await adapter.start()
    assert (await core.pressed()).action == "stop.3"
    await expect(stop).not_to_have_attribute("aria-disabled", "true")
    assert len(core.accepted) == 1


async def test_cards_are_brought_up_to_date_after_a_lost_connection(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    await core.show_card(card(1))
    jobs = page.get_by_role("region", name="Jobs")
    await expect(jobs.get_by_role("article", name="Work 1, running")).to_be_visible()
    await adapter.stop()
    core.channels["general"].cards[1] = card(1, state="completed", version=9, ended_at=1.0)
    await adapter.start()
    await expect(jobs.get_by_role("article", name="Work 1, completed")).to_be_visible()


async def test_a_channel_that_moved_far_ahead_is_read_anew(
    core: FakeCore, page: Page, adapter: WebAdapter
) -> None:
    await core.post("long ago")
    await expect(page.get_by_role("log").get_by_text("long ago")).to_be_visible()
    await adapter.stop()
    for number in range(1_500):
        await core.post(f"line {number}", id=f"far:{number}")
    await adapter.start()
    log = page.get_by_role("log")
    await expect(log.get_by_text("line 1499", exact=True)).to_be_visible()
    await expect(log.get_by_text("long ago")).to_have_count(0)
    await expect(log.get_by_role("article")).to_have_count(200)


async def test_what_comes_by_itself_while_older_is_read_stays_the_newest(page: Page) -> None:
    seen = await page.evaluate(
        """async () => {
            const { Channel } = await import("/static/store.js");
            const channel = new Channel("general");
            const post = (text) => ({ id: "p", thread: "", at: 1, text });
            const read = (text) => ({ seq: 3, id: "p", thread: "", at: 1, post: post(text) });
            const asked = channel.pushes;
            channel.addPost(post("settled"));
            channel.addLine(read("still open"), asked);
            const [first, seq] = [channel.lines.get("p").post.text, channel.lines.get("p").seq];
            channel.addLine(read("read later"), channel.pushes);
            return [first, seq, channel.lines.get("p").post.text];
        }"""
    )
    assert seen == ["settled", 3, "read later"]
