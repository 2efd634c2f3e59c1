"""200 questions at once to a server that takes all it may, in tokens and in money, with the bot
killed amid them again and again: what the server has counted stays below every limit."""

import json
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from tests.emulators.model import ModelServer
from tests.emulators.script import Received, Reply
from tests.harness import files
from tests.harness.bot import BotProcess, Sections
from tests.harness.page import Page
from tests.harness.play import Play, starting
from tests.harness.room import assert_no_bugs

QUESTIONS = {"one": 20, "two": 40, "three": 60, "four": 80}
"""How many are asked in each channel: all of them would cost more than a month has."""
JOBS = 10  # one in so many asks for a job, which goes on for as long as it may
ANSWER = 700  # tokens, the most that is asked for
MONTH, DAY, JOB = 1_200_000, 1_700_000_000, 30_000
"""The limits: tokens, nanodollars, tokens."""
IN, CACHED, OUT = 1, 5, 2
KILLED = (20, 60, 100)
"""The bot is killed once so many requests have come."""


class Greedy:
    """Charges for each byte of what it is sent, all of it at the dearest rate, and for the longest
    answer; also for answers that nobody was there to hear."""

    def __init__(self) -> None:
        self.tokens = self.nanos = 0
        self._play = Play(
            {"count": starting("count it"), "": [Reply(text="hello")]},
            {"count it": [Reply(calls=[("list_files", {})])]},
        )

    def __call__(self, received: Received) -> Reply:
        told = [received.body["messages"], received.body.get("tools") or []]
        prompt = len(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
        self.tokens += prompt + ANSWER
        self.nanos += 1000 * (prompt * CACHED + ANSWER * OUT)
        usage = {
            "prompt_tokens": prompt, "completion_tokens": ANSWER,
            "prompt_tokens_details": {"cached_tokens": prompt},
        }  # fmt: skip
        reply = self._play(received)
        return Reply(text=reply.text, calls=reply.calls, raw_usage=usage, latency_s=0.02)


def charged(data: Path) -> dict[str, tuple[int, int]]:
    """What the ledger holds at most on each level: tokens and nanodollars, used and reserved."""
    found = files.rows(
        files.control_file(data),
        "SELECT level, max(tokens + reserved_tokens), max(nanos + reserved_nanos) FROM spent"
        " GROUP BY level",
    )
    return {level: (tokens, nanos) for level, tokens, nanos in found}


def ended(page: Page) -> bool:
    return all(card.state in ("completed", "failed") for card in page.cards.values())


async def test_no_crowd_and_no_kill_takes_a_token_more_than_there_is(tmp_path: Path) -> None:
    greedy = Greedy()
    prices = f'[[prices]]\nmodel = "m"\ninput = {IN}\ncached_input = {CACHED}\noutput = {OUT}\n'
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(ModelServer(greedy))
        sections: Sections = {
            "model": {"base_url": model.base_url, "name": "m", "max_completion_tokens": ANSWER},
            "budget": {"per_month": MONTH, "per_channel_day": f"${DAY / 1e9}", "per_job": JOB},
        }
        bot = await stack.enter_async_context(
            BotProcess(tmp_path, sections=sections, more=prices, warm=True)
        )
        await bot.start()
        pages = {
            channel: await stack.enter_async_context(Page(bot.url, channel=channel))
            for channel in QUESTIONS
        }
        asked = [
            (page, page.say("hello" if number % JOBS else "count"))
            for channel, page in pages.items()
            for number in range(QUESTIONS[channel])
        ]
        for come in KILLED:
            await model.arrived(come)
            await bot.kill()
            await bot.nothing_left()
            await bot.start()
        for page, id_ in asked:
            await page.answer(id_)
        for page in pages.values():
            await page.until(partial(ended, page))
        told = [post.text for page in pages.values() for post in page.posts]
        assert await bot.stop() == 0, bot.log()
        assert_no_bugs(bot)
    ledger = charged(bot.data)
    assert greedy.tokens <= ledger["all"][0] <= MONTH
    assert greedy.nanos <= ledger["all"][1]
    assert ledger["channel"][1] <= DAY
    assert ledger["work"][0] <= JOB
    # It was tried: there was work for more than there was to spend.
    assert ledger["all"][0] > 0.9 * MONTH
    assert any("for everybody, this month does not allow this" in text for text in told)
