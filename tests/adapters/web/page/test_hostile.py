import pytest
from playwright.async_api import BrowserContext, Page, expect

from adapters.web import WebAdapter
from core.messages import Button, Person, PostKind
from core.messages.views import StepLine
from tests.adapters.web.fake_core import FakeCore, card
from tests.adapters.web.page.conftest import opened, say

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]

ATTACK = (
    '<img src=x onerror="window.hit=1"><script>window.hit=1</script>"\'><svg onload=window.hit=1>'
)


async def test_no_text_from_anywhere_runs_or_becomes_an_element(core: FakeCore, page: Page) -> None:
    mallory = Person(id="local:m", name=ATTACK)
    core.channels["general"].files[f"out/{ATTACK}.html"] = ATTACK.encode()
    core.channels["general"].steps[1] = [
        StepLine(number=1, kind=ATTACK, title=ATTACK, detail=ATTACK, at=1.0, seconds=None)
    ]
    await core.show_card(card(1, title=ATTACK, step=ATTACK, state=ATTACK, requester=mallory))
    buttons = (Button(action=ATTACK[:60], label=ATTACK, style="danger", asks=ATTACK),)
    await core.post(
        f"{ATTACK}\n\n[x](javascript:window.hit=1)\n\n```\n{ATTACK}\n```",
        id=ATTACK,
        kind=PostKind.RESULT,
        mention=mallory,
        receipt=(ATTACK, f"`{ATTACK}`"),
        files=(f"out/{ATTACK}.html",),
        buttons=buttons,
    )
    await core.set(ATTACK, ATTACK, kind=ATTACK, conflicted=True)
    core.conflict(ATTACK)
    await say(page, ATTACK)
    await core.message()
    await page.reload()
    await expect(page.get_by_role("log").locator(".said")).to_have_text(ATTACK)
    for name in ("State", "History", "Conflicts"):
        await page.get_by_role("button", name=name, exact=True).first.click()
        await expect(page.get_by_role("dialog")).to_contain_text("onerror")
    await page.keyboard.press("Escape")
    await page.get_by_role("region", name="Jobs").get_by_role("button", name="Details").click()
    await expect(page.get_by_role("dialog")).to_contain_text("onerror")
    await page.keyboard.press("Escape")
    await page.get_by_role("log").locator("button.file").click()
    await expect(page.get_by_role("dialog")).to_contain_text("window.hit=1")
    assert await page.evaluate("window.hit") is None
    # The page's own picture stands once, in its brand.
    assert await page.locator("img, svg, script:not([src])").count() == 1


async def test_a_file_of_a_job_does_not_run_when_it_is_opened_by_its_address(
    core: FakeCore, context: BrowserContext, adapter: WebAdapter
) -> None:
    core.channels["general"].files["evil.html"] = (
        b"<script>fetch('/').then(() => document.title = 'hit')</script>"
    )
    tab = await opened(await context.new_page(), adapter)
    async with tab.expect_download() as download:
        await tab.evaluate("location.href = '/file?channel=general&path=evil.html'")
    assert (await download.value).suggested_filename == "evil.html"
    assert "hit" not in await tab.title()


async def test_another_origin_can_neither_read_nor_send(
    core: FakeCore, context: BrowserContext, adapter: WebAdapter
) -> None:
    """A page under another loopback name stands for any hostile site."""
    elsewhere = adapter.url.replace("127.0.0.1", "localhost")
    tab = await context.new_page()
    await tab.goto(elsewhere)
    tried = await tab.evaluate(
        """async url => {
          const opened = await new Promise(done => {
            const socket = new WebSocket(url.replace('http', 'ws') + 'socket');
            socket.onopen = () => done('open'); socket.onerror = () => done('refused');
          }).catch(() => 'refused');
          const file = url + 'file?channel=general&path=a';
          const read = await fetch(file).then(() => 'read', () => 'refused');
          return [opened, read];
        }""",
        adapter.url,
    )
    assert tried == ["refused", "refused"]
    assert not core.accepted


async def test_markdown_with_an_image_asks_nobody_outside(core: FakeCore, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await core.post("![spy](http://tracker.example/x.png) ![spy](//tracker.example/y.png)")
    await expect(page.get_by_role("link", name="spy").first).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("link", name="spy").first).to_be_visible()
    assert [url for url in asked if "tracker" in url] == []


async def test_a_storage_full_of_rubbish_does_not_keep_the_page_from_starting(
    core: FakeCore, page: Page
) -> None:
    await page.evaluate(
        "localStorage.setItem('thaw.out.x', '{'); localStorage.setItem('thaw.out.y', 'null');"
        "localStorage.setItem('thaw.name', '[');"
    )
    await page.reload()
    await say(page, "works")
    assert (await core.message()).text == "works"


async def test_a_full_storage_loses_nothing_that_is_on_the_page(core: FakeCore, page: Page) -> None:
    await page.evaluate(
        "for (let size = 4_000_000; size > 0; size = Math.floor(size / 2))"
        " try { localStorage.setItem('fill' + size, 'x'.repeat(size)); } catch {}"
    )
    await say(page, "still sent " + "y" * 5_000)
    assert (await core.message()).text.startswith("still sent")
