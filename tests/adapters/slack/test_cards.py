import asyncio
import time
from dataclasses import replace

import pytest

from adapters.slack.adapter import SlackAdapter
from core.errors import DeliveryFailed
from core.messages import Card, CardMoved, ThreadRef
from core.messages.views import StepLine
from tests.adapters.slack.conftest import Running, connected
from tests.adapters.slack.fake_core import STEER, FakeCore, card, place, post
from tests.emulators.slack import Fault, Human, SlackServer


@pytest.fixture
def thread(anna: Human) -> ThreadRef:
    return place(anna.write("a question").ts)


async def test_a_card_is_one_message_that_changes(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    await adapter.deliver(card(thread, cost=41_000_000))
    [shown] = slack.workspace.posts("C0GEN")
    assert "Job 1 · Work 1" in shown.shown
    used = "1,234 tokens · $0.041"
    for fact in ("running", "1 min", used, "2 steps", "asked by Anna", "reading"):
        assert fact in shown.shown
    assert list(shown.buttons) == ["Stop", "Steer", "Details"]
    ended = card(thread, state="completed", version=5, ended_at=time.time(), buttons=())
    await adapter.deliver(ended)
    assert slack.workspace.posts("C0GEN") == [shown]
    assert "completed" in shown.shown
    assert slack.workspace.notified == []


async def test_progress_is_painted_and_older_progress_is_not(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    await adapter.deliver(card(thread))
    [shown] = slack.workspace.posts("C0GEN")
    await adapter.show(CardMoved(card=card(thread, version=3, step="writing")))
    await slack.workspace.until(lambda: "writing" in shown.shown)
    await adapter.show(CardMoved(card=card(thread, version=2, step="stale")))
    await painted_another(adapter, slack, thread)
    await adapter.show(CardMoved(card=card(thread, version=4, step="testing")))
    await slack.workspace.until(lambda: "testing" in shown.shown)
    assert not any("stale" in past for past in shown.past)


async def painted_another(adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef) -> None:
    """Return when a further card was painted, so that all that moved before it was, too."""
    await adapter.deliver(card(thread, 9))
    other = slack.workspace.posts("C0GEN")[-1]
    await adapter.show(CardMoved(card=card(thread, 9, version=2, step="painted")))
    await slack.workspace.until(lambda: "painted" in other.shown)


async def test_many_cards_share_the_limit_fairly_and_break_none(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    cards = [card(thread, number) for number in range(1, 13)]
    for one in cards:
        await adapter.deliver(one)
    version, edits = 1, [0]
    async with asyncio.timeout(60):
        while min(edits) < 2:
            version += 1
            for one in cards:
                moved = replace(one, version=version, step=f"v{version}")
                await adapter.show(CardMoved(card=moved))
            await asyncio.sleep(0.02)
            edits = [shown.edits for shown in slack.workspace.posts("C0GEN")]
            assert max(edits) - min(edits) <= 2
    assert slack.limits.violations == []


async def test_an_end_is_painted_although_progress_uses_the_limit_up(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    cards = [card(thread, number) for number in range(1, 6)]
    for one in cards:
        await adapter.deliver(one)
    for version in range(2, 90):
        for one in cards:
            await adapter.show(CardMoved(card=replace(one, version=version)))
        await asyncio.sleep(0.01)
    ended = [replace(one, version=99, state="completed", ended_at=1.0) for one in cards]
    for one in ended:
        await asyncio.wait_for(adapter.deliver(one), 60)
    await adapter.deliver(post(thread, "the result", id="result:1"))
    *shown, result = slack.workspace.posts("C0GEN")
    await slack.workspace.until(lambda: all("completed" in one.shown for one in shown))
    assert result.shown == "the result"
    assert slack.limits.violations == []


async def test_ends_are_painted_before_progress(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    cards = [card(thread, number) for number in range(1, 6)]
    for one in cards:
        await adapter.deliver(one)
    ending = slack.workspace.posts("C0GEN")[-1]
    use_edits_up(adapter)
    for one in cards[:-1]:
        await adapter.show(CardMoved(card=replace(one, version=2, step="moved")))
    await adapter.deliver(replace(cards[-1], version=2, state="completed", ended_at=1.0))
    assert slack.calls["chat.update"] == 0
    await slack.workspace.until(lambda: slack.calls["chat.update"])
    first = next(call for call in slack.called if call.method == "chat.update")
    assert first.text("ts") == ending.ts


def use_edits_up(adapter: SlackAdapter) -> None:
    """As if many had gone out just now."""
    lane = adapter._api.limits._lane("chat.update", "")
    while not lane.wait_s():
        lane.count()


async def test_an_end_that_has_to_wait_for_its_turn_is_owed_until_it_is_painted(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    await adapter.deliver(card(thread))
    [shown] = slack.workspace.posts("C0GEN")
    use_edits_up(adapter)
    owed = await adapter.deliver(card(thread, version=2, state="completed", ended_at=1.0))
    assert owed is not None
    assert "completed" not in shown.shown
    await asyncio.wait_for(owed, 60)
    assert "completed" in shown.shown


async def test_a_newer_state_takes_the_turn_of_an_older_one(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    await adapter.deliver(card(thread))
    [shown] = slack.workspace.posts("C0GEN")
    use_edits_up(adapter)
    older = await adapter.deliver(card(thread, version=2, state="waiting"))
    newer = await adapter.deliver(card(thread, version=3, state="completed", ended_at=1.0))
    assert older is not None
    assert newer is not None
    await asyncio.wait_for(older, 60)
    await asyncio.wait_for(newer, 60)
    assert "completed" in shown.shown
    assert not any("waiting" in past for past in shown.past)


async def test_an_end_whose_turn_did_not_come_before_a_restart_is_painted_after_it(
    running: Running, slack: SlackServer, thread: ThreadRef
) -> None:
    first = await running.again()
    await connected(slack)
    await first.deliver(card(thread))
    [shown] = slack.workspace.posts("C0GEN")
    use_edits_up(first)
    ended = card(thread, version=2, state="completed", ended_at=1.0)
    owed = await first.deliver(ended)
    await running.stop()
    assert "completed" not in shown.shown
    assert owed is not None  # so it waits in the outbox, and comes again
    again = await running.again()
    await again.deliver(ended)
    assert "completed" in shown.shown


async def test_a_card_that_somebody_deleted_stays_deleted(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    await adapter.deliver(card(thread))
    slack.workspace.posts("C0GEN")[0].deleted = True
    await adapter.deliver(card(thread, version=2, state="completed"))
    assert slack.workspace.posts("C0GEN") == []


async def test_a_card_whose_posting_was_unclear_is_there_once_and_as_it_is_by_then(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="lost"))
    with pytest.raises(DeliveryFailed):
        await adapter.deliver(card(thread))
    await adapter.deliver(card(thread, version=2, state="completed"))
    [shown] = slack.workspace.posts("C0GEN")
    assert "completed" in shown.shown


async def test_stop_is_a_press_in_the_cards_thread_also_after_a_restart(
    running: Running, slack: SlackServer, core: FakeCore, thread: ThreadRef, anna: Human
) -> None:
    first = await running.again()
    await first.deliver(card(thread))
    await running.stop()
    await running.again()
    await connected(slack)
    [shown] = slack.workspace.posts("C0GEN")
    await anna.press(shown, "Stop")
    press = await core.pressed()
    assert (press.action, press.thread, press.person.id) == ("stop.1", thread, "U0ANNA")


async def test_one_press_that_is_told_twice_is_one(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef, anna: Human
) -> None:
    await adapter.deliver(card(thread))
    payload = anna.press_payload(slack.workspace.posts("C0GEN")[0], "stop.1")
    await anna.press_raw(payload)
    await anna.press_raw(payload)
    assert len(core.accepted) == 1


async def test_steer_asks_in_a_form_and_the_words_arrive_as_a_press(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef, anna: Human
) -> None:
    await adapter.deliver(card(thread))
    await anna.press(slack.workspace.posts("C0GEN")[0], "Steer")
    [view] = await slack.workspace.until(lambda: slack.workspace.views)
    assert view["blocks"][0]["label"]["text"] == STEER
    await anna.submit(view, "only <the> tests")
    press = await core.pressed()
    assert (press.action, press.text, press.thread) == ("steer.1", "only <the> tests", thread)


async def test_details_shows_the_steps(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef, anna: Human
) -> None:
    core.cards[1] = card(thread)
    core.steps = tuple(
        StepLine(number=n, kind="tool", title=f"shell {n}", detail="x" * 900, at=1.0, seconds=2.0)
        for n in range(1, 400)
    )
    await adapter.deliver(core.cards[1])
    await anna.press(slack.workspace.posts("C0GEN")[0], "Details")
    [view] = await slack.workspace.until(lambda: slack.workspace.views)
    words = "\n".join(block["text"]["text"] for block in view["blocks"])
    assert "399. shell 399 (2.0 s)" in words
    assert core.accepted == []


async def test_a_job_that_is_not_there_is_told_to_who_asked(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef, anna: Human
) -> None:
    await adapter.deliver(card(thread))
    shown = slack.workspace.posts("C0GEN")[0]
    for action in ("details.7", "details.x; drop", "details." + "9" * 50):
        await anna.press_raw(anna.press_payload(shown, action))
    await slack.workspace.until(lambda: len(slack.workspace.hints("U0ANNA")) == 3)
    assert slack.workspace.views == []


@pytest.mark.parametrize("label", ["Stop", "Steer", "Details"])
async def test_a_stranger_who_presses_gets_nothing(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef, ben: Human,
    label: str,
) -> None:  # fmt: skip
    core.strangers.add("U0BEN")
    core.cards[1] = card(thread)
    await adapter.deliver(core.cards[1])
    shown = slack.workspace.posts("C0GEN")[0]
    await ben.press(shown, label)
    await Human(slack).press(shown, "Details")
    # Windows open in the order of the presses: the stranger's would be there by now.
    assert len(await slack.workspace.until(lambda: slack.workspace.views)) == 1
    assert (core.accepted, slack.workspace.hints("U0BEN")) == ([], [])


async def test_slacks_own_stop_stops_what_goes_on_in_the_thread_and_shows_what_is_left(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef, anna: Human
) -> None:
    sessions = slack.workspace.sessions
    await adapter.deliver(card(thread))
    await slack.workspace.until(lambda: sessions["C0GEN", thread.thread] == ["processing"])
    await anna.stop("C0GEN", thread.thread)
    press = await core.pressed()
    assert (press.action, press.thread, press.person.id) == ("stop.thread", thread, "U0ANNA")
    await slack.workspace.until(
        lambda: sessions["C0GEN", thread.thread] == ["processing", "processing"]
    )
    await adapter.deliver(card(thread, version=2, state="cancelled", ended_at=time.time()))
    await slack.workspace.until(lambda: sessions["C0GEN", thread.thread][-1] == "active")
    await anna.stop("C0GEN", thread.thread)
    await slack.workspace.until(lambda: sessions["C0GEN", thread.thread][-2:] == ["active"] * 2)


async def test_a_running_job_keeps_the_session_at_work(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    sessions = slack.workspace.sessions
    await adapter.deliver(card(thread))
    await slack.workspace.until(lambda: sessions["C0GEN", thread.thread] == ["processing"])
    ended: Card = card(thread, version=2, state="completed", ended_at=time.time())
    await adapter.deliver(ended)
    await slack.workspace.until(
        lambda: sessions["C0GEN", thread.thread] == ["processing", "active"]
    )
