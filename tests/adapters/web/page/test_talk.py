import pytest
from playwright.async_api import BrowserContext, Page, expect

from adapters.web import WebAdapter
from core.errors import BadRequest
from core.messages import Person, PostKind
from tests.adapters.web.fake_core import ANNA, FakeCore, thread
from tests.adapters.web.page.conftest import opened, say

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]


async def test_an_empty_conversation_says_what_can_be_asked_for_and_an_example_is_a_click_away(
    core: FakeCore, page: Page
) -> None:
    log = page.get_by_role("log")
    examples = log.get_by_role("list", name="Examples").get_by_role("button")
    await expect(examples).to_have_count(3)
    text = await examples.nth(1).inner_text()
    await examples.nth(1).click()
    box = page.get_by_label("Message", exact=True)
    await expect(box).to_have_value(text)
    await expect(box).to_be_focused()
    await page.keyboard.press("Enter")
    assert (await core.message()).text == text
    await expect(examples).to_have_count(0)
    await page.get_by_role("button", name="New thread").click()
    await expect(log).to_have_text("Nothing was said in this thread yet.")


async def test_a_message_is_seen_streamed_and_answered_in_place(core: FakeCore, page: Page) -> None:
    log = page.get_by_role("log")
    await say(page, "how are you?")
    message = await core.message()
    assert (message.text, message.thread, message.author.id) == (
        "how are you?",
        thread(),
        "local:you",
    )
    await core.seen(message)
    await expect(log.get_by_text("Seen, working")).to_be_visible()
    await core.stream("I am", "post:1", reply_to=message.id)
    answer = log.get_by_role("article", name="Thaw")
    await expect(answer.locator(".md")).to_have_text("I am")
    await expect(answer).to_have_attribute("aria-busy", "true")
    await core.stream("I am **very**", "post:1", reply_to=message.id)
    await expect(answer.locator(".md")).to_have_text("I am very")
    await core.post("I am **very** well.", id="post:1", reply_to=message.id)
    await expect(answer.locator(".md strong")).to_have_text("very")
    await expect(answer).not_to_have_attribute("aria-busy", "true")
    await expect(log.get_by_text("Seen, working")).to_have_count(0)
    await expect(log.get_by_role("article")).to_have_count(2)


async def test_answers_one_after_another_share_a_heading_but_not_with_a_result(
    core: FakeCore, page: Page
) -> None:
    log = page.get_by_role("log")
    for text in ("one", "two"):
        await core.post(text)
    await core.post("the result", kind=PostKind.RESULT, job=1)
    await core.post("three")
    await expect(log.get_by_text("three")).to_be_visible()
    named = [
        await one.locator("header").is_visible() for one in await log.get_by_role("article").all()
    ]
    assert named == [True, False, True, True]


async def test_enter_sends_and_shift_enter_makes_a_line(core: FakeCore, page: Page) -> None:
    box = page.get_by_label("Message")
    await box.press_sequentially("one")
    await box.press("Shift+Enter")
    await box.press_sequentially("two")
    await box.press("Enter")
    assert (await core.message()).text == "one\ntwo"
    await expect(box).to_have_value("")
    await expect(box).to_be_focused()


async def test_a_refused_message_shows_why_and_can_be_sent_again(
    core: FakeCore, page: Page
) -> None:
    core.refusals.append(BadRequest("the store is full"))
    await say(page, "keep me")
    log = page.get_by_role("log")
    await expect(log.get_by_role("alert")).to_have_text("the store is full")
    await page.reload()
    await expect(log.get_by_role("alert")).to_have_text("the store is full")
    await log.get_by_role("button", name="Retry").click()
    assert (await core.message()).text == "keep me"
    await expect(log.get_by_role("alert")).to_have_count(0)
    await expect(log.get_by_text("keep me")).to_have_count(1)


async def test_a_refused_message_can_be_taken_back_into_the_box(core: FakeCore, page: Page) -> None:
    core.refusals.append(BadRequest("no"))
    await say(page, "almost right")
    await page.get_by_role("log").get_by_role("button", name="Edit").click()
    await expect(page.get_by_label("Message")).to_have_value("almost right")
    await expect(page.get_by_role("log").get_by_role("article")).to_have_count(0)


