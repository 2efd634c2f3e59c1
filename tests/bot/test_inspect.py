import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import inspect
from core.errors import BadRequest, DeliveryRefused, NewerDatabase, StoreError
from core.jobs.job import Completed, Failed, FailureKind, Gathered
from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.control import Control
from core.state.operations import FileChange, Op, Operation
from tests.core.room import CHANNEL, Room, Script, room, starts

# Clears the screen, in two ways; turns the direction of what follows; sets the window's title.
ESCAPES = "\x1b[2J\x9b2J\u202e\x1b]0;title\x07"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        yield opened


async def work(running: Room, gathered: Gathered) -> None:
    """One job which wants these changes, done and merged."""
    running.script.replies.append(starts("count pages"))
    await running.ask("m1", "go")
    await running.hands.running(1)
    running.hands.gather[1] = gathered
    running.hands.end(1)
    await running.platform.post("result:1")


def put(key: str, value: str) -> Operation:
    return Operation(key=key, op=Op.PUT, argument=value)


def file(root: Path) -> Path:
    return Channels(root).path(CHANNEL)


def exported(root: Path, type_: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in inspect.export_of(root, "general")]
    return [line for line in lines if line["type"] == type_]


def test_a_data_directory_without_anything_has_no_jobs(tmp_path: Path) -> None:
    assert list(inspect.jobs_of(tmp_path, None)) == [f"no jobs yet in {tmp_path}"]
    assert list(tmp_path.iterdir()) == []


async def test_jobs_are_listed_while_the_bot_runs(running: Room, tmp_path: Path) -> None:
    running.script.replies.append(starts("count pages", "read logs"))
    await running.ask("m1", "go")
    await running.hands.running(2)
    running.hands.end(1, Failed(kind=FailureKind.STEPS, reason="too many"))
    await running.platform.post("result:1")
    newest, first = inspect.jobs_of(tmp_path, "general")
    assert newest.startswith("world/w/general     2  running    ")
    assert newest.endswith("  read logs  (Ada, 0 tokens)")
    assert first.startswith("world/w/general     1  failed     ")
    assert list(inspect.jobs_of(tmp_path, None)) == [newest, first]


async def test_the_state_shows_entries_and_files_with_who_wrote_them(
    running: Room, tmp_path: Path
) -> None:
    log = Operation(key="log", op=Op.APPEND, argument=["one", "two\nlines"])
    script = FileChange(path="a b.sh", content=b"echo", executable=True)
    await work(running, Gathered(operations=(put("key", "value"), log), files=(script,)))
    await running.ask("m2", "/set mine 1")
    await running.ask("m3", "/pin mine")
    by = "[job 1, asked by Ada]"
    assert list(inspect.state_of(tmp_path, "world/w/general")) == [
        "commit 2",
        f'key = "value"   {by}',
        f"log (log, 2 lines):   {by}",
        "    one",
        "    two",
        "    lines",
        "mine = 1   [Ada, pinned]",
        f"a b.sh: 4 bytes, executable   {by}",
    ]


async def test_a_key_is_shown_with_who_set_it_and_a_file_with_its_text(
    running: Room, tmp_path: Path
) -> None:
    change = FileChange(path="a/notes.md", content=b"one\ntwo\n")
    await work(
        running, Gathered(operations=(put("key", "value"), put("key2", "x")), files=(change,))
    )
    await running.ask("m2", "/pin key")
    _, first, origin, pin = inspect.state_of(tmp_path, "general", "key")
    assert first == 'key = "value"   [job 1, asked by Ada, pinned]'
    assert origin.startswith("Last written by job 1, asked by Ada, 1970-01-01 ")
    assert origin.endswith("in commit 1 (count pages), based on commit 0.")
    assert pin.startswith("Pinned by Ada, ")
    _, path, *text = inspect.state_of(tmp_path, "general", "a/notes.md")
    assert path == "a/notes.md: 8 bytes   [job 1, asked by Ada]"
    assert text[:2] == ["    one", "    two"]
    assert [line.split(" ")[0] for line in inspect.state_of(tmp_path, "general", "ke")] == [
        "commit", "key", "key2",
    ]  # fmt: skip
    with pytest.raises(BadRequest, match='begins with "nokey" at commit 1'):
        list(inspect.state_of(tmp_path, "general", "nokey"))


