import time

import pytest

from adapters.discord.blocks import blocks, code, escaped, storable
from adapters.discord.splitting import packed


def shown(text: str) -> str:
    """The text as one message."""
    return "\n=====\n".join(packed(blocks(text)))


@pytest.mark.parametrize(
    ("markdown", "discord"),
    [
        ("# One\ntext", "# One\ntext"),
        ("#### Four\ntext", "**Four**\ntext"),
        ("Under\n===\ntext", "# Under\ntext"),
        ("a\n\n---\n\nb", "a\n\n⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯\n\nb"),
        ("__bold__ and snake__case__x", "**bold** and snake__case__x"),
        ("a || b || c", "a \\|\\| b \\|\\| c"),
        ("`a || b __c__`", "`a || b __c__`"),
        ("![a cat](http://x.y/__cat__.png)", "[a cat](http://x.y/__cat__.png)"),
        ("> one\ntwo\n>three", "> one\n> two\n> three"),
        ("+ a\n+ b", "- a\n- b"),
        ("1) a\n2) b", "1. a\n2. b"),
        ("- [ ] open\n- [x] done", "- ☐ open\n- ☑ done"),
        ("- a\n  - b\n    - c", "- a\n  - b\n    - c"),
        ("~~~py\nx = 1\n~~~", "```py\nx = 1\n```"),
        ("    indented", "```\nindented\n```"),
        ("````md\n```\ninside\n```\n````", "```md\n`\u200b`\u200b`\ninside\n`\u200b`\u200b`\n```"),
        ("[ref]: http://x.y", "[ref]: http://x.y"),
        ("<b>raw</b>", "<b>raw</b>"),
        ("in __init__.py and x.__len__()", "in \\_\\_init\\_\\_.py and x.\\_\\_len\\_\\_()"),
        ("a &lt; b &amp;&amp; `&lt;`", "a < b && `&lt;`"),
        ("-# \u270e undone", "\\-# \u270e undone"),
        ("```\nnever closed", "```\nnever closed\n```"),
    ],
)
def test_markdown_is_said_in_discord_s_own(markdown: str, discord: str) -> None:
    assert shown(markdown) == discord


def test_a_table_stands_in_columns_also_with_wide_signs() -> None:
    lines = shown("| name | n |\n|--|--|\n| **漢字** | `1` |\n| x | [a](http://b.c) |").split("\n")
    assert lines == [
        "```", "name │ n", "─────┼───────────────", "漢字 │ 1", "x    │ a (http://b.c)", "```",
    ]  # fmt: skip


def test_a_table_too_wide_for_a_screen_becomes_a_list() -> None:
    wide = "x" * 90
    text = shown(f"| name | what |\n|--|--|\n| a | {wide} |\n| b | {wide} |")
    assert text.split("\n") == [f"- **name**: {one}; **what**: {wide}" for one in "ab"]


def test_text_that_turns_the_reading_order_or_cannot_be_sent_is_made_harmless() -> None:
    assert storable("a\u202eb\0c\ud800") == "ab\ufffdc?"


def test_escaped_text_shows_as_it_is() -> None:
    assert escaped("# *a*\n_b_ <@1> [c](d)") == "\\# \\*a\\* \\_b\\_ \\<@1\\> \\[c\\](d)"


@pytest.mark.parametrize("piece", ["[", "![", "`a``", "__a", "<", "- [", "> ", "* _", "||", "a|"])
def test_hostile_text_is_dressed_in_time(piece: str) -> None:
    began = time.thread_time()
    packed(blocks((piece * 6_000)[:6_000]))
    assert time.thread_time() - began < 1


def test_the_language_of_code_is_a_word() -> None:
    assert code("x", 'py title="a b"').fence == "py"
    assert code("x", "`\n").fence == ""
