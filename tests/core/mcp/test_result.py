from dataclasses import dataclass
from typing import Any

from core.mcp.result import bounded, result_text


@dataclass
class Part:
    text: Any = None
    data: Any = None
    mime_type: Any = None
    resource: Any = None
    uri: Any = None
    blob: Any = None


@dataclass
class Result:
    content: list[Any]
    structured_content: Any = None


def test_all_that_is_text_is_told_and_of_the_rest_its_kind() -> None:
    parts = [
        Part(text="one"),
        Part(data="QUJD", mime_type="image/png"),
        Part(resource=Part(text="inside")),
        Part(resource=Part(blob="QUJD")),
        Part(uri="file:///x"),
    ]
    assert result_text(Result(parts), 1000).splitlines() == [
        "one", "[image/png, 3 bytes, left out]", "inside", "[data, 3 bytes, left out]",
        "[link to file:///x]",
    ]  # fmt: skip


def test_what_has_no_text_shows_what_it_has() -> None:
    assert result_text(Result([], {"a": "ä"}), 1000) == '{"a": "ä"}'
    assert result_text(Result([Part(text=3)]), 1000) == "(nothing)"


def test_it_is_cut_and_cleaned() -> None:
    assert bounded("a\x1b[31mb\x00\ud800\U000e0041\tc\nd\r\n", 100) == "a[31mb\tc\nd\n"
    assert bounded("abcdef", 4) == "abcd\n[2 more characters were cut here]"
