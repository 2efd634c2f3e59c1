from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.address import thread_ref
from adapters.telegram.details import details_text
from core.messages.views import JobView, StepLine
from tests.adapters.telegram.fakes import Core, card
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.checks import check_text

PLACE = thread_ref(7, None)


def job(
    steps: int = 2, title: str = "ran `wc -l`", brief: str = "Count @all lines", outcome: str = ""
) -> JobView:
    return JobView(
        card=card(PLACE, started_at=1.0),
        brief=brief,
        outcome=outcome,
        result="",
        base_commit=1,
        steps=tuple(
            StepLine(number=n, kind="tool", title=title, detail="", at=1.0, seconds=2.0)
            for n in range(1, steps + 1)
        ),
    )


async def test_details_shows_the_steps_under_the_card_once(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat, core.jobs[3] = server.world.chat(7), job()
    await bot.deliver(card(PLACE))
    shown = chat.said()[0]
    query = server.world.press(shown, "Details")
    await server.until(lambda: len(chat.said()) == 2)
    assert server.world.open_callbacks[query] is not None
    details = chat.said()[1]
    assert "1. ran `wc -l` (2 s)\n2. ran" in details.text
    assert (details.reply_to, details.notified) == (shown.id, set())
    assert core.heard == []


async def test_details_of_a_job_that_is_not_there_are_told_to_the_presser_alone(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat = server.world.chat(7)
    await bot.deliver(card(PLACE))
    query = server.world.forge(chat.said()[0], "details.99")
    await server.until(lambda: server.world.open_callbacks[query] is not None)
    assert "no such" in (server.world.open_callbacks[query] or {})["text"]
    assert len(chat.said()) == 1


def test_many_long_steps_fit_one_message_with_the_latest_kept() -> None:
    said = details_text(job(500, "🙂" * 900, "brief " * 900), 5.0)
    check_text(said.text)
    assert "500. " in said.text
    assert "earlier steps" in said.text
