"""What people see of money in the whole bot: on cards, in /budget, by `thaw usage`; its end."""

import csv
from pathlib import Path

import pytest

from tests.emulators.model import Reply
from tests.harness.bot import BotProcess, EndedAtStart, Sections
from tests.harness.play import Play, finish, starting
from tests.harness.room import room
from tests.whole.test_command_line import thaw

# A million tokens asked for $2, of them cached for $0.20; answered for $10.
PRICES = '[[prices]]\nmodel = "scripted"\ninput = 2\ncached_input = 0.2\noutput = 10\n'
LOOK: list[tuple[str, dict[str, str]]] = [("list_files", {})]


async def test_what_a_job_costs_is_seen_everywhere_and_told_by_day_and_person(
    tmp_path: Path,
) -> None:
    usage = {
        "prompt_tokens": 10_000, "completion_tokens": 1_000, "total_tokens": 11_000,
        "prompt_tokens_details": {"cached_tokens": 9_000},
        "completion_tokens_details": {"reasoning_tokens": 900},
    }  # fmt: skip
    play = Play(
        {"go": starting("look")}, {"look": [Reply(calls=LOOK, raw_usage=usage), finish("ok")]}
    )
    async with room(tmp_path, play, more=PRICES) as r:
        await r.page.ask("/settings timezone Asia/Tokyo")
        await r.page.ask("go")
        await r.page.result(1)
        look = 1_000 * 2_000 + 9_000 * 200 + 1_000 * 10_000
        details = await r.page.look("job", number=1)
        assert details["card"]["cost"] > look
        text = (await r.page.ask("/budget")).text
        assert " · $0.0" in text
        assert "renews at midnight Asia/Tokyo" in text
        code, said = await thaw(r.bot, "usage", "--csv")
        assert code == 0
        rows = {row["kind"]: row for row in csv.DictReader(said.splitlines())}
        assert set(rows) == {"turn", "job"}
        row = rows["job"]
        assert (row["person"], row["model"], row["cached"]) == (
            "ana (local:ana)", "scripted", "9000",
        )  # fmt: skip
        assert float(row["dollars"]) * 10**9 >= details["card"]["cost"]
        code, said = await thaw(r.bot, "usage", "--by", "model")
        assert (code, said.count("scripted")) == (0, 1)


async def test_a_job_is_told_when_its_money_runs_out_and_leaves_what_it_has(tmp_path: Path) -> None:
    usage = (10_000, 1_000)  # three cents
    busy = Reply(text="Line 7 is wrong.", calls=LOOK, usage=usage)
    play = Play({"go": starting("spend")}, {"spend": [busy]})
    sections: Sections = {"budget": {"per_job": "$0.25"}, "model": {"max_completion_tokens": 1000}}
    async with room(tmp_path, play, sections=sections, more=PRICES) as r:
        await r.page.ask("go")
        result = await r.page.result(1)
        assert "budget of $0.25 for this job" in result.text
        assert "Nothing of it was merged" in result.text
        assert "Line 7 is wrong." in result.text
        assert r.page.cards[1].tokens < 100_000
        cost = (await r.page.look("job", number=1))["card"]["cost"]
        assert 0 < cost <= 250_000_000
        told = [
            message["content"]
            for request in play.of_job("spend")
            for message in request.messages
            if message["role"] == "user"
        ]
        assert any("nearly used up" in text and "Wrap up now" in text for text in told)


async def test_a_job_that_no_money_is_left_for_is_not_started(tmp_path: Path) -> None:
    play = Play({"go": starting("spend")}, {"spend": [finish("never")]})
    sections: Sections = {
        "budget": {"per_channel_day": "$0.06"}, "model": {"max_completion_tokens": 1000},
    }  # fmt: skip
    dear = PRICES.replace("input = 2\n", "input = 4\n", 1)
    async with room(tmp_path, play, sections=sections, more=dear) as r:
        await r.page.ask("go")
        result = await r.page.result(1)
        assert "was not started" in result.text
        assert "$0.06 for this channel, today" in result.text
        assert not play.of_job("spend")


async def test_a_limit_of_money_without_a_price_does_not_start(tmp_path: Path) -> None:
    sections: Sections = {
        "budget": {"per_month": "$5"},
        "model": {"base_url": "http://127.0.0.1:9/v1", "name": "mine"},
    }
    async with BotProcess(tmp_path, sections=sections) as bot:
        with pytest.raises(EndedAtStart) as caught:
            await bot.start()
        assert caught.value.code == 2
        assert "[budget] per_month: is in money, but the price of mine" in bot.log()
        code, said = await thaw(bot, "doctor")
        assert code == 1
        assert 'write [[prices]] with model = "mine"' in said
