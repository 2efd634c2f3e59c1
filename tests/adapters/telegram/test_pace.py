import asyncio
from itertools import pairwise

from adapters.telegram.adapter import Tempo
from adapters.telegram.address import thread_ref
from adapters.telegram.pace import Limits, Pace
from core.messages import CardMoved, Post, PostKind
from tests.adapters.telegram.conftest import FAST, Make
from tests.adapters.telegram.fakes import card
from tests.emulators.telegram import Limits as Strict
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.faults import Fault

GROUP = thread_ref(-5, None)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def drain(pace: Pace, clock: Clock, chat: int, seconds: float, *, urgent: bool) -> list[float]:
    """When turns were given within so many seconds to one who always wants one."""
    end, turns = clock.now + seconds, list[float]()
    while clock.now < end:
        wait = pace.take(chat, urgent=urgent)
        if wait <= 0:
            turns.append(clock.now)
        clock.now = min(end, clock.now + max(wait, 1e-6))
    return turns


def test_a_chat_gets_a_message_a_second() -> None:
    clock = Clock()
    turns = drain(Pace(clock=clock), clock, 7, 20, urgent=True)
    assert 18 <= len(turns) <= 20
    assert min(b - a for a, b in pairwise(turns)) >= 1.0


def test_a_group_never_gets_more_than_twenty_in_any_minute() -> None:
    clock = Clock()
    turns = drain(Pace(clock=clock), clock, -5, 300, urgent=True)
    assert len(turns) > 80
    assert max(sum(start <= turn < start + 60 for turn in turns) for start in turns) <= 20


def test_cards_leave_half_of_a_group_to_answers() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    assert len(drain(pace, clock, -5, 18, urgent=False)) == 9
    assert pace.take(-5, urgent=False) > 30
    answers = [pace.take(-5, urgent=True)]
    for _ in range(7):
        clock.now += 1.06
        answers.append(pace.take(-5, urgent=True))
    assert answers == [0.0] * 8


def test_all_chats_together_stay_under_thirty_a_second() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    turns = list[float]()
    chats = iter(range(1, 10_000))
    while clock.now < 1020.0:
        wait = pace.take(next(chats))
        if wait <= 0:
            turns.append(clock.now)
        clock.now += max(wait, 1e-6)
    assert len(turns) > 20 * 22
    assert max(sum(start <= one < start + 1 for one in turns) for start in turns) <= 30


async def test_however_late_messages_arrive_no_limit_is_broken(
    server: TelegramServer, make: Make
) -> None:
    server.meter.limits = Strict()
    bot = make(Tempo(**{name: getattr(FAST, name) for name in _FAST}))
    await bot.start()
    chats = [server.world.chat(number, "private", "") for number in range(100, 155)]
    # What leaves in the first second arrives with what leaves in the next.
    arrive = asyncio.Event()
    server.faults.plan("sendMessage", *[Fault(wait=arrive)] * 25)
    asyncio.get_running_loop().call_later(1.1, arrive.set)
    posts = [
        Post(id=f"answer:{one.id}", thread=thread_ref(one.id, None), kind=PostKind.ANSWER,
             text="42", at=1.0)
        for one in chats
    ]  # fmt: skip
    await asyncio.gather(*(bot.deliver(post) for post in posts))
    assert all(one.said() for one in chats)
    assert arrive.is_set()
    assert server.meter.violations == []


def test_a_hold_is_the_chats_own() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.hold(7, 30.0)
    assert pace.take(7) == 30.0
    assert pace.take(8) == 0.0


async def test_many_cards_and_an_answer_break_no_limit_and_all_get_through(
    server: TelegramServer, make: Make
) -> None:
    # A twentieth of Telegram's times: the same limits, in seconds instead of minutes.
    server.meter.limits = Strict(chat_s=0.05, group=20, group_s=3.0, overall=30, overall_s=0.05)
    limits = Limits(chat_s=0.053, group=19, group_s=3.1, overall=28, overall_s=0.053, places_s=0.05)
    bot = make(Tempo(**{name: getattr(FAST, name) for name in _FAST}, limits=limits))
    await bot.start()
    group = server.world.chat(-5, "supergroup", "Team")
    for number in range(6):
        await bot.deliver(card(GROUP, number))
    for version in range(2, 6):
        for number in range(6):
            await bot.show(CardMoved(card=card(GROUP, number, version, tokens=version)))
    await bot.deliver(Post(id="answer:1", thread=GROUP, kind=PostKind.ANSWER, text="42", at=1.0))
    assert any(one.text == "42" for one in group.said())
    await server.until(lambda: server.count("editMessageText") == 6)
    cards = [one for one in group.said() if one.text != "42"]
    assert all("5 tokens" in one.text for one in cards)
    assert server.meter.violations == []


_FAST = ("poll_s", "slack_s", "first_wait_s", "call_s", "draft_s")


async def test_chats_that_wait_for_the_limit_of_all_go_in_the_order_they_came() -> None:
    pace, turns = Pace(Limits(overall=5, overall_s=0.02)), list[int]()

    async def wait(chat: int) -> None:
        await pace.turn(chat)
        turns.append(chat)

    await asyncio.gather(*(wait(chat) for chat in range(1, 40)))
    assert turns == list(range(1, 40))


async def test_a_chat_that_is_to_be_left_alone_holds_up_no_other() -> None:
    pace = Pace(Limits(overall=1, overall_s=0.02, chat_s=0.0))
    turns = list[int]()

    async def wait(chat: int) -> None:
        await pace.turn(chat)
        turns.append(chat)

    async with asyncio.TaskGroup() as group:
        for chat in range(1, 5):
            group.create_task(wait(chat))
        await asyncio.sleep(0)
        pace.hold(2, 0.2)
    assert turns == [1, 3, 4, 2]


def test_chats_that_owe_nothing_any_more_are_forgotten() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.hold(1, 10_000.0)
    for chat in range(2, 5_000):
        clock.now += 1.0
        pace.take(chat)
    assert len(pace._chats) < 2_100
    assert pace.take(1) > 4_000
