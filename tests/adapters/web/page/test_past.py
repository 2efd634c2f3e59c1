import re

import pytest
from playwright.async_api import Locator, Page, expect

from core.messages import Button, PostKind
from core.messages.queries import ReadCommit, ReadFile, ReadHistory, ReadState
from tests.adapters.web.fake_core import FakeCore
from tests.adapters.web.page.test_panels import open_panel

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]


async def three_commits(core: FakeCore, page: Page) -> Locator:
    """A key with three values, and the open state."""
    core.channels["general"].files["out/a.txt"] = b"the file"
    for value in ("one", "two", "three"):
        await core.set("k", value)
    await open_panel(page, "State")
    panel = page.locator("#panel")
    await expect(panel).to_contain_text("Commit 3, as it is now")
    return panel


def asked_last(core: FakeCore) -> ReadState:
    return [query for query in core.looked if isinstance(query, ReadState)][-1]


async def test_the_arrow_keys_go_back_through_the_commits_and_forth(
    core: FakeCore, page: Page
) -> None:
    panel = await three_commits(core, page)
    slider = panel.get_by_label("As of commit")
    await slider.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(panel.get_by_role("heading", name="State as it was")).to_be_visible()
    await expect(panel).to_contain_text("This is the past. Commit 2, made ")
    await expect(panel.get_by_role("article", name="k")).to_contain_text("two")
    await page.keyboard.press("ArrowLeft")
    await expect(panel.get_by_role("article", name="k")).to_contain_text("one")
    await expect(slider).to_be_focused()
    assert asked_last(core).at == 1
    # A commit made meanwhile moves the end of the slider, and not the moment that is looked at.
    await core.set("k", "four")
    await expect(panel).to_contain_text("1 of 4")
    await page.keyboard.press("End")
    await expect(panel).to_contain_text("Commit 4, as it is now")
    assert asked_last(core).at is None
    await expect(panel.get_by_text("This is the past.")).to_have_count(0)


async def test_a_date_goes_to_the_state_of_then_and_now_comes_back(
    core: FakeCore, page: Page
) -> None:
    panel = await three_commits(core, page)
    await panel.get_by_label("or a date and time").fill("2026-11-17T14:30")
    await page.keyboard.press("Enter")
    await expect(panel).to_contain_text("This is the past. Commit 1")
    when = asked_last(core).when
    assert when is not None
    assert re.fullmatch(r"2026-11-1\dT\d\d:[03]0:00.000Z", when)
    await expect(panel.get_by_label("As of commit")).to_have_value("1")
    await panel.get_by_role("button", name="Now").click()
    await expect(panel).to_contain_text("Commit 3, as it is now")
    await expect(panel.get_by_label("As of commit")).to_have_value("3")


async def test_a_date_before_the_first_commit_says_so_and_another_can_be_given(
    core: FakeCore, page: Page
) -> None:
    panel = await three_commits(core, page)
    field = panel.get_by_label("or a date and time")
    await field.fill("1999-01-01T00:00")
    await panel.get_by_role("button", name="Go to then").click()
    await expect(panel.get_by_role("alert")).to_contain_text("there was nothing then")
    await field.fill("2026-11-17T14:30")
    await panel.get_by_role("button", name="Go to then").click()
    await expect(panel.get_by_text("This is the past.")).to_be_visible()
    await expect(panel.get_by_role("alert")).to_have_count(0)


async def test_the_filter_keeps_the_moment_and_the_moment_the_filter(
    core: FakeCore, page: Page
) -> None:
    panel = page.locator("#panel")
    await core.set("b.two", "2")
    await core.set("a.one", "1")
    await core.set("b.two", "3")
    await open_panel(page, "State")
    await panel.get_by_label("Key or path begins with").fill("b.")
    await panel.get_by_role("button", name="Show").click()
    await expect(panel.get_by_role("article", name="a.one")).to_have_count(0)
    await panel.get_by_label("As of commit").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(panel.get_by_role("article", name="b.two")).to_contain_text("2")
    asked = asked_last(core)
    assert (asked.prefix, asked.at) == ("b.", 2)


