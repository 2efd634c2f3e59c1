import pytest

from adapters.slack.fields import map_of, maps_of, text_of, ts_of

ODD: list[object] = [None, 5, "text", [], {}, {"x": None}, {"x": 5}, [{"x": {}}]]


@pytest.mark.parametrize("source", ODD)
def test_what_is_missing_or_of_another_type_is_nothing(source: object) -> None:
    assert map_of(source, "x") == {}
    assert maps_of(source, "x") == []
    assert text_of(source, "x") == ""
    assert ts_of(source, "x") is None


def test_what_is_there_is_found() -> None:
    source = {"map": {"a": 1}, "maps": [{"b": 2}, 5, None], "text": "words", "ts": "12.5"}
    assert map_of(source, "map") == {"a": 1}
    assert maps_of(source, "maps") == [{"b": 2}]
    assert text_of(source, "text") == "words"
    assert ts_of(source, "ts") == "12.5"


@pytest.mark.parametrize("value", ["", "1", "1.", ".1", "1.1 ", "-1.0", "1e5.0", "٣.٣", "1.1\n"])
def test_what_names_no_message_is_no_timestamp(value: str) -> None:
    assert ts_of({"ts": value}, "ts") is None
