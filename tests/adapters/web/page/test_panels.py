import pytest
from playwright.async_api import Page, Route, expect

from core.messages import Button, PostKind
from core.messages.queries import ReadHistory
from core.messages.views import ApprovalLine, Approvals
from tests.adapters.web.fake_core import FakeCore, card

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_system("chromium")]


async def open_panel(page: Page, name: str) -> None:
    places = page.get_by_role("navigation", name="Channels and threads")
    await places.get_by_role("button", name=name, exact=True).click()


async def test_the_state_shows_entries_and_files_and_follows_each_commit(
    core: FakeCore, page: Page
) -> None:
    core.channels["general"].files["out/a.txt"] = b"the file"
    await core.set("launch.date", '"2027-02-01"', pinned=True)
    await open_panel(page, "State")
    panel = page.get_by_role("dialog", name="State")
    entry = panel.get_by_role("article", name="launch.date")
    await expect(entry).to_contain_text('"2027-02-01"')
    await expect(entry).to_contain_text("pinned")
    await expect(entry).to_contain_text("by Anna")
    await core.set("launch.date", '"2027-03-01"')
    await expect(entry).to_contain_text('"2027-03-01"')
    await panel.get_by_role("button", name="out/a.txt").click()
    await expect(page.get_by_role("dialog", name="out/a.txt")).to_contain_text("the file")


async def test_history_shows_each_commit_with_undo(core: FakeCore, page: Page) -> None:
    await core.set("a.one", "1")
    await core.set("a.two", "2")
    await open_panel(page, "History")
    panel = page.get_by_role("dialog", name="History")
    commits = panel.get_by_role("listitem").filter(has_text="Commit")
    await expect(commits).to_have_count(2)
    await expect(commits.first).to_contain_text("a.two is now 2")
    await commits.first.get_by_role("button", name="Undo").click()
    assert (await core.pressed()).action == "undo.2"


async def test_one_entry_s_history_is_a_click_away(core: FakeCore, page: Page) -> None:
    await core.set("a.one", "1")
    await open_panel(page, "State")
    entry = page.get_by_role("article", name="a.one")
    await entry.get_by_role("button", name="History").click()
    await expect(page.get_by_role("dialog", name="History of a.one")).to_be_visible()
    assert [query.key for query in await core.queries(ReadHistory, 1)] == ["a.one"]


async def test_a_conflict_shows_every_version_and_its_buttons(core: FakeCore, page: Page) -> None:
    core.conflict("deploy.target")
    await open_panel(page, "Conflicts")
    conflict = page.get_by_role("article", name="Conflict over deploy.target")
    await expect(conflict).to_contain_text("Stands now")
    await expect(conflict).to_contain_text('"staging"')
    await expect(conflict).to_contain_text("by job 4, asked by Ben")
    await expect(conflict).to_contain_text("Deploy again")
    difference = conflict.get_by_label("Difference")
    await expect(difference.locator("del")).to_contain_text("-prod")
    await expect(difference.locator("ins")).to_contain_text("+staging")
    await conflict.get_by_role("button", name="Take job 4's").click()
    assert (await core.pressed()).action == "resolve.2.1.1"
    core.channels["general"].conflicts.clear()
    await core.post("settled", kind=PostKind.CONFLICT)
    await expect(page.get_by_role("dialog")).to_contain_text("No open conflicts")


async def test_spend_and_settings_are_shown_and_a_setting_is_changed_by_command(
    core: FakeCore, page: Page
) -> None:
    await open_panel(page, "Spend")
    spend = page.get_by_role("dialog", name="Spend")
    await expect(spend).to_contain_text("41k tokens · $0.041")
    await expect(spend).to_contain_text("200k tokens and $2.50")
    await open_panel(page, "Settings")
    setting = page.get_by_role("article", name="model")
    await setting.get_by_role("button", name="Change").click()
    form = page.get_by_role("dialog", name="Change a setting")
    await form.get_by_role("textbox").fill("gpt-x")
    await page.keyboard.press("Enter")
    assert (await core.message()).text == "/settings model gpt-x"


