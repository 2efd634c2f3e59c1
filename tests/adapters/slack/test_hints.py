"""What is said beside the conversation, to one person."""

import pytest

from adapters.slack.adapter import SlackAdapter
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import ThreadRef
from tests.adapters.slack.fake_core import ANNA, place
from tests.emulators.slack import Fault, Human, SlackServer


@pytest.fixture
def thread(anna: Human) -> ThreadRef:
    return place(anna.write("a question").ts)


async def test_an_admin_is_told_directly_what_cannot_be_posted_where(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef
) -> None:
    await adapter.warn(ANNA.id, thread.channel, "Slack refuses it: <is_archived>")
    [told] = await slack.workspace.until(lambda: slack.workspace.posts("D0ANNA"))
    assert "<#C0GEN> (Slack refuses it: &lt;is_archived&gt;)" in told.shown
    assert f"thaw jobs {thread.channel}" in told.shown


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (Fault(kind="error", error="messages_tab_disabled"), DeliveryRefused),
        (Fault(kind="status", status=503), DeliveryFailed),
    ],
)
async def test_an_admin_who_is_not_reached_is_tried_again_where_that_helps(
    adapter: SlackAdapter, slack: SlackServer, thread: ThreadRef, fault: Fault,
    end: type[Exception],
) -> None:  # fmt: skip
    for _ in range(10):
        slack.faults.add("chat.postMessage", fault)
    with pytest.raises(end):
        await adapter.warn(ANNA.id, thread.channel, "is_archived")
