import asyncio
import itertools
import time

import pytest

from adapters.slack import api
from adapters.slack.adapter import SlackAdapter
from adapters.slack.limits import Limits
from adapters.slack.status import Meter
from core.errors import DeliveryFailed, DeliveryRefused, StoreError
from core.messages import Button, Person, Post, PostKind, ThreadRef
from tests.adapters.slack.conftest import Running
from tests.adapters.slack.fake_core import ANNA, FakeCore, FakePlaces, place, post
from tests.emulators.slack import Fault, Human, SlackServer


@pytest.fixture
def thread(anna: Human) -> ThreadRef:
    return place(anna.write("a question").ts)


async def delivered(adapter: SlackAdapter, item: Post) -> int:
    """As the outbox does it: again until it is out. Returns how often it took."""
    for attempt in range(1, 20):
        try:
            await adapter.deliver(item)
        except DeliveryFailed:
            await asyncio.sleep(0.01)
        else:
            return attempt
    raise AssertionError("never delivered")


async def test_a_result_is_a_new_message_in_its_thread_that_notifies_who_asked(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    await adapter.deliver(
        post(
            thread, "All **green**. See https://example.com", id="result:1",
            kind=PostKind.RESULT, mention=ANNA, receipt=("builds: +1",), drift=("target moved",),
            buttons=(Button(action="undo.4", label="Undo"),),
        )
    )  # fmt: skip
    [shown] = slack.workspace.posts("C0GEN")
    assert shown.thread_ts == thread.thread
    assert "All **green**." in shown.shown
    assert "• builds: +1" in shown.shown
    assert "target moved" in shown.shown
    assert shown.buttons == {"Undo": "undo.4"}
    assert slack.workspace.notified == [("@U0ANNA", shown.ts)]
    assert not shown.unfurls


async def test_what_concerns_one_person_is_shown_to_them_alone_and_once(
    adapter: SlackAdapter, slack: SlackServer, anna: Human, thread: ThreadRef
) -> None:
    refusal = post(thread, "That is Ben's job.", alone=Person(id=anna.user, name="Anna"))
    before = slack.calls["chat.postMessage"]
    await adapter.deliver(refusal)
    await adapter.deliver(refusal)
    assert [one.text for one in slack.workspace.hints(anna.user)] == ["That is Ben's job."]
    assert slack.calls["chat.postMessage"] == before


async def test_where_nobody_can_be_told_alone_all_are_told(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    refusal = post(thread, "That is Ben's job.", alone=Person(id="U0LEFT", name="Left"))
    await adapter.deliver(refusal)
    assert slack.calls["chat.postMessage"] == 1


async def test_no_text_notifies_by_accident(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    text = "<!here> <!channel> <@U0BEN> <!subteam^S1|team> @everyone\n```\n<!everyone>\n```"
    await adapter.deliver(post(thread, text, receipt=("<!here> <@U0BEN>",)))
    assert slack.workspace.notified == []


async def test_the_same_item_again_is_shown_once(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    for _ in range(3):
        await adapter.deliver(post(thread, "once"))
    assert len(slack.workspace.posts("C0GEN")) == 1
    assert slack.calls["conversations.replies"] == 0


async def test_a_post_that_is_shown_again_replaces_what_it_was(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    asks = (Button(action="answer.1.1", label="Answer"),)
    await adapter.deliver(post(thread, "word " * 4_000, buttons=asks, mention=ANNA))
    assert len(slack.workspace.posts("C0GEN")) > 1
    notified = list(slack.workspace.notified)
    await adapter.deliver(post(thread, "It was answered."))
    [shown] = slack.workspace.posts("C0GEN")
    assert (shown.shown, shown.buttons) == ("It was answered.", {})
    assert slack.workspace.notified == notified


async def test_a_post_whose_answer_was_lost_is_not_sent_twice(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="lost"))
    assert await delivered(adapter, post(thread, "once")) == 2
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == ["once"]


async def test_a_post_that_may_be_out_and_cannot_be_looked_for_is_sent_again(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="lost"))
    slack.faults.add("conversations.replies", Fault(kind="error", error="missing_scope"))
    assert await delivered(adapter, post(thread, "at least once")) == 2
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == ["at least once"] * 2
    assert adapter.status.problem == ""


async def test_a_post_whose_answer_does_not_say_which_message_it_is_is_looked_for(
    adapter: SlackAdapter, slack: SlackServer, places: FakePlaces, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="bare"))
    assert await delivered(adapter, post(thread, "once")) == 2
    [shown] = slack.workspace.posts("C0GEN")
    assert await places.of(thread.channel, "answer:1") == (shown.ts,)


@pytest.mark.parametrize("kind", ["abort", "status", "html", "list", "error"])
async def test_a_post_that_failed_is_sent_again(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef, kind: str
) -> None:
    fault = Fault(kind=kind)  # type: ignore[arg-type]  # one of the kinds
    slack.faults.add("chat.postMessage", fault, Fault(kind="html", status=200))
    assert await delivered(adapter, post(thread, "at last")) == 3
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == ["at last"]


async def test_a_bot_that_died_between_sending_and_marking_sends_nothing_twice(
    running: Running, slack: SlackServer, places: FakePlaces, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="slow", after_s=30.0))
    first = await running.again()
    dying = asyncio.create_task(first.deliver(post(thread, "once", id="result:3")))
    await slack.workspace.until(lambda: slack.workspace.posts("C0GEN"))
    dying.cancel()
    await asyncio.wait([dying])
    await running.stop()
    second = await running.again()
    assert await delivered(second, post(thread, "once", id="result:3")) >= 1
    assert len(slack.workspace.posts("C0GEN")) == 1


async def test_a_long_text_goes_on_where_a_restart_cut_it(
    running: Running, slack: SlackServer, places: FakePlaces, thread: ThreadRef
) -> None:
    paragraphs = [f"Paragraph {n}. " + "word " * 500 for n in range(12)]
    long = post(thread, "\n\n".join(paragraphs), id="result:9")
    slack.faults.add("chat.postMessage", Fault(kind="slow", after_s=0), Fault(kind="lost"))
    first = await running.again()
    with pytest.raises(DeliveryFailed):
        await first.deliver(long)
    await running.stop()
    await delivered(await running.again(), long)
    shown = "\n\n".join(one.shown for one in slack.workspace.posts("C0GEN"))
    assert [f"Paragraph {n}." for n in range(12)] == [
        line.split("word")[0].strip() for line in shown.split("\n\n")
    ]


async def test_the_order_of_a_channel_and_its_limit_are_kept(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    items = [post(thread, f"number {n}", id=f"reply:{n}") for n in range(8)]
    for item in items:
        await delivered(adapter, item)
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == [i.text for i in items]
    assert slack.limits.violations == []


async def test_a_429_is_waited_out_and_nothing_is_lost(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="limit", after_s=1))
    begun = time.monotonic()
    await adapter.deliver(post(thread, "patience"))
    assert time.monotonic() - begun >= 0.95
    assert len(slack.workspace.posts("C0GEN")) == 1
    assert slack.limits.violations == []
    assert adapter.status.retries == 1


async def test_a_channel_that_is_held_holds_no_other(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="limit", after_s=2))
    held = asyncio.create_task(adapter.deliver(post(thread, "held")))
    await slack.workspace.until(lambda: slack.calls["chat.postMessage"])
    await adapter.deliver(post(place(channel="C0OPS"), "free"))
    await held
    posted = [call.text("channel") for call in slack.called if call.method == "chat.postMessage"]
    assert posted == ["C0GEN", "C0OPS", "C0GEN"]


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "not_in_channel"])
async def test_a_channel_that_is_gone_is_given_up(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef, error: str
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="error", error=error))
    with pytest.raises(DeliveryRefused, match=error):
        await adapter.deliver(post(thread, "nobody hears"))