async def test_a_panel_opens_and_closes_by_keyboard_and_gives_the_focus_back(page: Page) -> None:
    button = page.get_by_role("button", name="Spend", exact=True)
    await button.focus()
    await page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Spend")
    await expect(panel.get_by_role("heading", name="Spend")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(panel.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(button).to_be_focused()


async def test_the_focus_goes_to_the_box_when_what_opened_the_panel_is_gone(
    core: FakeCore, page: Page
) -> None:
    await core.show_card(card(1))
    details = page.get_by_role("region", name="Jobs").get_by_role("button", name="Details")
    await details.click()
    await expect(page.get_by_role("dialog", name="Job 1")).to_be_visible()
    await details.evaluate("button => button.remove()")
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Message")).to_be_focused()


async def test_a_question_the_bot_cannot_answer_says_so_in_the_panel(
    core: FakeCore, page: Page
) -> None:
    await core.post("see", files=("gone.txt",))
    await page.get_by_role("button", name="gone.txt").click()
    alert = page.get_by_role("dialog", name="gone.txt").get_by_role("alert")
    await expect(alert).to_have_text("There is no file 'gone.txt'.")


def line(number: int, text: str, at: float | None, *actions: str) -> ApprovalLine:
    return ApprovalLine(
        number=number, job=4, tool="shell", text=text, about="it matches 'rm'", by="Anna", at=at,
        buttons=tuple(Button(action=one, label=one.partition(".")[0].title()) for one in actions),
    )  # fmt: skip


async def test_approvals_show_what_waits_and_what_holds_and_take_it_back(
    core: FakeCore, page: Page
) -> None:
    await open_panel(page, "Approvals")
    panel = page.get_by_role("dialog", name="Approvals")
    await expect(panel).to_contain_text("No job waits for a word")
    await page.keyboard.press("Escape")
    evil = "rm -rf /tmp/x <img src=x onerror=alert(1)>"
    core.approvals = Approvals(
        waiting=(line(1, evil, None, "allow.4.1.1", "deny.4.1"),),
        standing=(line(2, "git push", 1.0, "withdraw.2"),),
    )
    await open_panel(page, "Approvals")
    waits = panel.get_by_role("article", name="Job 4 asks")
    await expect(waits).to_contain_text(evil)
    await waits.get_by_role("button", name="Deny").click()
    assert (await core.pressed()).action == "deny.4.1"
    holds = panel.get_by_role("article", name="Approval 2")
    await expect(holds).to_contain_text("allowed by Anna for job 4")
    revoke = holds.get_by_role("button", name="Withdraw")
    await revoke.focus()
    await page.keyboard.press("Enter")
    assert (await core.pressed()).action == "withdraw.2"


METRICS = """\
# HELP thaw_platform_connected Whether the platform can be heard (1) or not (0).
thaw_platform_connected{platform="slack"} 1
thaw_platform_connected{platform="telegram"} 0
thaw_platform_last_event_timestamp_seconds{platform="slack"} 1700000000
thaw_platform_queue{platform="slack"} 3
thaw_platform_sends_total{platform="slack"} 12
thaw_jobs{state="running"} 1
"""


async def test_platforms_show_who_is_connected_and_what_waits(core: FakeCore, page: Page) -> None:
    said = ["", METRICS]

    async def measured(route: Route) -> None:
        await route.fulfill(body=said.pop(0), content_type="text/plain")

    await page.route("**/metrics", measured)
    await open_panel(page, "Platforms")
    panel = page.get_by_role("dialog", name="Platforms")
    await expect(panel).to_contain_text("No platform is set up")
    await page.keyboard.press("Escape")
    await open_panel(page, "Platforms")
    slack = panel.get_by_role("article", name="slack")
    await expect(slack).not_to_contain_text("not connected")
    await expect(slack).to_contain_text("3 things waiting")
    telegram = panel.get_by_role("article", name="telegram")
    await expect(telegram).to_contain_text("not connected")
    await expect(telegram).to_contain_text("last event: none yet")


async def test_a_bot_that_does_not_say_how_it_is_doing_is_told(core: FakeCore, page: Page) -> None:
    await open_panel(page, "Platforms")
    panel = page.get_by_role("dialog", name="Platforms")
    await expect(panel.get_by_role("alert")).to_contain_text("does not say")
