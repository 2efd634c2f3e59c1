"""An hour without the model, in virtual time, as a job lives it: how often the server is tried,
what people are told, and whose time it was. With real sockets, for seconds: test_hanging_model.py.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

from core.errors import ModelUnreachable
from core.model.account import Account
from core.model.amounts import Amount
from core.model.chat import ChatMessage, ModelReply, ModelRequest
from core.subagents.broker_asking import Asking
from core.subagents.transcript import Transcript
from tests.core.room import says
from tests.core.subagents.scripted import JOB
from tests.simulation.loop import SimulatedLoop, bury

HOUR_S = 3600.0
JOBS = 30
# A pause lasts a minute at most.
LONGEST_S = 60.0


class Gone:
    """A server that nobody reaches for an hour. `asked` are the moments at which it was tried."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        now = asyncio.get_running_loop().time()
        self.asked.append(now)
        if now < HOUR_S:
            raise ModelUnreachable("nothing can be reached at the model's address", free=True)
        return says("here I am")

    async def charged(self, work: str) -> Amount:
        return Amount(tokens=0, nanos=0)

    async def scarce(self, account: Account, request: ModelRequest) -> str | None:
        return None


class Waiting:
    """One job's question, from the beginning of the hour on."""

    def __init__(self) -> None:
        self.model, self.said, self.lost_s = Gone(), list[str](), 0.0

    async def ask(self) -> tuple[object, float]:
        """The answer, and how long after the hour it came."""
        asking = Asking(model=self.model, job=JOB, tools=(), say=self.said.append)
        asking.lost = self._lose
        transcript = Transcript([ChatMessage(role="user", text="do it")])
        answer = await asking.ask(transcript, _shortened)
        return answer, asyncio.get_running_loop().time() - HOUR_S

    def _lose(self, seconds: float) -> None:
        self.lost_s += seconds


async def _shortened(_: int) -> None:
    raise AssertionError("nothing was too long")


@pytest.fixture(scope="module")
def jobs() -> list[tuple[Waiting, object, float]]:
    """What each of many jobs saw of it."""
    state = random.getstate()
    random.seed(11)  # the pauses are random
    loop = SimulatedLoop(random.Random(3), 0.0, 0.0, 0.001, most=1_000_000)
    waiting = [Waiting() for _ in range(JOBS)]

    async def all_of_them() -> list[tuple[object, float]]:
        return await asyncio.gather(*(one.ask() for one in waiting))

    main = loop.create_task(all_of_them())
    loop.run_forever()
    random.setstate(state)
    assert (main.done(), loop.complaints) == (True, [])
    ends = main.result()
    loop.dead = True
    bury(loop)
    return [(one, *end) for one, end in zip(waiting, ends, strict=True)]


def test_each_job_goes_on_by_itself_soon_after_the_hour(
    jobs: list[tuple[Waiting, object, float]],
) -> None:
    for _, answer, late_s in jobs:
        assert isinstance(answer, ModelReply)
        assert answer.text == "here I am"
        assert 0.0 <= late_s <= LONGEST_S


def test_the_server_is_tried_about_once_a_minute_and_not_by_all_at_once(
    jobs: list[tuple[Waiting, object, float]],
) -> None:
    for one, _, _ in jobs:
        assert HOUR_S / LONGEST_S <= len(one.model.asked) <= 2 * HOUR_S / LONGEST_S + 10
    late = Counter(int(at) for one, _, _ in jobs for at in one.model.asked if at > 600)
    assert max(late.values()) <= JOBS / 4


def test_the_hour_is_not_the_jobs_own_and_people_are_told_why_it_waits(
    jobs: list[tuple[Waiting, object, float]],
) -> None:
    for one, _, late_s in jobs:
        assert one.lost_s == pytest.approx(HOUR_S + late_s, abs=1.0)
        told = [text for text in one.said if "trying again" in text]
        assert len(told) == len(one.model.asked) - 1
        assert "nothing can be reached at the model's address" in told[-1]
