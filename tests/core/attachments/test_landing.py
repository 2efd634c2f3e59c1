"""What people send lands in the workspace: once, under a name of its own, or it is said why not."""

import asyncio
from pathlib import Path

import pytest

from core.attachments import limits
from core.messages import Attachment, Deletion, Edit, Message, ThreadRef
from core.messages.limits import MOST_FILES
from core.records import messages
from core.state.apply import Merged, merge
from core.state.database import Transaction
from core.state.facts import head
from core.state.files import list_files, read_file
from core.state.history import history
from core.state.operations import Author, AuthorKind, Delta, FileChange
from core.state.rules import Rules
from tests.core.room import ADA, BOB, CHANNEL, Room, Script, last, room, starts


async def files(here: Room) -> dict[str, bytes | None]:
    def read(tx: Transaction) -> dict[str, bytes | None]:
        return {file.path: read_file(tx, file.path) for file in list_files(tx)}

    return await here.channels.read(CHANNEL, read)


async def sent(here: Room, id: str, *named: tuple[str, bytes], text: str = "look") -> list[str]:
    """Say something with files; where they are then."""
    await here.say(id, text, files=named)
    await here.platform.post(f"answer:{id}")
    return [file.path for file in await kept(here, id)]


async def kept(here: Room, id: str) -> tuple[Attachment, ...]:
    lines = await here.channels.read(CHANNEL, lambda tx: messages.read(tx, CHANNEL, limit=1000))
    return next(line.files for line in lines if line.id == id)


