import time

import pytest
from playwright.async_api import Page, expect

from core.errors import BadRequest
from core.messages import CardMoved
from core.messages.views import StepLine
from tests.adapters.web.fake_core import FakeCore, card

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]


def step(number: int, title: str) -> StepLine:
    return StepLine(
        number=number, kind="tool", title=title, detail=f"detail of {title}", at=1.0, seconds=0.5
    )


async def test_a_card_shows_its_job_and_moves(core: FakeCore, page: Page) -> None:
    await core.show_card(card(1, title="Why did CI fail?", step="searching"))
    jobs = page.get_by_role("region", name="Jobs")
    shown = jobs.get_by_role("article", name="Why did CI fail?, running")
    await expect(shown).to_contain_text("searching")
    await expect(shown).to_contain_text("1.2k tokens")
    await expect(shown).not_to_contain_text("$")
    assert core.adapter is not None
    await core.adapter.show(
        CardMoved(card=card(1, title="Why did CI fail?", step="reading", version=2, cost=4_200_000))
    )
    await expect(shown).to_contain_text("reading")
    await expect(shown).to_contain_text("1.2k tokens · $0.0042")
    ended = card(1, title="Why did CI fail?", state="completed", version=3, ended_at=time.time())
    await core.show_card(ended)
    await expect(jobs.get_by_role("article", name="Why did CI fail?, completed")).to_be_visible()
    await core.adapter.show(CardMoved(card=card(1, title="Why did CI fail?", version=2)))
    await core.post("later")
    await expect(page.get_by_role("log").get_by_text("later")).to_be_visible()
    await expect(jobs.get_by_role("article", name="Why did CI fail?, completed")).to_be_visible()


async def test_the_clock_ticks_while_the_job_runs_and_stops_with_it(
    core: FakeCore, page: Page
) -> None:
    await core.show_card(card(1, started_at=time.time() - 58))
    clock = page.get_by_role("region", name="Jobs").locator(".elapsed")
    await expect(clock).to_have_text("59s")
    await expect(clock).to_have_text("1m 00s")
    await core.show_card(card(1, state="failed", version=2, started_at=10.0, ended_at=75.0))
    await expect(clock).to_have_text("1m 05s")
    assert await clock.get_attribute("data-since") is None


async def test_stop_presses_and_steer_asks_first(core: FakeCore, page: Page) -> None:
    await core.show_card(card(4))
    jobs = page.get_by_role("region", name="Jobs")
    await jobs.get_by_role("button", name="Stop").click()
    assert (await core.pressed()).action == "stop.4"
    await jobs.get_by_role("button", name="Steer").click()
    form = page.get_by_role("dialog", name="Steer")
    await expect(form.get_by_label("What should it know?")).to_be_focused()
    await form.get_by_role("button", name="Steer").click()
    await expect(form.get_by_role("alert")).to_have_text("Write something first.")
    await form.get_by_role("textbox").fill("use euros")
    await page.keyboard.press("Enter")
    pressed = await core.pressed()
    assert (pressed.action, pressed.text) == ("steer.4", "use euros")
    await expect(form).to_be_hidden()
    await expect(jobs.get_by_role("button", name="Steer")).to_be_focused()


async def test_a_form_that_is_left_presses_nothing(core: FakeCore, page: Page) -> None:
    await core.show_card(card(4))
    steer = page.get_by_role("region", name="Jobs").get_by_role("button", name="Steer")
    await steer.click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(steer).to_be_focused()
    await steer.click()
    await page.get_by_role("button", name="Cancel").click()
    assert not core.accepted


async def test_a_refused_press_says_why_and_can_be_made_again(core: FakeCore, page: Page) -> None:
    await core.show_card(card(4))
    core.refusals.append(BadRequest("only Ben may stop this job"))
    await page.get_by_role("region", name="Jobs").get_by_role("button", name="Stop").click()
    note = page.locator(".toast")
    await expect(note).to_contain_text("only Ben may stop this job")
    await note.get_by_role("button", name="Retry").click()
    assert (await core.pressed()).action == "stop.4"
    await expect(note).to_have_count(0)


async def test_details_follow_the_job_without_closing_what_was_opened(
    core: FakeCore, page: Page
) -> None:
    await core.show_card(card(2))
    core.channels["general"].steps[2] = [step(1, "search logs"), step(2, "read file")]
    await page.get_by_role("region", name="Jobs").get_by_role("button", name="Details").click()
    details = page.get_by_role("dialog", name="Job 2")
    await expect(details).to_contain_text("Do work 2 well.", use_inner_text=False)
    await details.get_by_text("search logs", exact=True).click()
    await expect(details.get_by_text("detail of search logs")).to_be_visible()
    core.channels["general"].steps[2].append(step(3, "write answer"))
    assert core.adapter is not None
    await core.adapter.show(CardMoved(card=card(2, version=2, step="writing")))
    await expect(details.get_by_text("write answer", exact=True)).to_be_visible()
    await expect(details.get_by_text("detail of search logs")).to_be_visible()
    await core.show_card(card(2, state="completed", version=3, ended_at=time.time()))
    await expect(details.get_by_text("It is done.")).to_be_visible()


async def test_a_quiet_page_asks_nothing(core: FakeCore, page: Page) -> None:
    await core.show_card(card(2))
    await page.get_by_role("region", name="Jobs").get_by_role("button", name="Details").click()
    await expect(page.get_by_role("dialog", name="Job 2")).to_contain_text("No steps yet.")
    for _ in range(5):  # what was on its way comes first, and then nothing more
        asked = len(core.looked)
        await page.wait_for_timeout(2_500)
        if len(core.looked) == asked:
            return
    pytest.fail("it goes on asking")


async def test_sixty_four_moving_cards_leave_the_page_quick(core: FakeCore, page: Page) -> None:
    for number in range(1, 65):
        await core.show_card(card(number))
    cards = page.get_by_role("region", name="Jobs").get_by_role("article")
    await expect(cards).to_have_count(64)
    assert core.adapter is not None
    for version in range(2, 12):
        for number in range(1, 65):
            await core.adapter.show(
                CardMoved(card=card(number, version=version, step=f"v{version}"))
            )
        await page.wait_for_timeout(100)
    await expect(cards.get_by_text("v11")).to_have_count(64)
    box = page.get_by_label("Message")
    began = time.perf_counter()
    await box.fill("still here")
    await box.press("Enter")
    await core.message()
    assert time.perf_counter() - began < 10
