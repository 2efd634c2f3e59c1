import tomllib

import pytest

from bot.template import Value, filled, literal

EXAMPLE = """\
# What stands here.
[bot]
# Its name.
name = "Thaw"

[web]
port = 8484

# Only if you have it.
# [slack]
# mode = "socket"
"""


def test_what_is_not_named_stays_as_it_is() -> None:
    assert filled(EXAMPLE, {}) == EXAMPLE


def test_sections_and_settings_are_switched_on_and_comments_kept() -> None:
    made = filled(EXAMPLE, {("slack", "mode"): "http"}, switched_on=["slack"])
    assert made == EXAMPLE.replace("# [slack]\n# mode = ", "[slack]\nmode = ").replace(
        "socket", "http"
    )


def test_a_section_is_switched_off_with_all_that_is_in_it() -> None:
    made = filled(EXAMPLE, {("bot", "name"): "Ice"}, switched_off=["web"])
    assert tomllib.loads(made) == {"bot": {"name": "Ice"}}
    assert "# port = 8484\n" in made


def test_switching_on_what_is_on_and_off_what_is_off_changes_nothing() -> None:
    assert filled(EXAMPLE, {}, switched_on=["web"], switched_off=["slack"]) == EXAMPLE


@pytest.mark.parametrize(
    ("values", "on"),
    [({("bot", "nmae"): "x"}, ()), ({("discord", "mode"): "x"}, ()), ({}, ("discord",))],
)
def test_what_the_example_does_not_have_is_a_mistake(
    values: dict[tuple[str, str], Value], on: tuple[str, ...]
) -> None:
    with pytest.raises(KeyError):
        filled(EXAMPLE, values, switched_on=on)


@pytest.mark.parametrize(
    "value", ["plain", 'a "quoted" \\ one', "日本 😀", "a\nb\x1b\u2028", 7, ("a", 'b"'), ()]
)
def test_a_value_is_read_back_as_it_was(value: Value) -> None:
    read = tomllib.loads(f"value = {literal(value)}")["value"]
    assert (tuple(read) if isinstance(read, list) else read) == value