async def test_a_message_of_five_megabytes_stays_in_the_box_with_the_limit(
    core: FakeCore, page: Page
) -> None:
    box = page.get_by_label("Message")
    await box.evaluate("box => { box.value = 'x'.repeat(5_000_000) }")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#composer-error")).to_contain_text("at most 1000 kB")
    assert await box.evaluate("box => box.value.length") == 5_000_000
    assert not core.accepted
    await say(page, "short")
    assert (await core.message()).text == "short"


async def test_a_draft_survives_a_reload_and_stays_in_its_conversation(
    page: Page, adapter: WebAdapter
) -> None:
    await page.get_by_label("Message").fill("half a thought")
    await page.reload()
    await expect(page.get_by_label("Message")).to_have_value("half a thought")
    await opened(page, adapter, "#/ops")
    await expect(page.get_by_label("Message")).to_have_value("")
    await page.go_back()
    await expect(page.get_by_label("Message")).to_have_value("half a thought")


async def test_history_is_there_after_a_reload_in_order_and_once(
    core: FakeCore, page: Page
) -> None:
    for number in range(3):
        await say(page, f"question {number}")
        message = await core.message()
        await core.post(f"answer {number}", reply_to=message.id)
    await page.reload()
    said = page.get_by_role("log").locator(".said, .md")
    await expect(said).to_have_text(
        ["question 0", "answer 0", "question 1", "answer 1", "question 2", "answer 2"]
    )


async def test_a_thread_is_a_conversation_of_its_own(core: FakeCore, page: Page) -> None:
    log = page.get_by_role("log")
    await say(page, "the root")
    root = await core.message()
    await log.get_by_text("the root").hover()
    await log.get_by_role("button", name="Reply in thread").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("the root")
    await say(page, "in the thread")
    reply = await core.message()
    assert reply.thread == thread(root.id)
    await core.post("also in the thread", thread=thread(root.id))
    await expect(log.locator(".said, .md")).to_have_text(
        ["the root", "in the thread", "also in the thread"]
    )
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("the root")
    await expect(log.locator(".said, .md")).to_have_text(
        ["the root", "in the thread", "also in the thread"]
    )
    await page.get_by_role("button", name="Back to the main line").click()
    await expect(log.locator(".said, .md")).to_have_text(["the root"])
    await log.get_by_role("button", name="2 replies").click()
    await expect(log.get_by_text("in the thread", exact=True)).to_be_visible()


async def test_a_new_thread_and_a_new_channel_exist_once_something_is_said(
    core: FakeCore, page: Page
) -> None:
    await page.get_by_role("button", name="New channel").click()
    await (
        page.get_by_role("dialog", name="New channel")
        .get_by_label("Name")
        .fill("Ops & Überwachung!")
    )
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("# ops-überwachung")
    await page.get_by_role("button", name="New thread").click()
    await say(page, "first")
    message = await core.message()
    assert message.thread.channel.channel == "ops-überwachung"
    assert message.thread.thread
    places = page.get_by_role("navigation", name="Channels and threads")
    await expect(places.get_by_role("link", name="# general")).to_be_visible()
    await expect(places.get_by_role("link", name="first")).to_be_visible()


async def test_the_name_is_asked_once_and_kept(core: FakeCore, page: Page) -> None:
    await page.get_by_role("button", name="@you").click()
    await page.get_by_role("dialog", name="Your name").get_by_role("textbox").fill("Anna")
    await page.keyboard.press("Enter")
    await page.reload()
    await say(page, "hi")
    assert (await core.message()).author == ANNA
    await expect(page.get_by_role("log").get_by_role("article", name="Anna")).to_be_visible()


async def test_what_one_says_the_other_sees(
    core: FakeCore, page: Page, context: BrowserContext, adapter: WebAdapter
) -> None:
    other = await opened(await context.new_page(), adapter)
    await say(page, "hello there")
    await core.message()
    await expect(other.get_by_role("log").get_by_text("hello there")).to_be_visible()
    await core.post("for both")
    for one in (page, other):
        await expect(one.get_by_role("log").get_by_text("for both")).to_have_count(1)


