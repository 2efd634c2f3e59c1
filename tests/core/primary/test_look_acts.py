"""Looking at the state and the history, asked for in the chat of a core over a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.jobs.job import Gathered
from core.state.operations import FileChange, Op, Operation
from tests.core.room import Room, room, starts


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        yield opened


async def work(here: Room, number: int, *operations: Operation, files: dict[str, bytes]) -> None:
    """A job that wants these changes, done and merged."""
    here.script.replies.append(starts(f"work {number}"))
    await here.say(f"go{number}", "go")
    await here.hands.running(number)
    here.hands.gather[number] = Gathered(
        operations=operations,
        files=tuple(FileChange(path=path, content=content) for path, content in files.items()),
    )
    here.hands.end(number)
    await here.platform.post(f"result:{number}")


async def shown(here: Room, text: str) -> str:
    """The answer to a command."""
    place = len(here.platform.shown)
    return (await here.ask(f"look{place}", text)).text


def put(key: str, value: str) -> Operation:
    return Operation(key=key, op=Op.PUT, argument=value)


def add(key: str, value: int) -> Operation:
    return Operation(key=key, op=Op.ADD, argument=value)


async def test_a_key_says_who_set_it_in_which_job_when_and_on_what_base(here: Room) -> None:
    await shown(here, "/set k a_b")
    await work(here, 1, put("k", "b"), files={})
    await shown(here, "/pin k")
    told = await shown(here, "/state k")
    assert 'k = "b"' in told
    assert "Last written by job 1, asked by Ada, 1970-01-01 " in told
    assert "in commit 2 (work 1), based on commit 1." in told
    assert "Pinned by Ada, 1970-01-01 " in told
    past = await shown(here, "/state k at 1")
    assert 'k = "a_b"' in past
    assert "Last written by Ada, " in past
    assert "As of commit 1, of 1970-01-01 " in past
    assert "Pinned" not in past


async def test_what_many_made_names_those_who_did(here: Room) -> None:
    await work(here, 1, add("n", 2), files={})
    await work(here, 2, add("n", 3), files={})
    told = await shown(here, "/state n")
    assert "Made by 2 commits; the newest:" in told
    assert "\n- commit 2, 1970-01-01 " in told
    assert told.endswith("job 1, asked by Ada: + 2")


async def test_a_file_is_shown_as_it_was_with_who_wrote_it(here: Room) -> None:
    await work(here, 1, files={"a/notes.md": b"old ``` text\n", "b.bin": b"\0"})
    await work(here, 2, files={"a/notes.md": b"new text\n", "c.txt": b"x" * 30_000})
    now = await shown(here, "/state a/notes.md")
    assert "a/notes.md (9 bytes)\n\nnew text" in now
    assert "Last written by job 2" in now
    past = await shown(here, "/state a/notes.md at commit 1")
    assert "old ``` text\n````" in past
    assert "Last written by job 1" in past
    assert "(no text)" in await shown(here, "/state b.bin")
    long = await shown(here, "/state c.txt")
    assert "the rest is on the page" in long
    assert len(long) < 17_000


async def test_the_whole_state_is_listed_as_it_was(here: Room) -> None:
    await shown(here, "/set k 1")
    await shown(here, "/set later 1")
    assert "later" in await shown(here, "/state")
    past = await shown(here, "/state at 1")
    assert "k = 1" in past
    assert "later" not in past
    assert "Nothing has changed since." in await shown(here, "/state at 2")
    assert (await shown(here, "/state la at 1")).startswith("There was no such key.")
    assert (await shown(here, "/state at 0")).startswith("There was nothing.")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/state at soon", "'soon' is no moment that I understand; say a commit's number, "),
        ("/state at 9", "there is no commit 9; the newest is 1"),
        ("/state k at 1960-01-01", "there was nothing then: the first commit is of 1970-01-01"),
        ("/state at 1990-01-01", "the end of Monday 1990-01-01 "),
        ("/history commit 9", "there is no commit 9; the newest is 1"),
        ("/history commit 0", "there is no commit 0: the first is commit 1"),
        ("/history nothing", "`nothing` was never changed."),
        ("/history before 1", "Nothing has changed here before commit 1."),
    ],
)
async def test_a_moment_or_commit_that_is_none_is_told(
    here: Room, command: str, answer: str
) -> None:
    await shown(here, "/set k 1")
    assert (await shown(here, command)).startswith(answer)


async def test_history_tells_who_when_why_on_what_base_and_what(here: Room) -> None:
    await shown(here, "/set k a")
    await work(here, 1, put("k", "b"), add("n", 1), files={"notes.md": b"one\n"})
    await shown(here, "/undo 2")
    told = await shown(here, "/history")
    assert "2  1970-01-01 " in told
    assert "  job 1, asked by Ada: work 1 (based on commit 1)" in told
    assert '      `k` "a" → "b"' in told
    assert "      undone by commit 3" in told
    assert "      undoes commit 2" in told


async def test_one_keys_history_has_its_differences_and_no_others(here: Room) -> None:
    await work(here, 1, put("k", "a"), put("other", "x"), files={"notes.md": b"one\n"})
    await work(here, 2, put("k", "b"), files={"notes.md": b"two\n"})
    told = await shown(here, "/history k")
    assert '      `k` "a" → "b"\n' in told
    assert "other" not in told
    file = await shown(here, "/history notes.md")
    assert "        -one\n        +two" in file


async def test_history_is_read_in_pages(here: Room) -> None:
    for number in range(23):
        await here.ask(f"m{number}", f'/set "my key" {number}')
    told = await shown(here, '/history "my key"')
    assert 'Older ones: `/history "my key" before 4`.' in told
    older = await shown(here, '/history "my key" before 4')
    assert "3  1970" in older
    assert "4  1970" not in older
    assert "Older ones" not in older


async def test_one_commit_is_shown_in_full_and_can_be_undone_there(here: Room) -> None:
    await work(here, 1, put("k", "a"), files={"notes.md": b"one\n", "```": b"``` fence\n"})
    post = await here.ask("look", "/history commit 1")
    assert "by job 1, asked by Ada: work 1 (based on commit 0)" in post.text
    assert '\n`k` = "a"\n' in post.text
    assert "  @@ -0,0 +1 @@\n  +one" in post.text
    fence = post.text.splitlines()[0]
    assert fence.startswith("````")
    assert post.text.count(fence) == 2
    (undo,) = post.buttons
    undone = await here.press("p1", undo.action)
    assert "`k` is gone" in undone.receipt
    assert [button.label for button in undone.buttons] == ["Undo"]
    assert (await here.ask("look2", "/history commit 1")).buttons == ()


async def test_an_undo_that_is_refused_says_why(here: Room) -> None:
    await shown(here, "/set k a")
    undo = (await here.ask("look", "/history commit 1")).buttons[0]
    await here.press("p1", undo.action)
    again = await here.press("p2", undo.action)
    assert again.text == "commit 1 is undone already, by commit 2"
    assert again.receipt == ()


async def test_a_history_of_any_size_stays_readable(here: Room) -> None:
    lines = "".join(f"{n} {'y' * 300}\n" for n in range(2000)).encode()
    await work(here, 1, *(put(f"k{n}", "x" * 5000) for n in range(300)), files={"f": lines})
    for command in ("/history", "/history commit 1", "/history f", "/state"):
        assert len(await shown(here, command)) < 25_000
