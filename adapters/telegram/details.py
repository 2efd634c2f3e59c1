"""What a job did, step by step, as one message under its card. Reads; changes nothing."""

import re

from adapters.telegram.address import Spot, topic_of
from adapters.telegram.api import Api
from adapters.telegram.card import card_text, elapsed, in_a_line, keyboard
from adapters.telegram.keys import DETAILS
from adapters.telegram.styled import LONGEST, Styled, marked, split, start_of, units
from adapters.telegram.translate import Pressed
from core.errors import BadRequest
from core.messages.queries import ReadJob
from core.messages.views import JobView, StepLine
from core.ports import Places, Window

_ACTION = re.compile(r"details\.(\d{1,15})")
_MOST_STEPS = 40
_LONGEST_TITLE = 200
_LONGEST_BRIEF = 600
_LONGEST_END = 1000


def job_of(action: str) -> int | None:
    """The job whose details the button shows, if it is such a button."""
    found = _ACTION.fullmatch(action)
    return None if found is None else int(found[1])


def details_text(view: JobView, now: float) -> Styled:
    """The job in one message: its card, what it was told, its last steps, how it ended."""
    head = card_text(view.card, now) + Styled(text="\n\n") + _quote(view.brief, _LONGEST_BRIEF)
    foot = Styled(text="")
    if view.outcome:
        foot = Styled(text=f"\n\n{in_a_line(view.outcome, _LONGEST_END)}")
    left_out = max(0, len(view.steps) - _MOST_STEPS)
    lines = [_step(step) for step in view.steps[left_out:]]
    room = LONGEST - units(head.text) - units(foot.text) - 100
    while lines and sum(units(line) + 1 for line in lines) > room:
        lines.pop(0)
        left_out += 1
    if left_out:
        lines.insert(0, f"… {left_out} earlier steps")
    steps = Styled(text="\n".join(["\n", *lines])) if lines else Styled(text="\n\nNo steps yet.")
    return start_of(head + steps + foot, LONGEST)


def _step(step: StepLine) -> str:
    took = "" if step.seconds is None else f" ({elapsed(step.seconds)})"
    return f"{step.number}. {in_a_line(step.title, _LONGEST_TITLE)}{took}"


def _quote(text: str, longest: int) -> Styled:
    said = text.strip().replace("@", "@\u2060")
    cut = split(Styled(text=said), longest)
    if not cut:
        return Styled(text="")
    more = "…" if len(cut) > 1 else ""
    return marked(cut[0].text + more, "expandable_blockquote")


class Details:
    """Answers the Details button, once for a press."""

    def __init__(self, api: Api, places: Places, window: Window) -> None:
        self._api = api
        self._places = places
        self._window = window

    async def find(self, pressed: Pressed, job: int) -> JobView | str:
        """The job, or words for the presser alone when there is nothing to show."""
        try:
            view = await self._window.look(
                ReadJob(channel=pressed.press.thread.channel, number=job)
            )
        except BadRequest as error:
            return str(error)
        return view if isinstance(view, JobView) else "There is nothing to show."

    async def show(self, pressed: Pressed, view: JobView) -> None:
        """Show it under the message that has the button."""
        press, chat = pressed.press, pressed.spot.chat
        channel, item = press.thread.channel, f"{DETAILS}{press.id}"
        if await self._places.of(channel, item):
            return
        await self._api.turn(chat)
        message = await self._api.send(
            chat,
            details_text(view, press.at),
            topic=topic_of(press.thread),
            reply_to=pressed.spot.message,
            rows=keyboard(view.card.buttons),
        )
        await self._places.keep(channel, item, (str(Spot(chat=chat, message=message)),))
