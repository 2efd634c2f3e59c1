import io

import pytest

from core.search.reading import MOST_CHARACTERS, MOST_LINES, Chunk, chunks, is_binary


def read(data: bytes) -> list[Chunk]:
    return list(chunks(io.BytesIO(data), len(data)))


def numbered(data: bytes) -> dict[int, str]:
    """Every line that is not empty, by its number."""
    return {
        chunk.line + at: text
        for chunk in read(data)
        for at, text in enumerate(chunk.text.split("\n"))
        if text.strip()
    }


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("width", [0, 1, 100, 3000, 5000])
def test_every_line_keeps_its_number(ending: bytes, width: int) -> None:
    lines = [b"%d %s" % (n, b"x" * width) for n in range(1, 201)]
    found = {
        chunk.line + at: text.split()[0]
        for chunk in reversed(read(ending.join(lines) + ending))
        for at, text in enumerate(chunk.text.split("\n"))
    }
    assert found == {n: str(n) for n in range(1, 201)}


def test_chunks_are_bounded() -> None:
    for chunk in read(b"word " * 100_000 + b"\n" + b"x" * 300_000 + b"\n" * 1000 + b"end"):
        assert len(chunk.text) <= MOST_CHARACTERS
        assert chunk.text.count("\n") < MOST_LINES


def test_long_lines_are_cut_between_words() -> None:
    words = [f"word{n}" for n in range(50_000)]
    found = [word for chunk in read(" ".join(words).encode()) for word in chunk.text.split()]
    assert found == words


def test_a_line_longer_than_a_block_is_still_one_line() -> None:
    found = numbered(b"first\n" + b"long " * 100_000 + b"\nthird\n")
    assert (found[1], found[3], max(found)) == ("first", "third", 3)


def test_the_same_text_on_other_lines_has_another_digest() -> None:
    digests = [chunk.digest for chunk in read(b"same\n" * 1000)]
    assert len(set(digests)) == len(digests) > 30


def test_empty_lines_are_counted_and_not_kept() -> None:
    assert numbered(b"\n" * 500 + b"here\n\n\nthere") == {501: "here", 504: "there"}
    assert read(b"") == []


def test_colours_and_controls_do_not_stick_to_words() -> None:
    assert numbered(
        b"\x1b[1;31mERROR\x1b[0m\x1b]8;;http://x\x07link\x1b]8;;\x1b\\ 10%\r20%\0!"
    ) == {1: "ERRORlink 10% 20% !"}


def test_what_is_not_utf8_is_replaced_and_the_rest_is_kept() -> None:
    assert numbered(b"caf\xe9 ok\nend") == {1: "caf\ufffd ok", 2: "end"}
    assert numbered(b"\xef\xbb\xbfbegin") == {1: "begin"}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_a_mark_is_text(encoding: str) -> None:
    data = "\ufeffone\r\nzwei ü\n".encode(encoding)
    assert not is_binary(io.BytesIO(data))
    assert {n: text.strip() for n, text in numbered(data).items()} == {1: "one", 2: "zwei ü"}


def test_a_nul_at_the_start_means_binary_and_the_stream_is_rewound() -> None:
    stream = io.BytesIO(b"PNG\0data")
    assert is_binary(stream)
    assert stream.tell() == 0
    assert not is_binary(io.BytesIO(b"text"))


def test_what_a_grown_file_began_with_has_the_same_digests() -> None:
    old = "".join(f"line {n} of a log\n" for n in range(30_000)).encode()
    before = [chunk.digest for chunk in read(old)]
    after = [chunk.digest for chunk in read(old + b"one more\n")]
    assert after[: len(before) - 1] == before[:-1]
    assert len(set(after)) == len(after)


def test_no_more_than_the_given_size_is_read() -> None:
    assert [chunk.text for chunk in chunks(io.BytesIO(b"abcdefgh"), 4)] == ["abcd"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("width", [20, 30_000, 200_000])
def test_reading_can_begin_again_where_a_chunk_s_text_began(mark: bytes, width: int) -> None:
    data = mark + b"".join(
        b"%d %s\n" % (n, b"word " * (width // 5) + b"\n" * 40)
        for n in range(600_000 // (width + 40))
    )
    every = read(data)
    starts = list(dict.fromkeys(chunk.start for chunk in every))
    assert len(starts) > 5
    for start in starts:
        again = list(chunks(io.BytesIO(data), len(data), start))
        assert again == [chunk for chunk in every if chunk.start.offset >= start.offset]


def test_a_last_line_without_an_end_is_not_apart() -> None:
    assert [chunk.text for chunk in read(b"one\ntwo")] == ["one\ntwo"]
