"""A job's progress, told at a pace that people and platforms can follow. Journals nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from core.jobs.job import Progress
from core.model.amounts import Amount
from core.subagents.journal_rows import Past, StepKind

INTERVAL_S = 0.3


class Pace:
    """Delivers at most one progress an interval, always the newest, and the last one for sure."""

    def __init__(self, deliver: Callable[[Progress], None], interval_s: float = INTERVAL_S) -> None:
        self._deliver = deliver
        self._interval_s = interval_s
        self._now = Progress(step="", steps=0, tokens=0)
        self._shown: Progress | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def step(self) -> str:
        """The step as last told, in words."""
        return self._now.step

    def charged(self, amount: Amount) -> None:
        """What earlier attempts have used."""
        self._now = replace(self._now, tokens=amount.tokens, cost=amount.nanos or 0)

    def say(self, step: str) -> None:
        """The job is at this step."""
        self.move(step, self._now.steps, 0)

    def move(self, step: str, steps: int, tokens: int, cost: int = 0) -> None:
        """The job is at this step ("": as before), has made `steps`, and used more `tokens`, which
        cost so many nanodollars."""
        self._now = Progress(
            step=step or self._now.step,
            steps=steps,
            tokens=self._now.tokens + tokens,
            cost=self._now.cost + cost,
        )
        if self._timer is None:
            self._show()

    def retell(self, past: Past) -> None:
        """What an attempt had used that ended while nobody could take it down."""
        answers = [step for step in past.steps if step.kind is StepKind.MODEL and step.response]
        replies = [step.reply for step in answers]
        cost = sum(reply.cost or 0 for reply in replies if reply is not None)
        self.move("", len(answers), sum(step.tokens for step in past.steps), cost)

    def close(self) -> None:
        """Deliver what is not delivered yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shown != self._now and self._now.steps:
            self._shown = self._now
            self._deliver(self._now)

    def _show(self) -> None:
        self._timer = None
        if self._shown == self._now:
            return
        self._shown = self._now
        self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._show)
        self._deliver(self._now)
