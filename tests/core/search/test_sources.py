import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import BadRequest
from core.messages import ChannelRef
from core.search.hits import FileHit
from core.search.query import parse
from core.search.sources import Sources, SourceSpec


def channel(platform: str = "slack", workspace: str = "T1", name: str = "C1") -> ChannelRef:
    return ChannelRef(platform=platform, workspace=workspace, channel=name)


@pytest.fixture
async def sources(tmp_path: Path) -> AsyncIterator[Sources]:
    specs = []
    for name, channels in (
        ("all", ("*",)),
        ("some", ("slack/T1/*", "web/*")),
        ("odd", ("a/[b]/c",)),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.log").write_text(f"needle in {name}\n" * 3)
        specs.append(SourceSpec(name=name, path=tmp_path / name, channels=channels))
    sources = Sources(specs, tmp_path / "data")
    await sources.start()
    await sources.settled()
    yield sources
    await sources.stop()


def test_a_channel_sees_the_sources_whose_patterns_name_it(tmp_path: Path) -> None:
    sources = Sources(
        [
            SourceSpec(name="all", path=tmp_path),
            SourceSpec(name="some", path=tmp_path, channels=("slack/T1/*", "web/*")),
            SourceSpec(name="odd", path=tmp_path, channels=("a/[b]/c",)),
        ],
        tmp_path,
    )
    assert sources.visible(channel()) == ("all", "some")
    assert sources.visible(channel("web", "local", "general")) == ("all", "some")
    assert sources.visible(channel("slack", "T2")) == ("all",)
    assert sources.visible(channel("a", "[b]", "c")) == ("all", "odd")
    assert sources.visible(channel("a", "b", "c")) == ("all",)


async def test_the_named_sources_are_searched_and_take_turns(sources: Sources) -> None:
    result = await sources.search(("all", "some"), parse("needle"), 4)
    assert [hit.source for hit in result.hits if isinstance(hit, FileHit)] == [
        "all",
        "some",
        "all",
        "some",
    ]
    with pytest.raises(BadRequest, match="no source 'other'"):
        await sources.search(("other",), parse("needle"), 4)
    assert (await sources.search((), parse("needle"), 4)).hits == ()


async def test_the_status_names_every_source(sources: Sources) -> None:
    found = [(one.name, one.files, one.waiting, one.trouble) for one in await sources.status()]
    assert found == [("all", 1, 0, None), ("some", 1, 0, None), ("odd", 1, 0, None)]


def held() -> list[str]:
    """Every file that this process has open."""
    return sorted(str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.exists())


async def test_a_hundred_searches_at_once_share_one_index(sources: Sources, tmp_path: Path) -> None:
    await sources.search(("all",), parse("needle"), 5)
    before = held()
    inode = (tmp_path / "data" / "sources" / "all.db").stat().st_ino
    results = await asyncio.gather(
        *(sources.search(("all",), parse("needle"), 5) for _ in range(100))
    )
    assert {len(result.hits) for result in results} == {3}
    assert held() == before
    assert (tmp_path / "data" / "sources" / "all.db").stat().st_ino == inode


async def test_a_source_that_is_missing_at_the_start_is_found_when_it_comes(
    tmp_path: Path,
) -> None:
    sources = Sources([SourceSpec(name="late", path=tmp_path / "late")], tmp_path / "data")
    await sources.start()
    await sources.settled()
    (status,) = await sources.status()
    assert "No such file" in (status.trouble or "")
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "a.log").write_text("needle\n")
    await sources.settled()
    assert len((await sources.search(("late",), parse("needle"), 5)).hits) == 1
    await sources.stop()


async def test_what_is_not_searched_in_a_source_has_reasons(
    sources: Sources, tmp_path: Path
) -> None:
    for n in range(3):
        (tmp_path / "all" / f"{n}.bin").write_bytes(b"\0")
    await sources.settled()
    skipped = await sources.skipped("all", 2)
    assert skipped.count == 3
    assert [reason for _, reason in skipped.newest] == ["is not text", "is not text"]
    assert (await sources.skipped("some", 2)).count == 0


async def test_an_index_of_the_other_kind_is_removed_and_made_anew(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("PaymentsGateway\n")
    counts = []
    for trigrams in (False, True, True, False):
        spec = SourceSpec(name="code", path=tmp_path / "code", trigrams=trigrams)
        sources = Sources([spec], tmp_path / "data")
        await sources.start()
        await sources.settled()
        counts.append(len((await sources.search(["code"], parse("mentsgate"), 5)).hits))
        await sources.stop()
        assert len(list((tmp_path / "data" / "sources").glob("*.db"))) == 1
    assert counts == [0, 1, 1, 0]
