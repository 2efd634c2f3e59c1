"""What is long, strange, broken, forged or repeated, from people and from models: a clear end."""

import asyncio

import pytest

from tests.contract.somebody import PLACES, settled, texts
from tests.contract.stage import Stage
from tests.contract.theatre import everywhere
from tests.harness.people import Asked, one
from tests.harness.play import finish, say, starting

ODD = {
    "long": "word " * 8000,
    "zero-width": "a\u200bb\u200dc\ufeffd",
    "right to left": "\u202eevil\u202c שלום مرحبا",
    "emoji": "😀" * 1000,
    "mentions": " ".join(f"<@{number}>" for number in range(100_000, 100_200)),
    "broken Markdown": "**bold _it `code ~~~ [link](http:// ![x](<",
    "nested fences": "````\n```python\nx\n```\n````\n```\nopen",
    "HTML": "<script>alert(1)</script><b>bold</b> &amp; <!--",
    "control": "bell \x07 esc \x1b[31m nul-free",
}


@everywhere()
async def test_odd_messages_are_answered_each_once(on: Stage) -> None:
    on.plays({f"odd {number}:": [say(f"answer {number}.")] for number in range(len(ODD))})
    asked = await on.anna.ask("a place for oddities", 15)
    await one(on.anna, asked, "heard a place")
    for number, text in enumerate(ODD.values()):
        await on.anna.more(asked, f"odd {number}: {text}")
    await settled(on.anna, asked)
    for number in range(len(ODD)):
        await one(on.anna, asked, f"answer {number}.")
        assert texts(on.anna, asked).count(f"answer {number}.") == 1


@everywhere()
async def test_a_long_result_is_whole_and_in_order(on: Stage) -> None:
    words = [f"w{number:05}" for number in range(5000)]
    blocks = [" ".join(words[start : start + 25]) for start in range(0, len(words), 25)]
    fenced = "\n\n".join(["# Long", *blocks[:100], "```\n" + "\n".join(blocks[100:]) + "\n```"])
    on.plays({"write long": starting("the long text")}, {"the long text": [finish(fenced)]})
    asked = await on.anna.ask("write long", 16)
    await one(on.anna, asked, words[0])
    await on.anna.until(lambda: words[-1] in _all(on, asked))
    found = _all(on, asked)
    assert [word for word in words if word not in found] == []
    places = [found.rindex(word) for word in words[:2500]]
    assert places == sorted(places)


def _all(on: Stage, asked: Asked) -> str:
    """What is shown, and what was attached instead."""
    files = [content.decode() for content in on.anna.files(asked).values()]
    return "\n".join([texts(on.anna, asked), *files])


@everywhere()
async def test_what_a_model_formats_is_readable(on: Stage) -> None:
    text = (
        "## Heading\n\nSee [the docs](https://example.org/a_b) and `x < y`.\n\n- one\n- two\n\n"
        "| name | count |\n|---|---|\n| apples | 3 |\n\n"
        "```python\nif a < b and c > d:\n    pass\n```"
    )
    on.plays({"format": [say(text)]})
    asked = await on.anna.ask("format", 17)
    await one(on.anna, asked, "if a < b and c > d:")
    shown = texts(on.anna, asked)
    for part in ("Heading", "the docs", "x < y", "one", "two", "apples", "count"):
        assert part in shown, part
    assert not {"&lt;", "&amp;"} & set(shown.split())


@everywhere()
async def test_broken_formatting_of_a_model_reaches_people_with_every_word(on: Stage) -> None:
    broken = {
        "fence": "```python\nnever closed alpha1",
        "nested": "````\n```\ninner alpha2\n```\n````",
        "html": "<script>alert('alpha3')</script> <b>bold",
        "markdown": "**bold _it `code [link](http:// alpha4",
        "emoji": "😀" * 1000 + " alpha5",
        "signs": "a\u200bb\u202ealpha6\u202c",
    }
    on.plays({f"break {name}": [say(text)] for name, text in broken.items()})
    asked = await on.anna.ask("a place for what is broken", 18)
    await one(on.anna, asked, "heard a place")
    for number, name in enumerate(broken, 1):
        await on.anna.more(asked, f"break {name}")
        await one(on.anna, asked, f"alpha{number}")
    await settled(on.anna, asked)


@everywhere()
async def test_forged_presses_do_nothing_and_break_nothing(on: Stage) -> None:
    asked = await on.anna.ask("/set crown gold", 19)
    shown = await one(on.anna, asked, "crown", "gold")
    undo = on.anna.action(shown, "Undo")
    forged = (
        "undo.999",
        "pick.9.9.9",
        "stop.0",
        "x" * 60,
        "'; DROP TABLE",
        undo + "9",
        "details.77",
    )
    for action in forged:
        await on.anna.forge(asked, shown, action)
    await on.anna.more(asked, "/state crown")
    await one(on.anna, asked, '"gold"', "commit")
    await settled(on.anna, asked)


@everywhere()
async def test_a_file_that_somebody_sends_is_in_the_workspace_and_in_the_index(on: Stage) -> None:
    part = [finish("read it")]
    on.plays({"look at this": starting("look into it")}, {"look into it": part})
    name = "../notes of \u202etoday.md"
    file = (name if on.variant == "page" else "notes of today.md", b"# The walrus said\n")
    asked = await on.anna.ask("look at this", 20, file=file)
    await one(on.anna, asked, "read it")
    await on.anna.more(asked, "/search walrus")
    await one(on.anna, asked, "walrus", "today.md")
    first = next(r for r in on.model.asked if "look at this" in str(r.messages))
    assert "today.md" in str(first.messages)


@everywhere()
async def test_many_questions_at_once_are_each_answered_once_and_in_their_place(on: Stage) -> None:
    asked = await asyncio.gather(*(on.anna.ask(f"many {place}", place) for place in PLACES[21:24]))
    for place, one_asked in zip(PLACES[21:24], asked, strict=True):
        await one(on.anna, one_asked, f"heard many {place}")
        assert texts(on.anna, one_asked).count("heard many") == 1


pytestmark = pytest.mark.needs_system("bubblewrap")