async def test_a_file_of_the_past_is_opened_and_downloaded_as_it_was(
    core: FakeCore, page: Page
) -> None:
    panel = await three_commits(core, page)
    await panel.get_by_label("As of commit").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(panel.get_by_text("This is the past.")).to_be_visible()
    await panel.get_by_role("button", name="out/a.txt").click()
    file = page.get_by_role("dialog", name="out/a.txt at commit 2")
    await expect(file).to_contain_text("the file")
    assert [query.at for query in core.looked if isinstance(query, ReadFile)] == [2]
    async with page.expect_download() as downloading:
        await file.get_by_role("link", name="Download").click()
    assert (await downloading.value).suggested_filename == "a.txt"
    assert [query.at for query in await core.queries(ReadFile, 2)] == [2, 2]
    await file.get_by_role("button", name="History").click()
    assert [query.key for query in await core.queries(ReadHistory, 1)] == ["out/a.txt"]


async def test_a_commit_opens_with_its_difference_and_the_state_after_it(
    core: FakeCore, page: Page
) -> None:
    await three_commits(core, page)
    await open_panel(page, "History")
    panel = page.locator("#panel")
    await panel.get_by_role("button", name="Commit 2", exact=True).click()
    await expect(page.get_by_role("dialog", name="Commit 2")).to_be_visible()
    difference = panel.get_by_label("Difference")
    await expect(difference.locator("del")).to_have_text(re.compile("-one"))
    await expect(difference.locator("ins")).to_have_text(re.compile(r"\+two"))
    await expect(panel).to_contain_text("and 7 more keys")
    await expect(panel).to_contain_text("based on commit 1")
    await panel.get_by_role("button", name="Commit 3 →").click()
    await expect(page.get_by_role("dialog", name="Commit 3")).to_be_visible()
    await panel.get_by_role("button", name="State before").click()
    await expect(panel.get_by_role("article", name="k")).to_contain_text("two")
    assert asked_last(core).at == 2
    await panel.get_by_role("button", name="What this commit changed").click()
    await expect(page.get_by_role("dialog", name="Commit 2")).to_be_visible()
    assert [query.number for query in await core.queries(ReadCommit, 3)] == [2, 3, 2]


async def test_undo_in_a_panel_tells_there_what_it_did_with_an_undo_of_its_own(
    core: FakeCore, page: Page
) -> None:
    await three_commits(core, page)
    await open_panel(page, "History")
    panel = page.locator("#panel")
    oldest = panel.locator(".commits > li").last
    await oldest.get_by_role("button", name="Undo").click()
    press = await core.pressed()
    assert press.action == "undo.1"
    await core.post(
        "Undid commit **1**.", id=f"reply:press:{press.id}", kind=PostKind.NOTICE,
        receipt=("`k` stays three",), buttons=(Button(action="undo.4", label="Undo"),),
    )  # fmt: skip
    told = panel.get_by_role("status").filter(has_text="Undid commit 1.")
    await expect(told).to_contain_text("k stays three")
    await core.set("other", "1")
    await expect(panel.get_by_role("button", name="Commit 4", exact=True)).to_be_visible()
    await told.get_by_role("button", name="Undo").click()
    again = await core.pressed()
    assert again.action == "undo.4"
    await core.post(
        "commit 4 is undone already", id=f"reply:press:{again.id}", kind=PostKind.NOTICE
    )
    await expect(panel.get_by_role("status")).to_have_text("commit 4 is undone already")
    await open_panel(page, "State")
    await expect(panel.get_by_text("undone already")).to_have_count(0)


async def test_a_pinned_fact_names_who_pinned_it_and_who_wrote_it(
    core: FakeCore, page: Page
) -> None:
    await core.set("k", "one", pinned=True)
    await open_panel(page, "State")
    entry = page.get_by_role("article", name="k")
    await expect(entry).to_contain_text("pinned by Ben")
    await expect(entry).to_contain_text("by Anna")
    await entry.get_by_role("button", name="commit 1").click()
    await expect(page.get_by_role("dialog", name="Commit 1")).to_be_visible()