async def test_files_are_in_the_workspace_before_the_message_is_answered(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.say("m1", "see", files=[("a.log", b"one\n"), ("b.bin", b"\0\1"), ("c", b"")])
        answer = await here.platform.post("answer:m1")
        assert answer.receipt == (
            "kept `inbox/a.log` (4 bytes)",
            "kept `inbox/b.bin` (2 bytes)",
            "kept `inbox/c` (0 bytes)",
        )
        assert await files(here) == {
            "inbox/a.log": b"one\n",
            "inbox/b.bin": b"\0\1",
            "inbox/c": b"",
        }
        assert [(file.name, file.size, file.kind) for file in await kept(here, "m1")] == [
            ("a.log", 4, "text"),
            ("b.bin", 2, "binary"),
            ("c", 0, "text"),
        ]
        (commit,) = await here.channels.read(CHANNEL, history)
        assert (commit.author.person_id, commit.about) == (ADA.id, "sent with a message")
        assert list((tmp_path / "spool").iterdir()) == []


async def test_a_message_of_files_alone_is_answered(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        assert await sent(here, "m1", ("a.log", b"one"), text=" ") == ["inbox/a.log"]


async def test_the_same_message_again_brings_nothing_twice(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await sent(here, "m1", ("a.log", b"one"))
        await here.say("m1", "look", files=[("a.log", b"another")])
        assert await files(here) == {"inbox/a.log": b"one"}
        assert list((tmp_path / "spool").iterdir()) == []


async def test_a_name_that_is_taken_is_given_a_number_unless_the_content_is_the_same(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        assert await sent(here, "m1", ("a.log", b"one")) == ["inbox/a.log"]
        assert await sent(here, "m2", ("a.log", b"two")) == ["inbox/a (2).log"]
        assert await sent(here, "m3", ("a.log", b"two")) == ["inbox/a (2).log"]
        assert await sent(here, "m4", ("a.log", b"3"), ("a.log", b"3"), ("a.log", b"4")) == [
            "inbox/a (3).log",
            "inbox/a (3).log",
            "inbox/a (4).log",
        ]
        assert (await files(here))["inbox/a.log"] == b"one"
        assert await here.channels.read(CHANNEL, head) == 3


async def test_folders_of_that_name_and_a_file_called_inbox_are_left_alone(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await write(here, "job", FileChange(path="inbox/logs/1.txt", content=b"1"))
        assert await sent(here, "m1", ("logs", b"x")) == ["inbox/logs (2)"]
    async with room(tmp_path / "other") as here:
        await write(here, "job", FileChange(path="inbox", content=b"1"))
        assert await sent(here, "m1", ("logs", b"x")) == ["inbox (2)/logs"]
        assert (await files(here))["inbox"] == b"1"


async def test_a_file_does_not_settle_a_conflict_about_its_name(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await write(here, "job 1", FileChange(path="inbox/a", content=b"one"))
        # It is deleted, and whoever changed it meanwhile waits.
        for content in (None, b"two"):
            await write(here, f"{content!r}", FileChange(path="inbox/a", content=content), base=1)
        await sent(here, "m1", ("a", b"three"))
        assert await files(here) == {"inbox/a (2)": b"three"}
        count = "SELECT count(*) FROM conflicts WHERE closed IS NULL"
        assert await here.channels.read(CHANNEL, lambda tx: tx.execute(count).fetchone()) == (1,)


async def test_what_is_too_much_is_told_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LARGEST_FILE", 2000)
    monkeypatch.setattr(limits, "LARGEST_FILES", 3000)
    async with room(tmp_path) as here:
        named = [("big", bytes(2001)), ("ok", bytes(2000)), ("no", bytes(1500)), ("yes", b"1")]
        await here.say("m1", "look", files=named)
        told = await here.platform.post("reply:files:m1")
        assert told.text == (
            "I did not take:\n\n"
            "- big: it has more than 2 kB; 2 kB are the most for one file\n"
            "- no: 2.9 kB are the most for all files of one message"
        )
        await here.platform.post("answer:m1")
        assert list(await files(here)) == ["inbox/ok", "inbox/yes"]
        many = [(f"{n}", b"%d" % n) for n in range(MOST_FILES + 2)]
        await here.say("m2", "look", files=many)
        told = await here.platform.post("reply:files:m2")
        assert told.text.count("10 files with one message are the most") == 2


async def test_a_message_of_nothing_but_refused_files_is_answered_by_the_refusal(
    tmp_path: Path,
) -> None:
    script = Script()
    async with room(tmp_path, script=script) as here:
        where = ThreadRef(channel=CHANNEL, thread="t")
        forged = Attachment(name="a`b", handle="0" * 32 + "-" + "0" * 64)
        lost = Attachment(name="c", problem="Slack does not hand it out")
        outside = Attachment(name="d", handle="../../../etc/passwd")
        message = Message(
            id="m1", thread=where, author=ADA, text="", at=1.0, files=(forged, lost, outside)
        )
        await here.dispatcher.accept(message)
        told = await here.platform.post("reply:files:m1")
        assert told.text == (
            "I did not take:\n\n"
            "- a'b: it is not here any more: please send it again\n"
            "- c: Slack does not hand it out\n"
            "- d: it is not here any more: please send it again"
        )
        await here.ask("m2", "and now")
        assert [last(request) for request in script.asked] == ["and now"]
    async with room(tmp_path, script=script) as here:
        await here.ask("m3", "again")
        assert len(script.asked) == 2


async def test_a_full_channel_and_a_full_disk_take_what_is_said_and_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(tmp_path) as here:
        monkeypatch.setattr("core.attachments.landing.LARGEST_CHANNEL", 100_000)
        await here.say("m1", "look", files=[("a", bytes(200_000))])
        assert "`/forget inbox/*`" in (await here.platform.post("reply:files:m1")).text
        assert (await here.platform.post("answer:m1")).text == "echo: look"
        monkeypatch.setattr("core.attachments.landing.LARGEST_CHANNEL", 2**40)
        await here.channels.run(CHANNEL, lambda tx: limit_pages(tx, 50))
        await here.say("m2", "look", files=[("a", bytes(2_000_000)), ("b", b"1")])
        told = (await here.platform.post("reply:files:m2")).text
        assert told.count("the disk of the bot has no room for it") == 2
        assert (await here.platform.post("answer:m2")).text == "echo: look"
        assert await files(here) == {}
        monkeypatch.setattr("core.attachments.spool.KEPT_FREE", 2**60)
        assert "no room" in (await here.send("a", b"1")).problem


def limit_pages(tx: Transaction, more: int) -> None:
    (pages,) = tx.execute("PRAGMA page_count").fetchone()
    tx.execute(f"PRAGMA max_page_count = {pages + more:d}").fetchone()


async def test_ten_messages_at_once_with_one_name_all_have_their_file(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        contents = [b"%d" % n for n in range(10)]
        await asyncio.gather(
            *(sent(here, f"m{n}", ("a", one), text=f"t{n}") for n, one in enumerate(contents))
        )
        found = await files(here)
        assert sorted(content or b"" for content in found.values()) == contents
        for n, one in enumerate(contents):
            (file,) = await kept(here, f"m{n}")
            assert found[file.path] == one


async def test_a_command_may_come_with_a_file(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.say("m1", "/set color blue", files=[("a", b"1")], by=BOB)
        answer = await here.platform.post("reply:message:m1")
        assert answer.receipt[0] == "kept `inbox/a` (1 byte)"
        assert len(answer.receipt) == 2
        assert await files(here) == {"inbox/a": b"1"}


async def test_an_edit_leaves_the_files_and_a_deletion_leaves_them_in_the_workspace(
    tmp_path: Path,
) -> None:
    script = Script()
    script.hang = lambda request: last(request) == "wait"
    async with room(tmp_path, script=script) as here:
        await here.say("m0", "wait")
        await script.hung.wait()
        where = (await here.say("m1", "look", files=[("a", b"1")])).thread
        edit = Edit(id="e1", thread=where, message_id="m1", author=ADA, text="look at it", at=2.0)
        await here.dispatcher.accept(edit)
        script.go.set()
        await here.platform.post("answer:m1")
        assert last(script.asked[-1]) == "look at it"
        assert 'path="inbox/a"' in script.asked[-1].messages[-1].text
        assert [file.path for file in await kept(here, "m1")] == ["inbox/a"]
        await here.dispatcher.accept(Deletion(id="d1", thread=where, message_id="m1", at=3.0))
        assert await files(here) == {"inbox/a": b"1"}


async def test_a_job_that_the_message_starts_sees_the_files(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("read it")]
    async with room(tmp_path, script=script) as here:
        await sent(here, "m1", ("a.log", b"one"))
        job = await here.hands.running(1)
        seen = await here.channels.read(CHANNEL, lambda tx: list_files(tx, at=job.base_commit))
        assert [file.path for file in seen] == ["inbox/a.log"]


async def test_thousands_of_one_name_stay_quick(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        many = [FileChange(path=f"inbox/image ({n}).png", content=b"") for n in range(2, 3000)]
        await write(here, "job", FileChange(path="inbox/image.png", content=b""), *many)
        assert await sent(here, "m1", ("image.png", b"1")) == ["inbox/image (3000).png"]


async def write(here: Room, source: str, *changes: FileChange, base: int | None = None) -> None:
    """As a job would."""

    def merged(tx: Transaction) -> Merged:
        author = Author(kind=AuthorKind.JOB, person_id="bob", name="Bob", job=1)
        seen = head(tx) if base is None else base
        delta = Delta(source=source, author=author, base=seen, at=1.0, about="a job", files=changes)
        return merge(tx, delta, Rules())

    await here.channels.write(CHANNEL, merged)
