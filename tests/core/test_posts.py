"""What people are shown of a job's end."""

from core.jobs.job import Cancelled, Completed, JobState, Outcome
from core.messages import ChannelRef, Post, ThreadRef
from core.model.offline.words import SIGNED
from core.posts import result_post
from core.records.jobs import JobRow
from tests.core.room import ADA

THREAD = ThreadRef(
    channel=ChannelRef(platform="web", workspace="local", channel="general"), thread="t"
)
ROW = JobRow(
    number=3, id="j", thread=THREAD, title="a title", brief="do it", requester=ADA, message="m",
    state=JobState.ENDED, base_commit=0, base_message=0, rules_revision=0, attempt=1,
    budget_tokens=None, stop_by=None, created_at=1.0, started_at=1.0, ended_at=2.0, step="",
    steps=1, tokens=1, version=1, outcome=None,
)  # fmt: skip


def shown(outcome: Outcome) -> Post:
    return result_post(ROW, outcome, 2.0, (), ())


def test_a_result_of_the_offline_model_is_labelled_and_another_is_not() -> None:
    assert shown(Completed(result=f"- Waited 3 s.\n\n{SIGNED}\n")).offline
    assert not shown(Completed(result="- Waited 3 s.")).offline
    assert not shown(Completed(result=f"It said: {SIGNED} Which is wrong.")).offline
    assert not shown(Cancelled(by="Ada")).offline


def test_a_result_names_who_asked_its_job_and_its_files() -> None:
    post = shown(Completed(result="done", files=("a.md",)))
    assert (post.text, post.mention, post.job, post.files) == ("done", ADA, 3, ("a.md",))
