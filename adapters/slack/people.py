"""Who people are: their names, and who wrote which message. Decides no rights."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.events import Json
from adapters.slack.fields import map_of, text_of
from core.messages import Person, ThreadRef

_KNOWN = 20_000
_FRESH_S = 3600.0
# A name is for showing: no message waits long for it.
_PATIENCE_S = 0.3


class People:
    """Names from Slack, remembered for an hour; authors of recent messages."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._names: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._authors: OrderedDict[str, str] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def names(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The names that are known soon enough, by id."""
        now = time.monotonic()
        wanted = [id for id in dict.fromkeys(ids) if id[:1] in ("U", "W")]
        stale = [id for id in wanted if now - self._names.get(id, ("", -_FRESH_S))[1] >= _FRESH_S]
        asked = [task for id in stale if (task := self._ask(id)) is not None]
        unknown = [task for task in asked if task.get_name() not in self._names]
        if unknown:
            await asyncio.wait(unknown, timeout=_PATIENCE_S)
        return {id: self._names[id][0] for id in wanted if id in self._names}

    def called(self, person: Person) -> Person:
        """The person by the name that others see, if it is known."""
        name, _ = self._names.get(person.id, (person.name, 0.0))
        return replace(person, name=name)

    def wrote(self, thread: ThreadRef, message_id: str, person_id: str) -> None:
        """Who wrote a message."""
        self._authors[f"{thread} {message_id}"] = person_id
        while len(self._authors) > _KNOWN:
            self._authors.popitem(last=False)

    def author(self, thread: ThreadRef, message_id: str) -> str | None:
        """Who wrote a message, if that was not long ago."""
        return self._authors.get(f"{thread} {message_id}")

    async def close(self) -> None:
        """Ask no more."""
        for task in tuple(self._asking.values()):
            task.cancel()

    def _ask(self, id: str) -> "asyncio.Task[None] | None":
        task = self._asking.get(id)
        if task is None and self._api.limits.free("users.info"):
            task = self._asking[id] = asyncio.create_task(self._learn(id), name=id)
            task.add_done_callback(lambda _: self._asking.pop(id, None))
        return task

    async def _learn(self, id: str) -> None:
        try:
            answer = await self._api.call("users.info", user=id)
        except (Refused, Unclear, Busy):
            return
        name = _name(answer)
        if name:
            self._names[id] = (name, time.monotonic())
        while len(self._names) > _KNOWN:
            self._names.popitem(last=False)


def _name(answer: Json) -> str:
    user = map_of(answer, "user")
    profile = map_of(user, "profile")
    shown = text_of(profile, "display_name") or text_of(profile, "real_name")
    return shown or text_of(user, "name")
