"""A job wants to do what needs a person's word: from the request to the word, or to none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.approval_views import approvals_view
from core.approving import block
from core.jobs.admission import Limits
from core.jobs.job import Asked, JobSpec, JobState, Leave, Outcome, Progress
from core.messages import Post
from core.messages.views import Approvals
from core.records import approvals, jobs, questions
from core.records.approvals import ApprovalRow
from core.records.questions import Decision, QuestionRow
from core.rights import Access, Who
from core.state.database import Transaction
from tests.core.room import ADA, BOB, CHANNEL, Hands, Room, room, says, starts

COMMAND = "rm -rf `x`\n```\n**bold** \u0440m ⟦U+202E⟧"
WANTS = Asked(
    call="c1", text=COMMAND, leave=Leave(tool="shell", digest="d" * 64, reason="it matches 'rm'")
)
ONE_PLACE = Limits(max_running=1, per_channel=1, per_person=1)
ADMIN = Access(who=Who.ANYONE, admins=frozenset({"bob"}))


class Careful(Hands):
    """An engine whose jobs want something before they work."""

    async def run(self, job: JobSpec, progress: Callable[[Progress], None]) -> Outcome | Asked:
        if job.attempt > 1:
            return await super().run(job, progress)
        self.attempts.append(job)
        return WANTS


async def asked(here: Room, *titles: str) -> Post:
    here.script.replies = [starts(*titles or ("one",)), says("started")]
    await here.ask("m1", "go")
    return await shown(here)


async def shown(here: Room, holds: str = "") -> Post:
    def found() -> list[Post]:
        return [p for p in here.platform.posts() if p.id == "ask:1.1" and holds in p.text]

    await here.platform.until(found)
    return found()[-1]


async def by_bob(here: Room, id: str, text: str) -> Post:
    await here.say(id, text, by=BOB)
    return await here.platform.post(f"reply:message:{id}")


async def decision(here: Room) -> QuestionRow:
    (row,) = await here.channels.read(CHANNEL, lambda tx: questions.of(tx, 1))
    return row


async def standing(here: Room) -> tuple[ApprovalRow, ...]:
    return await here.channels.read(CHANNEL, lambda tx: approvals.newest(tx, 9))


async def test_the_request_is_shown_whole_with_why_and_gives_its_place_to_others(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, hands=Careful(), limits=ONE_PLACE) as here:
        post = await asked(here, "one", "two")
        assert f"````\n{COMMAND}\n````" in post.text
        assert "it matches 'rm'" in post.text
        assert "\u0440 is CYRILLIC SMALL LETTER ER" in post.text
        assert "dddddddddddddddd" in post.text
        assert "after 1 day" in post.text
        assert (post.mention, post.job, post.reply_to) == (ADA, 1, "m1")
        assert [(button.action, button.label) for button in post.buttons] == [
            ("allow.1.1.1", "Once"), ("allow.1.1.2", "For this job"), ("allow.1.1.3", "Always"),
            ("deny.1.1", "No"), ("refuse.1.1", "No, because"),
        ]  # fmt: skip
        await here.platform.until(lambda: any(p.id == "ask:2.1" for p in here.platform.posts()))


@pytest.mark.parametrize(
    ("action", "text", "wanted", "words"),
    [
        ("allow.1.1.1", None, Decision.ONCE, "**Ada allowed it** once."),
        ("allow.1.1.2", None, Decision.JOB, "**Ada allowed it** for this job."),
        ("allow.1.1.3", None, Decision.ALWAYS, "**Ada allowed it** for good"),
        ("deny.1.1", None, Decision.NO, "**Ada did not allow it**."),
        ("refuse.1.1", "use *git*", Decision.NO, "**Ada did not allow it**: use \\*git\\*"),
        ("/allow 1", "", Decision.ONCE, "**Ada allowed it** once."),
        ("/allow 1 job", "", Decision.JOB, "**Ada allowed it** for this job."),
        ("/deny 1 use git", "", Decision.NO, "**Ada did not allow it**: use git"),
    ],
)
async def test_a_word_is_kept_and_stands_in_place_of_the_buttons(
    tmp_path: Path, action: str, text: str | None, wanted: Decision, words: str
) -> None:
    async with room(tmp_path, hands=Careful()) as here:
        await asked(here)
        if action.startswith("/"):
            told = await here.ask("m2", action)
        else:
            told = await here.press("p1", action, text=text)
        assert told.text == f"Job 1 goes on. {words}" or told.text.startswith("Job 1 goes on.")
        assert (await here.hands.running(1)).attempt == 2
        closed = await shown(here, words)
        assert (closed.buttons, closed.mention) == ((), None)
        assert f"````\n{COMMAND}\n````" in closed.text
        row = await decision(here)
        assert (row.decision, row.by, row.answer) == (
            wanted, "Ada", "" if wanted is not Decision.NO else (row.answer or ""),
        )  # fmt: skip
        assert len(await standing(here)) == (1 if wanted is Decision.ALWAYS else 0)


async def test_only_who_asked_or_an_admin_has_a_word_and_for_good_only_an_admin(
    tmp_path: Path,
) -> None:
    access = Access(who=Who.ANYONE, admins=frozenset({"boss"}))
    async with room(tmp_path, hands=Careful(), access=access) as here:
        await asked(here)
        for number, action in enumerate(("allow.1.1.1", "allow.1.1.3", "deny.1.1")):
            refused = await here.press(f"p{number}", action, by=BOB)
            assert refused.text == "Only who asked for the job, or an admin, may answer this."
        assert "Only an admin" in (await here.press("p8", "allow.1.1.3")).text
        assert "Only an admin" in (await here.ask("m2", "/allow 1 always")).text
        assert (await decision(here)).ended_at is None
        assert await standing(here) == ()
        assert len(here.hands.attempts) == 1


async def test_an_admin_s_word_for_good_is_listed_and_withdrawn_by_admins(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Careful(), access=ADMIN) as here:
        assert "Nothing was allowed" in (await here.ask("m0", "/approvals")).text
        await asked(here)
        await here.press("p1", "allow.1.1.3", by=BOB)
        await here.hands.running(1)
        post = await here.ask("m2", "/approvals")
        listed = post.text
        assert [one.action for one in post.buttons] == ["withdraw.1"]
        assert "Only an admin" in (await here.press("p2", "withdraw.1")).text
        assert "1: `shell`, allowed by Bob for job 1" in listed
        assert "rm -rf" in listed
        assert "Only an admin" in (await here.ask("m3", "/approvals withdraw 1")).text
        assert len(await standing(here)) == 1
        assert "ask again" in (await by_bob(here, "m4", "/approvals withdraw 1")).text
        assert "already" in (await by_bob(here, "m5", "/approvals withdraw 1")).text
        assert "no approval 9" in (await by_bob(here, "m6", "/approvals withdraw 9")).text
        assert await standing(here) == ()
        row = await here.channels.read(CHANNEL, lambda tx: approvals.read(tx, 1))
        assert row is not None
        assert (row.by, row.withdrawn_by) == ("Bob", "Bob")


async def test_what_waits_and_what_holds_is_there_to_be_looked_at(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Careful(), access=ADMIN) as here:
        await asked(here)

        async def seen() -> Approvals:
            return await here.channels.read(CHANNEL, lambda tx: approvals_view(tx, CHANNEL))

        (waits,) = (await seen()).waiting
        assert (await seen()).standing == ()
        assert (waits.job, waits.tool, waits.text, waits.by) == (1, "shell", COMMAND, "Ada")
        assert [one.action for one in waits.buttons][:1] == ["allow.1.1.1"]
        await here.press("p1", "allow.1.1.3", by=BOB)
        (holds,) = (await seen()).standing
        assert (await seen()).waiting == ()
        assert (holds.number, holds.by, holds.text) == (1, "Bob", COMMAND)
        (revoke,) = holds.buttons
        assert "ask again" in (await here.press("p2", revoke.action, by=BOB)).text
        assert await seen() == Approvals(waiting=(), standing=())


async def test_stale_and_forged_presses_do_nothing_but_tell(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Careful()) as here:
        await asked(here)
        for number, (action, words) in enumerate(
            (
                ("allow.1.2.1", "asks for no leave just now"),
                ("allow.7.1.1", "There is no job 7"),
                ("answer.1.1.1", "asks for leave"),
                ("answer.1.1", "asks for leave"),
            )
        ):
            assert words in (await here.press(f"p{number}", action, text="yes")).text
        assert "asks for leave" in (await here.ask("m2", "/answer 1 yes")).text
        assert (await decision(here)).ended_at is None
        await here.press("q1", "deny.1.1")
        late = await here.press("q2", "allow.1.1.1")
        assert late.text == "This is decided: **Ada did not allow it**."
        assert (await decision(here)).decision is Decision.NO


async def test_silence_is_a_no(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Careful(), expires_s=0.05) as here:
        await asked(here)
        assert (await here.hands.running(1)).answers == ()
        assert "so it was not done" in (await shown(here, "Nobody")).text
        row = await decision(here)
        assert (row.decision, row.ended_at is None) == (None, False)
        assert "Nobody allowed it" in (await here.press("p1", "allow.1.1.1")).text


async def test_a_request_outlives_the_bot_and_goes_with_its_job(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Careful()) as here:
        await asked(here)
    async with room(tmp_path, hands=Careful()) as here:
        assert "once" in (await here.press("p1", "allow.1.1.1")).text
        await here.hands.running(1)
        here.hands.end(1)
        await here.platform.post("result:1")
        assert await here.channels.read(CHANNEL, lambda tx: questions.of(tx, 1)) == ()


async def test_a_job_that_waits_can_be_stopped(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Careful()) as here:
        await asked(here)
        await here.ask("m2", "/cancel 1")
        assert (await shown(here, "Not decided: the job has ended.")).buttons == ()
        assert "Stopped by Ada" in (await here.press("p1", "allow.1.1.1")).text

        def state(tx: Transaction) -> JobState | None:
            row = jobs.read(tx, CHANNEL, 1)
            return row.state if row else None

        assert await here.channels.read(CHANNEL, state) is JobState.ENDED


@pytest.mark.parametrize("text", ["a", "```", "`` ````` `", "`\n````\n`"])
def test_no_text_ends_its_fence(text: str) -> None:
    fence, *lines, end = block(text).split("\n")
    assert (fence, "\n".join(lines)) == (end, text)
    assert fence.strip("`") == ""
    assert all(fence not in line for line in lines)
