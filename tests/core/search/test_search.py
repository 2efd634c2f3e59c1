from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import config
from core.errors import BadRequest
from core.messages import ChannelRef
from core.ports import Finder
from core.search.hits import FileHit, MessageHit, StateHit, WorkspaceHit
from core.search.indexing import Indexing
from core.search.search import Search
from core.search.sources import Sources, SourceSpec
from core.state.channels import Channels
from core.state.database import Transaction
from core.tasks import Tasks
from tests.core.search.deltas import change
from tests.core.state.board import put, write

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
GENERAL = ChannelRef(platform="web", workspace="local", channel="general")
OTHER = ChannelRef(platform="slack", workspace="T1", channel="C1")


def say(tx: Transaction) -> None:
    tx.executemany(
        "INSERT INTO messages (id, thread, author_id, author, text, at)"
        " VALUES (?, '', 'u1', 'Ann', ?, 1762162920.0)",
        [("m1", "urllib3 was updated today"), ("m2", "who pinned urllib3 before?")],
    )


@pytest.fixture
async def channels(tmp_path: Path) -> AsyncIterator[Channels]:
    channels = Channels(tmp_path)
    yield channels
    await channels.close()


@pytest.fixture
async def sources(tmp_path: Path) -> AsyncIterator[Sources]:
    given = config.load(EXAMPLES / "thaw.toml").sources
    specs = [SourceSpec(name=one.name, path=one.path, channels=("web/*",)) for one in given]
    (tmp_path / "more").mkdir()
    specs.append(SourceSpec(name="more", path=tmp_path / "more", channels=("web/*",)))
    sources = Sources(specs, tmp_path)
    await sources.start()
    await sources.settled()
    yield sources
    await sources.stop()


@pytest.fixture
async def search(channels: Channels, sources: Sources) -> AsyncIterator[Search]:
    for channel in (GENERAL, OTHER):
        await channels.write(channel, say)
    tasks = Tasks()
    yield Search(channels, sources, Indexing(channels, tasks.spawn))
    await tasks.close()


async def test_the_example_s_cause_is_found_with_file_and_line(search: Search) -> None:
    found = await search.find(GENERAL, 'method_whitelist "gateway.py:142"', "ci-logs")
    place = "ci-logs/build-17/3-unit.log:477: "
    assert f"{place}services/payments/«gateway.py:142»: TypeError: " in found.text
    assert {type(hit) for hit in found.hits} == {FileHit}


async def test_messages_and_sources_are_searched_together(search: Search) -> None:
    result = await search.search(GENERAL, "urllib3", None)
    assert {type(hit) for hit in result.hits} == {MessageHit, FileHit}
    assert len(result.hits) <= 20


async def test_a_source_or_the_messages_can_be_named(search: Search) -> None:
    logs = await search.search(GENERAL, "urllib3", "ci-logs")
    assert {type(hit) for hit in logs.hits} == {FileHit}
    said = await search.search(OTHER, "urllib3", "messages")
    assert [type(hit) for hit in said.hits] == [MessageHit, MessageHit]


async def test_a_snapshot_bounds_the_messages(search: Search) -> None:
    said = await search.search(GENERAL, "urllib3", "messages", upto_message=1)
    assert [hit.seq for hit in said.hits if isinstance(hit, MessageHit)] == [1]


@pytest.mark.parametrize("name", ["secret", "", "../ci-logs", "CI-LOGS", "x" * 100_000])
async def test_an_unknown_source_is_refused_with_the_names_there_are(
    search: Search, name: str
) -> None:
    with pytest.raises(
        BadRequest, match="choose from ci-logs, more, messages, state, files,"
    ) as refusal:
        await search.search(GENERAL, "urllib3", name)
    assert len(str(refusal.value)) < 300


async def test_a_hidden_source_is_as_good_as_unknown(search: Search) -> None:
    with pytest.raises(BadRequest, match="choose from messages, state, files,"):
        await search.search(OTHER, "urllib3", "ci-logs")
    result = await search.search(OTHER, "urllib3", None)
    assert {type(hit) for hit in result.hits} == {MessageHit}


async def test_the_limit_is_kept_within_reason(search: Search) -> None:
    for limit, most in ((-1, 1), (0, 1), (3, 3), (10**9, 100)):
        result = await search.search(GENERAL, "test", None, limit=limit)
        assert len(result.hits) == most


async def test_state_and_files_are_searched_as_of_a_commit(
    search: Search, channels: Channels
) -> None:
    for source, word in (("1", "requests"), ("2", "urllib3")):
        pinned, file = put("pin", f"{word} is pinned"), write("pins.txt", f"all\n{word}".encode())
        await channels.write(GENERAL, change(source, pinned, file))
    told = await search.find(GENERAL, "urllib3", "state")
    assert told.text == "state/pin:1 job 4, asked by Ann, 2025-11-03 09:42 UTC: «urllib3» is pinned"
    told = await search.find(GENERAL, "urllib3", "files")
    assert told.text == "files/pins.txt:2 job 4, asked by Ann, 2025-11-03 09:42 UTC: «urllib3»"
    assert (await search.find(GENERAL, "urllib3", "state", commit=1)).text == "no hits"
    assert len((await search.find(GENERAL, "requests", "files", commit=1)).hits) == 1
    kinds = {type(hit) for hit in (await search.find(GENERAL, "urllib3")).hits}
    assert kinds == {MessageHit, StateHit, WorkspaceHit, FileHit}
    assert (await search.find(OTHER, "pinned", "state")).text == "no hits"


async def test_files_that_are_not_searched_are_told_with_the_reason(
    search: Search, channels: Channels
) -> None:
    files = [write(f"{n}.bin", b"\0") for n in range(5)]
    await channels.write(GENERAL, change("1", *files))
    (note,) = (await search.search(GENERAL, "urllib3", "files")).notes
    assert note.startswith("files: not searched: 0.bin is not text; ")
    assert note.endswith("; 2 more")


async def test_a_source_without_hits_says_what_of_it_is_not_searched(
    search: Search, sources: Sources, tmp_path: Path
) -> None:
    (tmp_path / "more" / "x.bin").write_bytes(b"\0")
    await sources.settled()
    assert (await search.find(GENERAL, "nowhere", "more")).text.splitlines() == [
        "no hits",
        "(more: not searched: x.bin is not text)",
    ]


async def test_what_was_left_out_of_the_query_is_told(search: Search) -> None:
    told = await search.find(GENERAL, "urllib3 a*")
    assert "(a* was searched as a word: a beginning needs two letters)" in told.text
    with pytest.raises(BadRequest, match="give words"):
        await search.find(GENERAL, "!!!")


async def test_it_is_the_port_that_agents_use(search: Search) -> None:
    finder: Finder = search
    assert (await finder.find(GENERAL, "nowhere", "messages")).text == "no hits"