async def test_who_asked_in_a_channel_that_is_gone_is_told_directly_and_once(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.workspace.channels["C0GEN"].members.discard(slack.workspace.bot_user)
    for number in range(3):
        with pytest.raises(DeliveryRefused, match="not_in_channel"):
            await adapter.deliver(post(thread, "a secret", id=f"result:{number}", mention=ANNA))
    [told] = await slack.workspace.until(lambda: slack.workspace.posts("D0ANNA"))
    assert "<#C0GEN>" in told.shown
    assert "/invite" in told.shown
    assert "secret" not in told.shown


async def test_a_revoked_token_is_told_with_what_to_do_and_tried_much_later(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.revoked = True
    with pytest.raises(DeliveryFailed, match="install the app again") as caught:
        await adapter.deliver(post(thread, "hello"))
    assert (caught.value.retry_after_s or 0) >= 60
    assert "token_revoked" in adapter.status.problem


async def test_what_slack_will_not_dress_goes_out_plain(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="error", error="invalid_blocks"))
    undo = (Button(action="undo.4", label="Undo"),)
    item = post(thread, "odd **thing**", receipt=("a: 1",), drift=("b moved",), buttons=undo)
    await adapter.deliver(item)
    posts = slack.workspace.posts("C0GEN")
    assert [one.shown for one in posts[:3]] == ["odd **thing**", "b moved", "a: 1"]
    assert [one.buttons for one in posts] == [{}, {}, {}, {"Undo": "undo.4"}]


async def test_a_store_that_fails_delays_and_doubles_nothing(
    adapter: SlackAdapter, slack: SlackServer, places: FakePlaces, thread: ThreadRef
) -> None:
    await adapter.deliver(post(thread, "warm", id="reply:0"))
    places.failing = [StoreError("full")]
    with pytest.raises(DeliveryFailed):
        await adapter.deliver(post(thread, "once"))
    await adapter.deliver(post(thread, "once"))
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == ["warm", "once"]


@pytest.mark.parametrize("word", ["rate_limited", "message_limit_exceeded", "ratelimited"])
async def test_a_limit_that_slack_tells_by_a_word_is_no_refusal(
    running: Running, slack: SlackServer, thread: ThreadRef, monkeypatch: pytest.MonkeyPatch,
    word: str,
) -> None:  # fmt: skip
    monkeypatch.setitem(api._LATER_S, word, 0.01)
    adapter = await running.again()
    slack.faults.add("chat.postMessage", Fault(kind="error", error=word))
    assert await delivered(adapter, post(thread, "at last")) >= 1
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == ["at last"]


async def test_produced_files_are_uploaded_once(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef
) -> None:
    core.produced = {"out/report.csv": b"a,b\n1,2\n"}
    slack.faults.add("files.completeUploadExternal", Fault(kind="lost"))
    item = post(thread, "Here it is.", files=("out/report.csv", "gone.txt"), id="result:2")
    assert await delivered(adapter, item) == 2
    files = list(slack.workspace.files.values())
    assert [(file.name, file.content) for file in files] == [("report.csv", b"a,b\n1,2\n")]
    assert files[0].shared == [("C0GEN", thread.thread)]
    assert "gone.txt: There is no file" in slack.workspace.posts("C0GEN")[0].shown


async def test_a_very_long_text_is_its_beginning_and_a_file(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    text = "\n\n".join(f"Line {n} " + "x" * 400 for n in range(300))
    await adapter.deliver(post(thread, text, id="result:5"))
    begins, file = slack.workspace.posts("C0GEN")
    assert "Line 0" in begins.shown
    assert "The whole text is in the file below." in begins.shown
    assert slack.workspace.files[file.files[0]].content == text.encode()


async def test_without_the_right_to_upload_a_long_text_is_whole_in_messages(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.scopes = tuple(scope for scope in slack.scopes if scope != "files:write")
    lines = [f"Line {n:03} " + "x" * 400 for n in range(150)]
    item = post(thread, "\n\n".join(lines), id="result:5", mention=ANNA)
    assert await delivered(adapter, item) == 1
    _, *whole = slack.workspace.posts("C0GEN")
    assert "files:write" in whole[0].shown
    shown = "\n\n".join(one.shown.replace("\n", "\n\n") for one in whole)
    assert [line[:8] for line in shown.split("\n\n") if line[:5] == "Line "] == [
        line[:8] for line in lines
    ]
    count = len(slack.workspace.posts("C0GEN"))
    assert await delivered(adapter, item) == 1
    assert len(slack.workspace.posts("C0GEN")) == count


async def test_of_a_text_that_is_endless_and_has_no_file_is_said_what_is_missing(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.scopes = tuple(scope for scope in slack.scopes if scope != "files:write")
    text = "\n\n".join(f"Line {n} " + "x" * 8_000 for n in range(40))
    await delivered(adapter, post(thread, text, id="result:5"))
    last = slack.workspace.posts("C0GEN")[-1]
    assert "10 more messages of this size, is left out" in last.shown


async def test_a_long_question_is_whole_also_without_the_right_to_upload(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    slack.scopes = tuple(scope for scope in slack.scopes if scope != "files:write")
    lines = [f"Line {n:03} " + "x" * 400 for n in range(40)]
    buttons = (Button(action="allow.1", label="Allow"),)
    item = post(thread, "\n\n".join(lines), id="asks:5", single=True, buttons=buttons)
    assert await delivered(adapter, item) == 1
    asks, *whole = slack.workspace.posts("C0GEN")
    assert asks.buttons == {"Allow": "allow.1"}
    assert all(line in "\n".join(one.shown for one in whole) for line in lines)


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("files.getUploadURLExternal", Fault(kind="error", error="missing_scope")),
        ("files.getUploadURLExternal", Fault(kind="error", error="storage_limit_reached")),
        ("upload", Fault(kind="status", status=413)),
        ("files.completeUploadExternal", Fault(kind="error", error="missing_scope")),
    ],
)
async def test_a_file_that_slack_does_not_take_is_told_and_holds_up_nothing(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef, method: str,
    fault: Fault,
) -> None:  # fmt: skip
    core.produced = {"out/large.csv": b"1", "out/small.csv": b"2"}
    slack.faults.add(method, fault)
    item = post(thread, "Here.", files=("out/large.csv", "out/small.csv"), id="result:2")
    assert await delivered(adapter, item) == 1
    says, file, lacks = slack.workspace.posts("C0GEN")
    assert says.shown == "Here."
    assert [slack.workspace.files[id].name for id in file.files] == ["small.csv"]
    assert "large.csv is not attached: " in lacks.shown
    assert slack.workspace.hints("U0ANNA") == []


async def test_an_upload_that_fails_on_its_way_is_made_again(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, thread: ThreadRef
) -> None:
    core.produced = {"out/report.csv": b"1"}
    slack.faults.add("upload", Fault(kind="status", status=503))
    slack.faults.add("files.getUploadURLExternal", Fault(kind="bare"))
    item = post(thread, "Here.", files=("out/report.csv",), id="result:2")
    assert await delivered(adapter, item) == 3
    assert [one.shown for one in slack.workspace.posts("C0GEN")][:1] == ["Here."]
    assert len(slack.workspace.posts("C0GEN")) == 2


async def test_without_slack_the_bot_starts_and_delivers_when_it_is_there(
    running: Running, slack: SlackServer, thread: ThreadRef
) -> None:
    for _ in range(3):
        slack.faults.add("auth.test", Fault(kind="html", status=502))
    adapter = await running.again()
    assert not adapter.status.connected
    await adapter.deliver(post(thread, "early"))
    assert len(slack.workspace.posts("C0GEN")) == 1


async def test_posts_of_one_channel_keep_their_distance_however_they_come() -> None:
    limits, times = Limits(Meter(), 0.05), list[float]()

    async def post_one() -> None:
        async with limits.slot("chat.postMessage", "C1"):
            times.append(time.monotonic())

    await asyncio.gather(*(post_one() for _ in range(5)))
    assert all(b - a >= 0.05 for a, b in itertools.pairwise(times))
