from core.search.hits import FileHit, Hit, MessageHit, SearchResult, combined


def message(seq: int) -> MessageHit:
    return MessageHit(seq=seq, thread="", author="Ann", at=0.0, line=1, snippet=f"said {seq}")


def line(number: int) -> FileHit:
    return FileHit(
        source="logs", path="a.log", line=number, at=0.0, snippet=f"line {number}", digest="d"
    )


def result(*hits: Hit, partial: bool = False, notes: tuple[str, ...] = ()) -> SearchResult:
    return SearchResult(hits=hits, partial=partial, notes=notes)


def test_results_are_taken_in_turn_and_bounded() -> None:
    both = combined([result(message(1), message(2), message(3)), result(line(1))], 3)
    assert both.hits == (message(1), line(1), message(2))


def test_hits_with_all_words_put_hits_with_some_aside() -> None:
    both = combined([result(message(1), partial=True), result(line(1), notes=("note",))], 3)
    assert both == result(line(1), notes=("note",))
    assert combined([result(message(1), partial=True), result()], 3).partial