async def test_a_result_names_its_job_who_asked_the_receipt_and_its_files(
    core: FakeCore, page: Page
) -> None:
    core.channels["general"].files["out/report.md"] = b"# The report"
    await core.post(
        "| a |\n|---|\n| 1 |\n\n```\ncode\n```",
        kind=PostKind.RESULT,
        job=7,
        mention=Person(id="local:ben", name="Ben"),
        receipt=("`ci.count` 3 + 2 = 5",),
        drift=("based on `target` = staging, now prod (set by Ana)",),
        files=("out/report.md",),
        offline=True,
    )
    result = page.get_by_role("log").get_by_role("article")
    await expect(result.get_by_text("Result of job 7 for @Ben")).to_be_visible()
    await expect(result.get_by_text("ci.count 3 + 2 = 5")).to_be_visible()
    await expect(result.get_by_text("Has changed since this job began")).to_be_visible()
    await expect(result.get_by_text("based on target = staging, now prod")).to_be_visible()
    await expect(result.get_by_text("offline model")).to_be_visible()
    await expect(result.get_by_role("table")).to_be_visible()
    await result.get_by_role("button", name="out/report.md").click()
    panel = page.get_by_role("dialog", name="out/report.md")
    await expect(panel.get_by_text("# The report")).to_be_visible()
    async with page.expect_download() as download:
        await panel.get_by_role("link", name="Download").click()
    assert (await download.value).suggested_filename == "report.md"


async def test_code_is_copied_with_its_button(
    core: FakeCore, page: Page, context: BrowserContext
) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await core.post("```\nprint('a < b')\n```")
    await page.get_by_role("button", name="Copy").click()
    assert await page.evaluate("navigator.clipboard.readText()") == "print('a < b')\n"


async def test_older_messages_come_when_one_scrolls_up(core: FakeCore, page: Page) -> None:
    for number in range(450):
        await core.post(f"old {number}", id=f"old:{number}")
    await page.reload()
    log = page.get_by_role("log")
    await expect(log.get_by_text("old 449", exact=True)).to_be_visible()
    await expect(log.get_by_role("article")).to_have_count(200)
    await log.evaluate("log => log.scrollTo(0, 0)")
    await expect(log.get_by_role("article")).to_have_count(400)
    await expect(log.get_by_text("old 250", exact=True)).to_be_in_viewport()
    await log.evaluate("log => log.scrollTo(0, 0)")
    await expect(log.get_by_role("article")).to_have_count(450)
    await expect(log.get_by_text("old 0", exact=True)).to_be_attached()


async def test_a_streamed_word_draws_one_line_and_not_the_whole_conversation(
    core: FakeCore, page: Page
) -> None:
    for number in range(150):
        await core.post(f"| a |\n|---|\n| {number} |", id=f"table:{number}")
    await page.reload()
    log = page.get_by_role("log")
    await expect(log.get_by_role("article")).to_have_count(150)
    await core.stream("one", "post:1")
    await expect(log.get_by_text("one")).to_be_visible()
    await page.evaluate(
        """() => {
          const html = Object.getOwnPropertyDescriptor(Element.prototype, 'innerHTML');
          window.parsed = 0;
          Object.defineProperty(Element.prototype, 'innerHTML', {
            ...html, set(value) { window.parsed += 1; html.set.call(this, value); },
          });
        }"""
    )
    await core.stream("one two", "post:1")
    await expect(log.get_by_text("one two")).to_be_visible()
    assert 1 <= await page.evaluate("window.parsed") <= 3


async def test_who_reads_above_is_not_torn_down_by_news(core: FakeCore, page: Page) -> None:
    for number in range(60):
        await core.post(f"line {number}")
    log = page.get_by_role("log")
    await expect(log.get_by_text("line 59", exact=True)).to_be_in_viewport()
    await log.evaluate("log => log.scrollTo(0, 300)")
    await expect(log.get_by_text("line 59", exact=True)).not_to_be_in_viewport()
    await core.post("the news")
    await expect(page.get_by_role("button", name="Newest")).to_be_visible()
    assert await log.evaluate("log => log.scrollTop") == 300
    await page.get_by_role("button", name="Newest").click()
    await expect(log.get_by_text("the news")).to_be_in_viewport()
