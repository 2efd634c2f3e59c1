import time

import pytest

from adapters.discord.adapter import DiscordAdapter
from core.errors import BadRequest, DeliveryFailed, NotAllowed, StoreError
from core.messages import Message
from core.messages.views import StepLine
from tests.adapters.discord.conftest import Start, Town
from tests.adapters.discord.fake_core import FakeCore, card, post
from tests.emulators.discord.interactions import (
    CHOICES,
    DEADLINE_S,
    EPHEMERAL,
    LATER,
    MESSAGE,
    MODAL,
    QUIETLY,
    Interaction,
)
from tests.emulators.discord.server import DiscordServer, Fault
from tests.emulators.discord.world import PRIVATE_THREAD, Posted


async def shown(bot: DiscordAdapter, town: Town) -> Posted:
    """A card, as people see it."""
    await bot.deliver(card(town.main))
    return next(iter(town.general.messages.values()))


def whispered(made: Interaction) -> str:
    """What only the person who asked was told."""
    assert made.type == MESSAGE
    assert made.response is not None
    assert made.response["data"]["flags"] & EPHEMERAL
    return str(made.response["data"]["content"])


async def test_a_press_reaches_the_core_also_after_a_restart(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    first = await start()
    message = await shown(first, town)
    await first.stop()
    await start()
    made = await discord.interactions.press(town.anna, message, "Stop")
    await discord.interactions.answered(made)
    press = await core.press()
    assert (press.action, press.person.id, press.text) == ("stop.1", town.anna.id, None)
    assert press.thread == town.main
    assert made.type == QUIETLY


async def test_steer_opens_a_form_and_its_words_reach_the_core(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await shown(bot, town)
    opened = await discord.interactions.press(town.anna, message, "Steer")
    await discord.interactions.answered(opened)
    assert opened.type == MODAL
    filled = await discord.interactions.submit(town.anna, opened, "use staging")
    await discord.interactions.answered(filled)
    press = await core.press()
    assert (press.action, press.text) == ("steer.1", "use staging")


async def test_a_reply_to_the_card_names_it(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await shown(bot, town)
    await discord.say(town.anna, town.general, "use staging", answers=message)
    heard = await core.message()
    assert heard.reply_to == "card:1"
    assert heard.thread == town.main


async def test_details_show_the_steps_to_whoever_asked_and_nobody_else(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await shown(bot, town)
    core.cards[1] = card(town.main)
    core.steps = tuple(
        StepLine(number=n, kind="tool", title=f"shell {n}", detail="out", at=0, seconds=1.5)
        for n in range(1, 4)
    )
    made = await discord.interactions.press(town.anna, message, "Details")
    await discord.interactions.answered(made)
    assert "shell 3" in whispered(made)
    core.steps = core.steps * 60
    made = await discord.interactions.press(town.anna, message, "Details")
    await discord.interactions.answered(made)
    assert list(made.private[0].files) == ["job-1.md"]
    assert len(town.general.texts) == 1


async def test_details_that_may_bring_no_file_come_without(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await shown(bot, town)
    core.cards[1] = card(town.main)
    core.steps = tuple(
        StepLine(number=n, kind="tool", title=f"shell {n}", detail="out", at=0, seconds=1.5)
        for n in range(1, 99)
    )
    discord.messages.lacking[town.general.id] = {"files"}
    made = await discord.interactions.press(town.anna, message, "Details")
    await discord.interactions.answered(made)
    assert "shell 98" in whispered(made)


async def test_strangers_get_silence_on_every_path(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await shown(bot, town)
    core.strangers.add(town.ben.id)
    asked = discord.interactions
    made = [await asked.press(town.ben, message, label) for label in ("Stop", "Steer", "Details")]
    made.append(await asked.press(town.ben, message, "thaw:!forged"))
    made.append(await asked.command(town.ben, town.general, "jobs"))
    made.append(await asked.complete(town.ben, town.general, "job", "job", "1"))
    await discord.say(town.ben, town.general, town.mention("x" * 150_000))
    assert [await asked.unanswered(one, 0.1) for one in made] == [True] * 6
    assert core.kept == {}
    assert len(town.general.messages) == 2


async def test_the_door_may_refuse_a_press_in_silence(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.errors.append(NotAllowed("no"))
    made = await discord.interactions.press(town.ben, await shown(bot, town), "Stop")
    assert await discord.interactions.unanswered(made)


async def test_forged_and_stale_buttons_are_refused_to_their_presser_alone(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await shown(bot, town)
    for forged in ("stop.1", "thaw:!" + "x" * 90, "thaw:!stöp", "other:!stop.1"):
        made = await discord.interactions.press(town.anna, message, forged)
        await discord.interactions.answered(made)
        assert "none of my buttons" in whispered(made)
    assert core.kept == {}
    core.errors.append(BadRequest("There is no job 9 here."))
    made = await discord.interactions.press(town.anna, message, "thaw:!stop.9")
    await discord.interactions.answered(made)
    assert whispered(made) == "There is no job 9 here."


async def test_a_button_on_somebody_else_s_message_is_none_of_ours(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await discord.say(town.ben, town.general, "not the bot's")
    made = await discord.interactions.press(town.anna, message, "thaw:!stop.1")
    await discord.interactions.answered(made)
    assert "none of my buttons" in whispered(made)
    assert core.kept == {}


async def test_a_press_that_cannot_be_kept_says_so(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.errors.append(StoreError("disk"))
    made = await discord.interactions.press(town.anna, await shown(bot, town), "Stop")
    await discord.interactions.answered(made)
    assert "try again" in whispered(made)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("jobs", {}, "/jobs"),
        ("job", {"job": 7}, "/job 7"),
        ("steer", {"job": 7, "text": "use staging"}, "/steer 7 use staging"),
        ("set", {"key": "my key", "value": "1"}, '/set "my key" 1'),
        ("state", {"at": "yesterday"}, "/state at yesterday"),
        ("history", {"key": "a", "before": 4}, "/history a before 4"),
        ("thaw", {"text": "how are you?"}, "how are you?"),
    ],
)
async def test_a_slash_command_is_the_same_words_and_its_answer_takes_its_place(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town,
    name: str, options: dict[str, str | int], text: str,
) -> None:  # fmt: skip
    core.answer = lambda message: f"answer to {message.text}"
    made = await discord.interactions.command(town.anna, town.general, name, **options)
    await discord.messages.until(lambda: made.original)
    assert made.type == LATER
    assert made.response_after < DEADLINE_S
    message = await core.message()
    assert isinstance(message, Message)
    assert message.text == text
    assert town.general.texts == [f"answer to {text}"]
    assert made.original is next(iter(town.general.messages.values()))
    assert discord.asked("PUT", "/reactions/") == 0


async def test_an_answer_that_comes_after_the_token_s_life_is_an_ordinary_message(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    made = await discord.interactions.command(town.anna, town.general, "thaw", text="slow one")
    message = await core.message()
    discord.interactions.ages[made.id] = 1000
    await bot.deliver(post(message.thread, "at last", f"answer:{message.id}", message.id))
    assert town.general.texts == ["at last"]


async def test_an_answer_to_a_command_of_which_nobody_heard_whether_it_came_is_given_once(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.interactions.command(town.anna, town.general, "thaw", text="hello")
    message = await core.message()
    item = post(message.thread, "once", f"answer:{message.id}", message.id)
    discord.fail("PATCH", "/webhooks/", Fault(cut=True, after=True))
    with pytest.raises(DeliveryFailed):
        await bot.deliver(item)
    await bot.deliver(item)
    assert town.general.texts == ["once"]


@pytest.mark.parametrize("after", [False, True], ids=["lost", "came through"])
async def test_a_command_whose_first_sign_of_life_was_cut_off_is_done_and_answered_once(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town, after: bool
) -> None:
    core.answer = lambda message: f"answer to {message.text}"
    discord.fail("POST", "/callback$", Fault(cut=True, after=after))
    made = await discord.interactions.command(town.anna, town.general, "thaw", text="hello")
    await discord.messages.until(lambda: made.original)
    assert made.type == LATER
    assert town.general.texts == ["answer to hello"]


async def test_a_command_that_discord_gave_up_is_not_done_behind_its_person_s_back(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    late = '{"code": 10062, "message": "Unknown interaction"}'
    discord.fail("POST", "/callback$", Fault(status=404, body=late))
    await discord.interactions.command(town.anna, town.general, "thaw", text="too late")
    await discord.interactions.command(town.anna, town.general, "thaw", text="again")
    assert (await core.message()).text == "again"


async def test_a_refused_command_says_why(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.errors.append(BadRequest("Too long."))
    await discord.interactions.command(town.anna, town.general, "thaw", text="x")
    await discord.messages.until(lambda: town.general.texts)
    assert town.general.texts == ["Too long."]


async def test_job_numbers_complete(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.cards = {n: card(town.main, n, title="👍" * 200 if n == 3 else f"Work {n}")
                  for n in range(1, 60)}  # fmt: skip
    made = await discord.interactions.complete(town.anna, town.general, "job", "job", "")
    await discord.interactions.answered(made)
    assert made.type == CHOICES
    assert made.response is not None
    choices = made.response["data"]["choices"]
    assert len(choices) == 25
    assert choices[0] == {"name": "1: Work 1 (running)", "value": 1}
    made = await discord.interactions.complete(town.anna, town.general, "job", "job", "work 42")
    await discord.interactions.answered(made)
    assert made.response is not None
    assert [one["value"] for one in made.response["data"]["choices"]] == [42]


async def test_a_press_in_a_thread_that_was_never_announced_finds_its_channel(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    message = await shown(bot, town)
    hidden = discord.world.channel(town.guild, PRIVATE_THREAD, parent=town.general)
    message.channel = hidden
    made = await discord.interactions.press(town.anna, message, "Stop")
    await discord.interactions.answered(made)
    press = await core.press()
    # A private thread is a channel of its own.
    assert (press.thread.channel.channel, press.thread.thread) == (hidden.id, "")


async def test_commands_are_registered_once(
    start: Start, discord: DiscordServer, town: Town
) -> None:
    first = await start()
    await first.stop()
    second = await start()
    await second.deliver(post(town.main, "ready"))
    began = time.monotonic()
    while discord.asked("GET", "/commands") < 2 and time.monotonic() < began + 10:
        await discord.messages.changed()
        await second.deliver(post(town.main, "ready", f"answer:{len(discord.calls)}"))
    assert discord.interactions.puts == 1
