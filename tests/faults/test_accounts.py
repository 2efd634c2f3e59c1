"""control.db is lost: what was spent, and who was let in, come back from the backup."""

import asyncio
import time
from pathlib import Path

from tests.harness.bot import BotProcess, Sections
from tests.harness.people import one
from tests.harness.play import Play, say
from tests.harness.town import town
from tests.whole.platforms.test_doors import CODE, thaw


async def test_people_stay_let_in_and_budgets_stay_spent(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    sections: Sections = {
        "access.telegram": {"who": "paired"},
        "budget": {"per_channel_day": 1_000_000},
    }
    play = Play({"hello": [say("hi")]})
    async with town(tmp_path, play, sections=sections) as t:
        t.bot.more = f'[backup]\ndir = "{kept}"\n'
        await t.start()
        telegram = t.sides[2]
        asked = await telegram.ask("hello", 0)
        found = CODE.search((await one(telegram, asked, "-")).text)
        assert found is not None
        await thaw(t.bot, "pair", found[0])
        await telegram.more(asked, "hello")
        await one(telegram, asked, "hi")
        before = await spent(t.bot)
        assert before
        await asyncio.sleep(1.1)  # backups are told apart by the second; the bot has made one
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        await thaw(t.bot, "backup", str(kept / stamp))
        assert await t.bot.stop() == 0
        for part in t.bot.data.glob("control.db*"):
            part.unlink()
        await t.start()
        assert await spent(t.bot) == before
        await telegram.more(asked, "hello again")
        await telegram.until(lambda: sum(s.text == "hi" for s in telegram.shown(asked)) == 2)
        assert "control.db was lost" in t.bot.log()


async def spent(bot: BotProcess) -> str:
    """What the command line says of it."""
    return await thaw(bot, "usage", "--csv")
