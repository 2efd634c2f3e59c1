"""Refusals read from whatever a server sends, and words that never show too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ModelError
from core.model.faults import LONGEST_QUOTE, Place, error_of, refusal_of, retry_after

KEY = "sk-very-secret-0123456789"
PLACE = Place(base_url="http://u:p@[::1]:8080/v1?t=1", model="tiny", key_env="K", secret=KEY)
NOON = 1_794_744_000.0  # Sun, 15 Nov 2026 12:00:00 GMT

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
error_values = json_values | st.fixed_dictionaries(
    {"error": json_values | st.fixed_dictionaries({"message": json_values, "code": json_values})}
)


def test_a_date_to_come_back_at_counts_from_now() -> None:
    assert retry_after({"retry-after": "Sun, 15 Nov 2026 12:01:00 GMT"}, NOON) == 60
    assert retry_after({"retry-after": "Sun, 15 Nov 2026 11:00:00 GMT"}, NOON) == 0


@given(st.text(max_size=40))
def test_whatever_retry_after_says_is_a_number_from_0_or_nothing(value: str) -> None:
    seconds = retry_after({"retry-after": value}, NOON)
    assert seconds is None or seconds >= 0


@given(st.sampled_from([301, 400, 401, 403, 404, 413, 422, 429, 500, 503, 600]), error_values)
def test_every_body_of_every_status_is_an_error_in_short_words(status: int, body: object) -> None:
    error = error_of(refusal_of(status, body, {}), PLACE)
    assert isinstance(error, ModelError)
    assert len(str(error)) < LONGEST_QUOTE + 200
    assert str(error).isprintable()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "one"}}, "one"),
        ({"error": "two"}, "two"),
        ({"message": "three"}, "three"),
        ({"detail": "four"}, "four"),
        ({"detail": [{"msg": "five", "loc": ["body", "x"]}]}, "five ['body', 'x']"),
        ("six", "six"),
        ("<!doctype html><p>seven", "a web page"),
        (None, ""),
    ],
)
def test_the_words_of_an_error_are_found_in_every_common_shape(body: object, words: str) -> None:
    assert refusal_of(400, body, {}).words == words


def test_an_address_is_shown_without_its_secrets() -> None:
    assert PLACE.server == "http://[::1]:8080/v1"
    assert "[model] base_url" in Place(base_url="http://[x", model="", key_env="").server
    assert KEY not in repr(PLACE)


def test_a_quotation_is_one_short_line_without_the_key() -> None:
    assert PLACE.quote(f"a\n\x1b[0m {KEY}  b") == "a [0m [key] b"
    assert len(PLACE.quote("x" * 10_000)) == LONGEST_QUOTE
    assert KEY[:8] not in PLACE.quote("y" * (20 * LONGEST_QUOTE - 4) + KEY)