async def test_the_state_is_shown_as_it_was(running: Room, tmp_path: Path) -> None:
    change = FileChange(path="notes.md", content=b"old\n")
    await work(running, Gathered(operations=(put("key", "old"),), files=(change,)))
    await running.ask("m2", "/set key new")
    await running.ask("m3", "/pin key")
    past = list(inspect.state_of(tmp_path, "general", at="1"))
    assert past[0].startswith("as of commit 1, of 1970-01-01 ")
    assert past[1:] == [
        'key = "old"   [job 1, asked by Ada]', "notes.md: 4 bytes   [job 1, asked by Ada]",
    ]  # fmt: skip
    assert list(inspect.state_of(tmp_path, "general", at="yesterday"))[1].startswith('key = "new"')
    with pytest.raises(BadRequest, match="the first commit is of 1970-01-01"):
        list(inspect.state_of(tmp_path, "general", at="1960-01-01"))
    with pytest.raises(BadRequest, match="is no moment that I understand"):
        list(inspect.state_of(tmp_path, "general", at=f"soon{ESCAPES}"))


async def test_the_state_is_told_in_json(running: Room, tmp_path: Path) -> None:
    change = FileChange(path="notes.md", content=b"old\n")
    await work(running, Gathered(operations=(put("key", "old"),), files=(change,)))
    lines = [json.loads(line) for line in inspect.state_of(tmp_path, "general", in_json=True)]
    assert [line["type"] for line in lines] == ["state", "entry", "file"]
    assert (lines[0]["commit"], lines[0]["newest"]) == (1, 1)
    assert (lines[1]["key"], lines[1]["value"], lines[1]["pinned"]) == ("key", "old", False)
    assert (lines[2]["path"], lines[2]["size"]) == ("notes.md", 4)


async def test_a_conflict_is_marked(running: Room, tmp_path: Path) -> None:
    running.script.replies.append(starts("one", "two"))
    await running.ask("m1", "go")
    for number, value in ((1, "a"), (2, "b")):
        await running.hands.running(number)
        running.hands.gather[number] = Gathered(operations=(put("key", value),))
    for number in (1, 2):
        running.hands.end(number)
        await running.platform.post(f"result:{number}")
    assert "conflict #1]" in list(inspect.state_of(tmp_path, "general"))[1]
    (conflict,) = exported(tmp_path, "conflict")
    assert {one["value"] for one in conflict["candidates"]} == {'"a"', '"b"'}


async def test_an_export_holds_all_of_the_channel(running: Room, tmp_path: Path) -> None:
    content = bytes(range(256)) * 10
    change = FileChange(path="data.bin", content=content)
    await work(running, Gathered(operations=(put("key", "välue"),), files=(change,)))
    await running.ask("m2", "/settings max_steps 7")
    assert [line["text"] for line in exported(tmp_path, "message")] == [
        "go",
        "/settings max_steps 7",
    ]
    assert {line["kind"] for line in exported(tmp_path, "post")} >= {"answer", "result"}
    (job,) = exported(tmp_path, "job")
    assert (job["title"], job["state"]) == ("count pages", "completed")
    assert job["outcome"]["result"] == "result 1"
    (commit,) = exported(tmp_path, "commit")
    assert len(commit["lines"]) == 2
    (entry,) = exported(tmp_path, "entry")
    assert (entry["key"], entry["value"], entry["commit"]) == ("key", "välue", 1)
    (data,) = exported(tmp_path, "file")
    assert base64.b64decode(data["base64"]) == content
    (setting,) = exported(tmp_path, "setting")
    assert (setting["name"], setting["value"]) == ("max_steps", 7)


