from core.model.offline.model import OfflineModel
from core.model.offline.summary import HONESTLY
from core.summaries.request import Piece, request, summary_in


def pieces(first: int, last: int) -> list[Piece]:
    return [Piece(name="Ada", text=f"line {n}\nand {'more ' * 50}") for n in range(first, last + 1)]


async def summed(so_far: str, given: list[Piece]) -> str:
    asked = request("a thread", so_far, given, "offline", 1000)
    reply = await OfflineModel().complete(asked)
    assert reply.offline
    return summary_in(reply, asked)


async def test_it_says_how_each_part_began_and_that_no_model_read_it() -> None:
    text = await summed("", pieces(1, 3))
    first, *lines = text.splitlines()
    assert first == HONESTLY
    assert [line[:14] for line in lines] == ["- Ada: line 1 ", "- Ada: line 2 ", "- Ada: line 3 "]


async def test_the_next_one_goes_on_from_the_last_and_does_not_grow_without_end() -> None:
    text = await summed("", pieces(1, 3))
    text = await summed(text, pieces(4, 5))
    assert text.count(HONESTLY) == 1
    assert "line 1 " in text
    assert "line 5 " in text
    for start in range(6, 200, 10):
        text = await summed(text, pieces(start, start + 9))
    assert len(text.splitlines()) == 41
    assert "line 1 " not in text
    assert "line 205 " in text
