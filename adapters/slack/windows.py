"""Opens forms and job details over the chat. Looks, and changes nothing."""

import structlog

from adapters.slack import forms
from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.background import Background
from adapters.slack.events import Json, Pressed
from adapters.slack.hints import Hints
from core.errors import BadRequest, StoreError
from core.messages.queries import ReadJob
from core.messages.views import JobView
from core.ports import Window

log = structlog.get_logger(__name__)


class Windows:
    """What a press opens. Slack gives three seconds for it."""

    def __init__(self, api: Api, window: Window, hints: Hints, background: Background) -> None:
        self._api = api
        self._window = window
        self._hints = hints
        self._background = background

    def open(self, pressed: Pressed) -> None:
        """Open what the button asks for; returns at once."""
        self._background.spawn(self._open(pressed), f"slack window {pressed.id}")

    async def _open(self, pressed: Pressed) -> None:
        try:
            view = (
                forms.form(pressed.asks, pressed.action, pressed.thread)
                if pressed.asks
                else await self._details(pressed)
            )
            await self._api.call("views.open", trigger_id=pressed.trigger, view=view)
        except (BadRequest, StoreError) as error:
            self._hints.tell(pressed.thread, pressed.person, str(error))
        except (Refused, Unclear, Busy) as error:
            log.warning("no window could be opened", error=str(error))
            text = "Slack did not open the window in time; please press the button again."
            self._hints.tell(pressed.thread, pressed.person, text)

    async def _details(self, pressed: Pressed) -> Json:
        number = pressed.action.removeprefix("details.")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise BadRequest("This button is none of mine; nothing was done.")
        query = ReadJob(channel=pressed.thread.channel, number=int(number))
        view = await self._window.look(query)
        if not isinstance(view, JobView):
            raise TypeError(f"ReadJob was answered with {type(view).__name__}")
        return forms.details(view)
