"""Files that people attach on the page."""

import asyncio

import pytest
from playwright.async_api import BrowserContext, FilePayload, Page, Route, expect

from adapters.web import WebAdapter
from core.messages.limits import LARGEST_FILE
from tests.adapters.web.fake_core import FakeCore
from tests.adapters.web.page.conftest import opened, say

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]

TEXT, SCRIPT = b"one\ntwo <b>three</b>\n", b"<script>document.title=1</script>"
LOG = FilePayload(name="build.log", mimeType="text/plain", buffer=TEXT)
PAGE = FilePayload(name="evil.html", mimeType="text/html", buffer=SCRIPT)

# What a drop or a paste of a file is for the page, without a mouse and a clipboard.
BRING = """([type, into, name, content]) => {
  const data = new DataTransfer();
  data.items.add(new File([content], name, { type: "text/plain" }));
  const where = document.querySelector(into);
  const event = type === "paste"
    ? new ClipboardEvent(type, { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
  return where.dispatchEvent(event);
}"""


async def attach(page: Page, *files: FilePayload) -> None:
    async with page.expect_file_chooser() as chosen:
        await page.get_by_role("button", name="Attach files").click()
    await (await chosen.value).set_files(files)


async def test_files_are_sent_with_the_message_and_open_from_it(page: Page, core: FakeCore) -> None:
    await attach(page, LOG, PAGE)
    sending = page.get_by_role("list", name="Files to send")
    await expect(sending.get_by_role("listitem")).to_have_count(2)
    await expect(sending.get_by_role("progressbar")).to_have_count(0)
    await say(page, "why?")
    message = await core.message()
    assert core.files(message) == [
        ("build.log", TEXT),
        ("evil.html", SCRIPT),
    ]
    await expect(sending).to_be_hidden()
    line = page.get_by_role("article").filter(has_text="why?")
    await line.get_by_role("button", name="build.log").click()
    await expect(page.locator("#panel pre")).to_have_text("one\ntwo <b>three</b>\n")
    await page.get_by_role("button", name="Close").click()
    await line.get_by_role("button", name="evil.html").click()
    await expect(page.locator("#panel pre")).to_have_text("<script>document.title=1</script>")
    assert await page.title() != "1"


async def test_files_alone_are_a_message(page: Page, core: FakeCore) -> None:
    await attach(page, LOG)
    await page.get_by_role("button", name="Send", exact=True).click()
    message = await core.message()
    assert (message.text, [name for name, _ in core.files(message)]) == ("", ["build.log"])
    line = page.get_by_role("article")
    await expect(line.get_by_role("button", name="build.log")).to_be_visible()


async def test_a_file_is_removed_with_the_keyboard_before_it_is_sent(
    page: Page, core: FakeCore
) -> None:
    await attach(page, LOG, PAGE)
    await page.get_by_role("button", name="Remove evil.html").focus()
    await page.keyboard.press("Enter")
    sending = page.get_by_role("list", name="Files to send")
    await expect(sending).to_have_text("build.log21 bytesRemove")
    await page.keyboard.type("only one")
    await page.keyboard.press("Enter")
    assert [name for name, _ in core.files(await core.message())] == ["build.log"]


async def test_files_are_dropped_and_pasted(page: Page, core: FakeCore) -> None:
    for type_, into, name in (("drop", "#log", "a.txt"), ("paste", "#message", "b.txt")):
        assert await page.evaluate(BRING, [type_, into, name, name]) is False
    assert await page.evaluate(BRING, ["drop", "#jobs", "c.txt", "x"]) is False
    await expect(page.get_by_role("button", name="Remove b.txt")).to_be_visible()
    await say(page, "these")
    assert core.files(await core.message()) == [("a.txt", b"a.txt"), ("b.txt", b"b.txt")]


async def test_what_is_too_large_is_told_at_once_and_holds_the_message_back(
    page: Page, core: FakeCore
) -> None:
    make = """([size]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(size)], "big.bin"));
      const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
      document.querySelector("#log").dispatchEvent(event);
    }"""
    await page.evaluate(make, [LARGEST_FILE + 2**20])
    alert = page.get_by_role("list", name="Files to send").get_by_role("alert")
    await expect(alert).to_have_text("It has 21 MB; 20 MB are the most for one file.")
    await say(page, "look")
    await expect(page.locator("#composer-error")).to_contain_text("Remove the file")
    await page.get_by_role("button", name="Remove big.bin").click()
    await expect(page.locator("#composer-error")).to_be_empty()
    await page.get_by_role("button", name="Send", exact=True).click()
    assert (await core.message()).files == ()


async def test_what_the_bot_does_not_take_is_told_in_its_words(page: Page, core: FakeCore) -> None:
    await page.route(
        "**/upload?*", lambda route: route.fulfill(status=413, body="the disk is full\n")
    )
    await attach(page, LOG)
    alert = page.get_by_role("list", name="Files to send").get_by_role("alert")
    await expect(alert).to_have_text("Not taken: the disk is full")


async def test_a_message_goes_off_when_its_slow_file_is_through_and_a_lost_one_can_be_sent_again(
    page: Page, core: FakeCore
) -> None:
    await page.route("**/upload?*", lambda route: route.abort())
    await attach(page, LOG)
    retry = page.get_by_role("button", name="Send build.log again")
    await expect(retry).to_be_visible()
    await page.unroute("**/upload?*")
    go = asyncio.Event()

    async def slow(route: Route) -> None:
        await go.wait()
        await route.continue_()

    await page.route("**/upload?*", slow)
    await retry.click()
    await expect(page.get_by_role("progressbar", name="Sending build.log")).to_be_visible()
    await say(page, "here it comes")
    await expect(page.get_by_role("status").filter(has_text="goes off")).to_be_visible()
    assert core.accepted == {}
    go.set()
    message = await core.message()
    assert core.files(message) == [("build.log", TEXT)]
    assert message.text == "here it comes"


async def test_a_refused_message_is_edited_with_its_files(page: Page, core: FakeCore) -> None:
    await attach(page, LOG)
    await expect(page.get_by_role("progressbar")).to_have_count(0)
    await say(page, "x" * 300_000)
    await page.get_by_role("button", name="Edit").click()
    await say(page, "shorter")
    assert core.files(await core.message()) == [("build.log", TEXT)]


async def test_a_phone_has_room_for_files(context: BrowserContext, adapter: WebAdapter) -> None:
    page = await opened(await context.new_page(), adapter)
    await page.set_viewport_size({"width": 360, "height": 640})
    names = [f"a rather long name of a file {n}.log" for n in range(9)]
    files = [FilePayload(name=name, mimeType="text/plain", buffer=TEXT) for name in names]
    await attach(page, *files)
    await expect(page.get_by_role("button", name="Remove")).to_have_count(9)
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert await page.evaluate(wide)
    box = await page.get_by_role("button", name="Send", exact=True).bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360
    assert box["y"] + box["height"] <= 640