async def test_a_long_history_is_exported_whole_and_in_order(tmp_path: Path) -> None:
    async with room(tmp_path) as running:
        for number in range(30):
            await running.ask(f"m{number}", f"/set key {number}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspect, "_PAGE", 7)
        assert [line["number"] for line in exported(tmp_path, "commit")] == [*range(1, 31)]
        assert [line["id"] for line in exported(tmp_path, "message")] == [
            f"m{number}" for number in range(30)
        ]


async def test_no_escape_reaches_a_terminal(tmp_path: Path) -> None:
    script = Script()
    script.replies.append(starts(f"title {ESCAPES}"))
    async with room(tmp_path, script=script) as running:
        await running.ask("m1", f"go {ESCAPES}")
        await running.hands.running(1)
        running.hands.gather[1] = Gathered(operations=(put("key", f"value {ESCAPES}"),))
        running.hands.end(1, Completed(result=f"done {ESCAPES}"))
        await running.platform.post("result:1")
    lines = [
        *inspect.jobs_of(tmp_path, None),
        *inspect.state_of(tmp_path, "general"),
        *inspect.export_of(tmp_path, "general"),
    ]
    assert [line for line in lines if not line.isprintable()] == []
    (entry,) = exported(tmp_path, "entry")
    assert entry["value"] == f"value {ESCAPES}"


async def test_a_huge_value_is_cut_in_the_state_and_whole_in_the_export(
    running: Room, tmp_path: Path
) -> None:
    await work(running, Gathered(operations=(put("huge", "x" * 500_000),)))
    line = list(inspect.state_of(tmp_path, "general"))[1]
    assert len(line) < 30_000
    assert "characters more" in line
    assert exported(tmp_path, "entry")[0]["value"] == "x" * 500_000


async def test_more_entries_than_a_page_shows_are_all_listed(tmp_path: Path) -> None:
    operations = tuple(put(f"key{number:04}", "v") for number in range(1500))
    async with room(tmp_path) as running:
        await work(running, Gathered(operations=operations))
    assert len(list(inspect.state_of(tmp_path, "general"))) == 1501


async def known(root: Path, *names: str) -> None:
    """A data directory whose index has these channels."""
    control = await Control.open(root)
    for name in names:
        platform, workspace, channel = name.split("/")
        ref = ChannelRef(platform=platform, workspace=workspace, channel=channel)
        await control.mark(ref)
    await control.close()


async def test_a_channel_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    await known(tmp_path, "web/local/general", "slack/T1/C1")
    with pytest.raises(BadRequest) as told:
        list(inspect.state_of(tmp_path, f"genral{ESCAPES}"))
    assert '"genral' in str(told.value)
    assert str(told.value).endswith("the channels are: slack/T1/C1, web/local/general")
    assert str(told.value).isprintable()


async def test_a_name_that_fits_several_channels_is_not_guessed(tmp_path: Path) -> None:
    await known(tmp_path, "web/local/general", "slack/T1/general")
    with pytest.raises(BadRequest, match="could be any of: slack/T1/general, web/local/general"):
        list(inspect.export_of(tmp_path, "general"))


async def test_a_channel_whose_file_is_gone_is_named_and_not_made(tmp_path: Path) -> None:
    async with room(tmp_path) as running:
        await running.ask("m1", "/help")
    file(tmp_path).unlink()
    with pytest.raises(StoreError, match=r"general\.db is not there"):
        list(inspect.state_of(tmp_path, "general"))
    assert not file(tmp_path).exists()


async def test_a_result_that_could_not_be_shown_is_said_so_with_where_it_is(
    running: Room, tmp_path: Path
) -> None:
    running.script.replies.append(starts("count pages"))
    await running.ask("m1", "go")
    await running.hands.running(1)
    running.platform.trouble = DeliveryRefused("bot was kicked")
    refused: asyncio.Queue[str] = asyncio.Queue()
    running.outbox.on_refused = lambda _, item, why: refused.put_nowait(item.id if item else why)
    running.hands.end(1, Completed(result="42 pages"))
    while await refused.get() != "result:1":
        pass
    (line,) = inspect.jobs_of(tmp_path, "general")
    assert line.endswith(f"result not shown there: bot was kicked (`thaw export {CHANNEL}` has it)")
    assert any("42 pages" in str(one) for one in exported(tmp_path, "post"))


async def test_a_damaged_channel_does_not_hide_the_jobs_of_others(tmp_path: Path) -> None:
    async with room(tmp_path) as running:
        running.script.replies.append(starts("count pages"))
        await running.ask("m1", "go")
    other = ChannelRef(platform="world", workspace="w", channel="broken")
    await known(tmp_path, str(other))
    Channels(tmp_path).path(other).write_bytes(b"no database" * 1000)
    lines = inspect.jobs_of(tmp_path, None)
    assert "count pages" in next(lines)
    with pytest.raises(StoreError, match=r"broken\.db is damaged"):
        next(lines)


async def test_a_directory_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    control = await Control.open(tmp_path)
    await control.database.run(lambda tx: tx.execute("PRAGMA user_version = 999"))
    await control.close()
    before = (tmp_path / "control.db").read_bytes()
    with pytest.raises(NewerDatabase, match="start the newer program"):
        list(inspect.jobs_of(tmp_path, None))
    assert (tmp_path / "control.db").read_bytes() == before
