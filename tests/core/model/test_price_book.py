"""Prices of a server's models: the configuration's, the list's, and no list at all."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.model import price_book
from core.model.price_book import Listed, PriceBook, listed
from core.model.prices import FREE, Price, Rates

PUBLIC = "https://api.openai.com/v1"
MINE = Price(rates=(Rates(input=1, cached=1, written=1, output=1),))


class TheList:
    """A list that knows `tiny`, and remembers what it was asked; it waits while `held`."""

    def __init__(self, until: float | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.until = until
        self.trouble: Exception | None = None
        self.held = asyncio.Event()
        self.held.set()

    async def look(self, server: str, names: tuple[str, ...], at: float) -> Mapping[str, Listed]:
        self.asked.append(names)
        await self.held.wait()
        if self.trouble is not None:
            raise self.trouble
        return {"tiny": Listed(price=FREE, until=self.until)} if "tiny" in names else {}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_real_list_is_asked_by_a_program_of_its_own() -> None:
    book = PriceBook(PUBLIC, {})
    found = await book.every(["gpt-5.4-mini", "tiny"])
    price = found["gpt-5.4-mini"]
    assert price is not None
    assert price.rates[0].input == 750_000_000
    assert found["tiny"] is None


async def test_the_configurations_own_price_goes_before_the_lists() -> None:
    the_list = TheList()
    book = PriceBook(PUBLIC, {"tiny": MINE}, look=the_list.look)
    assert await book.of("tiny") is MINE
    assert the_list.asked == []


async def test_a_model_is_looked_up_once_also_by_many_at_once() -> None:
    the_list = TheList()
    the_list.held.clear()
    book = PriceBook(PUBLIC, {}, look=the_list.look)
    asking = [asyncio.create_task(book.of(name)) for name in ("tiny", "other", "tiny")]
    await asyncio.sleep(0)
    asking[0].cancel()
    the_list.held.set()
    assert await asyncio.gather(*asking[1:]) == [None, FREE]
    assert await book.of("other") is None
    assert the_list.asked == [("tiny",), ("other",)]


async def test_a_price_that_is_over_is_looked_up_again() -> None:
    the_list, clock = TheList(until=100.0), Clock()
    book = PriceBook(PUBLIC, {}, clock=clock, look=the_list.look)
    for now, times in ((0.0, 1), (99.0, 1), (100.0, 2)):
        clock.now = now
        assert await book.of("tiny") is FREE
        assert len(the_list.asked) == times


async def test_a_list_that_fails_means_unknown_prices_for_a_while() -> None:
    the_list, clock = TheList(), Clock()
    the_list.trouble = OSError("no more processes")
    book = PriceBook(PUBLIC, {}, clock=clock, look=the_list.look)
    assert await book.of("tiny") is None
    the_list.trouble = None
    assert await book.of("tiny") is None
    clock.now = 301.0
    assert await book.of("tiny") is FREE


@pytest.mark.parametrize(
    "server",
    [
        "http://127.0.0.1:11434/v1", "http://localhost:1/v1", "http://[::1]:8/v1",
        "http://10.1.2.3/v1", "http://gpu/v1", "http://models.local/v1", "https://llm.corp.internal",
    ],
)  # fmt: skip
async def test_nobody_elses_prices_are_those_of_a_server_of_ones_own(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> Mapping[str, Listed]:
        raise AssertionError("the list was asked")

    monkeypatch.setattr(price_book, "listed", never)
    assert await PriceBook(server, {}).of("gpt-5.4-mini") is None


async def test_a_list_that_dies_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "list.py"
    broken.write_text("raise SystemExit('no prices today')")
    monkeypatch.setattr(price_book, "_LIST", broken)
    with pytest.raises(ValueError, match="no prices today"):
        await listed(PUBLIC, ("tiny",), 0.0)


async def test_a_list_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "list.py"
    endless.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(price_book, "_LIST", endless)
    monkeypatch.setattr(price_book, "PATIENCE_S", 0.2)
    with pytest.raises(TimeoutError):
        await listed(PUBLIC, ("tiny",), 0.0)


async def test_the_list_is_told_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    telling = tmp_path / "list.py"
    telling.write_text("import os; raise SystemExit(' '.join(os.environ))")
    monkeypatch.setattr(price_book, "_LIST", telling)
    with pytest.raises(ValueError, match="PATH") as caught:
        await listed(PUBLIC, ("tiny",), 0.0)
    assert "OPENAI" not in str(caught.value)


async def test_closing_ends_a_look_under_way(tmp_path: Path) -> None:
    the_list = TheList()
    the_list.held.clear()
    book = PriceBook(PUBLIC, {}, look=the_list.look)
    asking = asyncio.create_task(book.learn(["tiny"]))
    await asyncio.sleep(0)
    await book.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
