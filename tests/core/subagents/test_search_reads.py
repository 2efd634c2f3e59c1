from core.errors import BadRequest, StoreError
from core.search.hits import FileHit, Hit, MessageHit, StateHit, WorkspaceHit
from core.state.reads import KeyRead, SearchRead
from core.subagents.search_reads import MOST_AGAIN, again, seen
from tests.core.subagents.scripted import CHANNEL, NothingFound

MESSAGE = MessageHit(seq=4, thread="t", author="Ann", at=1.0, line=1, snippet="red")
STATE = StateHit(key="k", commit=3, author="Ann", at=1.0, line=1, snippet="red")
FILE = WorkspaceHit(path="a/b", sha256="0", commit=3, author="", at=1.0, line=2, snippet="red")
SOURCE = FileHit(source="ci", path="a.log", line=2, at=1.0, snippet="red", digest="0")
HITS: tuple[Hit, ...] = (MESSAGE, STATE, FILE, SOURCE)
READ = SearchRead(query="q", source="ci", upto=4, seen=())


def test_a_hit_is_known_by_its_place_and_what_was_shown_of_it() -> None:
    found = seen(HITS)
    assert [(one.what, one.place) for one in found] == [
        ("message", "4"), ("state", "k"), ("workspace", "a/b"), ("source", "ci/a.log"),
    ]  # fmt: skip
    other = StateHit(key="k", commit=3, author="Ann", at=1.0, line=1, snippet="blue")
    later = StateHit(key="k", commit=9, author="Ben", at=2.0, line=5, snippet="red")
    assert seen([other]) != seen([STATE]) == seen([later])


async def test_searches_are_made_again_at_head_and_other_reads_stay() -> None:
    finder, other = NothingFound(), KeyRead(key="k", commit=1)
    finder.hits = HITS
    (kept, made) = await again(finder, CHANNEL, [READ, other])
    assert kept == other
    assert isinstance(made, SearchRead)
    assert made.now == seen(HITS)
    assert finder.asked == [("q", "ci", None)]


async def test_of_a_great_many_searches_only_so_many_are_made_again() -> None:
    finder = NothingFound()
    reads = await again(finder, CHANNEL, [READ] * (MOST_AGAIN + 5))
    assert len(finder.asked) == MOST_AGAIN
    assert len(reads) == MOST_AGAIN + 5


async def test_a_search_that_works_no_more_does_not_hold_a_job_up() -> None:
    finder = NothingFound()
    for finder.error in (BadRequest("there is no source ci"), StoreError("the disk is gone")):
        assert await again(finder, CHANNEL, [READ]) == (READ,)
    assert len(finder.asked) == 2
