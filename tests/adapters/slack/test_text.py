import pytest

from adapters.slack.text import defused, escaped, mention, mentioned, plain

NAMES = {"U0BEN": "Ben"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@U0BOT> hello", "hello"),
        ("  <@U0BOT>, <@U0BOT|thaw>: hello", "hello"),
        ("ask <@U0BOT> too", "ask @U0BOT too"),
        ("<@U0BEN> and <@U0CY|cy> and <@U0DI>", "@Ben and @cy and @U0DI"),
        ("in <#C1|general> and <#C2>", "in #general and #C2"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|Monday>", "@here @team Monday"),
        ("<https://a.b/c?d=1&amp;e=2>", "https://a.b/c?d=1&e=2"),
        ("<https://a.b|the page>", "[the page](https://a.b)"),
        ("<http://a.b|a.b>", "a.b"),
        ("<mailto:a@b.c|a@b.c>", "a@b.c"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("a <placeholder> stays", "a <placeholder> stays"),
        ("<>< <@> <!> <#>", "<>< <@> <!> <#>"),
        ("", ""),
        ("\u202eevil\u200b", "\u202eevil\u200b"),
    ],
)
def test_what_a_person_wrote_is_read_as_people_read_it(written: str, read: str) -> None:
    assert plain(written, NAMES, "U0BOT") == read


def test_mentioned_people_are_found_once() -> None:
    assert mentioned("<@U1> <@U2|x> <@U1> <#C1> <@nobody>") == ("U1", "U2")


@pytest.mark.parametrize(
    "mark",
    ["<!here>", "<!channel|x>", "<@U0BEN>", "<#C1|x>", "<!subteam^S1>", f"<!here|{'x' * 400}>"],
)
def test_nothing_in_markdown_notifies(mark: str) -> None:
    assert mark not in defused(f"a {mark} b")
    assert defused(f"a {mark} b").replace("\u2060", "") == f"a {mark} b"


@pytest.mark.parametrize(
    "text",
    [
        "<!-- a comment -->",
        "<!DOCTYPE html>",
        "a < b",
        "<div>",
        "vector<@",
        "List<@NonNull T>",
        "<!hereafter>",
        "<#include>",
    ],
)
def test_what_is_no_mention_is_left_as_it_is(text: str) -> None:
    assert defused(text) == text


def test_only_ids_of_slack_are_mentioned() -> None:
    assert mention("U0BEN") == "<@U0BEN>"
    assert mention("local:ben") == ""
    assert mention("U1> <!here") == ""


def test_escaped_text_has_no_marks() -> None:
    assert escaped("<!here> & <@U1>") == "&lt;!here&gt; &amp; &lt;@U1&gt;"
