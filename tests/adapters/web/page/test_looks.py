import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from adapters.web import WebAdapter
from core.messages import Button, PostKind
from core.messages.views import ApprovalLine, Approvals
from tests.adapters.web.fake_core import ANNA, FakeCore, card
from tests.adapters.web.page.conftest import opened

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]

PHONE: ViewportSize = {"width": 360, "height": 700}
LONG = "averyveryverylongwordthatcannotbebroken" * 8

# Relative luminance as WCAG 2 defines it, over all visible text of the page.
CONTRAST = """() => {
  const channel = c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const colour = (text, under) => {
    canvas.fillStyle = `rgb(${under})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const ground = element => {
    const chain = [];
    for (let one = element; one; one = one.parentElement)
      chain.unshift(getComputedStyle(one).backgroundColor);
    return chain.reduce((under, text) => colour(text, under), [255, 255, 255]);
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    const style = getComputedStyle(element);
    const shown = element.checkVisibility({opacityProperty: true});
    if (!own || !shown || element.closest('.hidden, .skip')) continue;
    const under = ground(element);
    const [a, b] = [light(colour(style.color, under)), light(under)];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push(`${element.textContent.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


FOCUSED = """() => {
  const element = document.activeElement;
  const name = element.getAttribute('aria-label') || element.id || element.textContent;
  return [name, getComputedStyle(element).outlineStyle];
}"""


async def filled(core: FakeCore) -> None:
    await core.show_card(card(1, title=f"A title with {LONG}", step=LONG))
    await core.show_card(
        card(2, state="failed", ended_at=1.0, started_at=0.0, step="Failed: " + LONG)
    )
    await core.show_card(card(3, state="completed", ended_at=9.0, started_at=0.0))
    wide = "| " + " | ".join(["column"] * 14) + " |\n|" + "---|" * 14 + "\n"
    text = f"{wide}\n\n`{LONG}`\n\n{LONG}\n\n```\n{LONG}\n```\n\n> quote [link](https://e.example)"
    await core.post(
        text,
        kind=PostKind.RESULT,
        job=3,
        mention=ANNA,
        receipt=(f"`{LONG}` is now 3",),
        files=(f"out/{LONG}.txt",),
        buttons=(Button(action="undo.1", label="Undo", style="primary"),),
        offline=True,
    )
    await core.post("**staging** or prod?", kind=PostKind.CONFLICT, mention=ANNA)
    await core.set(LONG, '"short"')
    await core.set(LONG, f'"{LONG}"', conflicted=True, pinned=True)
    core.conflict(LONG)
    marked = ApprovalLine(
        number=1, job=4, tool="shell", text=f"rm -rf {LONG}", about=f"it matches `{LONG}`",
        by="Anna", at=1.0, buttons=(Button(action="withdraw.1", label="Revoke 1", style="danger"),),
    )  # fmt: skip
    core.approvals = Approvals(waiting=(marked,), standing=(marked,))


async def sticking_out(page: Page) -> list[str]:
    """The regions of the page that are wider inside than outside."""
    found: list[str] = await page.evaluate(
        "[document.documentElement, ...document.querySelectorAll('#log, #jobs, #places, .body,"
        " .what, .card, .entry, .box')].filter(one => one.scrollWidth > one.clientWidth)"
        ".map(one => `${one.className} ${one.scrollWidth} > ${one.clientWidth}`)"
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_every_view_fits_its_width_and_can_be_read(
    core: FakeCore, adapter: WebAdapter, browser: Browser, scheme: str, width: int
) -> None:
    await filled(core)
    context = await browser.new_context(
        viewport={"width": width, "height": 700},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = await opened(await context.new_page(), adapter)
    await expect(page.get_by_text("Result of job 3 for @Anna")).to_be_attached()
    for panel in ("", "State", "History", "Conflicts", "Approvals", "Spend", "Settings"):
        if panel:
            if width == 360:
                await page.get_by_role("button", name="Channels", exact=True).click()
            await page.get_by_role("button", name=panel, exact=True).first.click()
            await expect(page.get_by_role("dialog", name=panel)).not_to_contain_text("Loading…")
        await looks_well(page, f"{scheme}-{width}-{panel or 'talk'}")
        if panel == "State":
            await page.get_by_label("As of commit").press("ArrowLeft")
            await expect(page.get_by_text("This is the past.")).to_be_visible()
            await looks_well(page, f"{scheme}-{width}-past")
        if panel == "History":
            await page.get_by_role("button", name="Commit 2", exact=True).click()
            await expect(page.get_by_label("Difference")).to_be_visible()
            await looks_well(page, f"{scheme}-{width}-commit")
        if panel:
            await page.keyboard.press("Escape")
    await context.close()


async def looks_well(page: Page, name: str) -> None:
    """Nothing sticks out and all can be read; the picture is kept where somebody asks for it."""
    assert await sticking_out(page) == [], name
    assert await page.evaluate(CONTRAST) == [], name
    folder = os.environ.get("THAW_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def test_a_phone_shows_one_region_at_a_time(
    core: FakeCore, adapter: WebAdapter, browser: Browser
) -> None:
    await filled(core)
    context = await browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = await opened(await context.new_page(), adapter)
    jobs, log = page.get_by_role("region", name="Jobs"), page.get_by_role("log")
    await expect(log).to_be_visible()
    await expect(jobs).to_be_hidden()
    await page.get_by_role("button", name="Jobs 1").click()
    await expect(jobs.get_by_role("article")).to_have_count(3)
    await expect(log).to_be_hidden()
    assert await sticking_out(page) == []
    await jobs.get_by_role("button", name="Details").first.click()
    await expect(page.get_by_role("dialog", name="Job 1")).to_be_in_viewport()
    assert await sticking_out(page) == []
    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_role("link", name="# general").click()
    await expect(log).to_be_visible()
    await context.close()


@pytest.mark.parametrize("kind", [PostKind.NOTICE, PostKind.RESULT, PostKind.CONFLICT])
async def test_the_link_to_a_thread_stands_inside_the_frame_of_what_it_answers(
    core: FakeCore, adapter: WebAdapter, browser: Browser, kind: PostKind
) -> None:
    await core.post("Stopping job 4.", kind=kind)
    context = await browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = await opened(await context.new_page(), adapter)
    link = page.get_by_role("button", name="Reply in thread")
    await expect(link).to_be_visible()
    inner, outer = await link.bounding_box(), await page.locator("#log .what").bounding_box()
    assert inner is not None
    assert outer is not None
    assert inner["y"] > outer["y"]
    assert inner["x"] + inner["width"] < outer["x"] + outer["width"]
    await context.close()


async def test_streaming_moves_nothing_that_stands_above(core: FakeCore, page: Page) -> None:
    await core.post("a line that stays where it is")
    line = page.get_by_role("log").get_by_text("a line that stays where it is")
    await expect(line).to_be_visible()
    before = await line.bounding_box()
    text = ""
    for number in range(12):
        text += f"word {number} **bold** "
        await core.stream(text, "post:77")
        await page.wait_for_timeout(30)
    await expect(page.get_by_role("log")).to_contain_text("word 11")
    await core.post(text, id="post:77")
    await expect(page.get_by_role("log").locator("[aria-busy=true]")).to_have_count(0)
    assert await line.bounding_box() == before


async def test_the_whole_page_is_reached_by_keyboard_with_a_visible_focus(
    core: FakeCore, page: Page
) -> None:
    await core.show_card(card(1))
    await core.post("choose", buttons=(Button(action="undo.1", label="Undo"),))
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()
    await page.get_by_role("link", name="Skip to writing").focus()
    reached: list[str] = []
    while not reached or reached[-1] != "Details":
        await page.keyboard.press("Tab")
        name, outline = await page.evaluate(FOCUSED)
        assert outline != "none", name
        assert name not in reached
        reached.append(name)
    for name in (
        "New channel",
        "New thread",
        "Spend",
        "message",
        "Send",
        "Undo",
        "Stop",
        "Steer",
        "Details",
    ):
        assert name in reached
