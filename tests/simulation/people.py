"""People of the simulation: they write, command, press, edit, delete, and do again what was not
kept, until it is. They live on while the bot dies."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from core.errors import NotAllowed, StoreError, ThawError
from core.messages import (
    ChannelRef,
    Deletion,
    Edit,
    InboundEvent,
    Message,
    Person,
    Press,
    ThreadRef,
)
from core.ports import Door
from tests.core.attachments.contents import once
from tests.simulation.consent import Consent, Doorkeeping
from tests.simulation.script import wish_text
from tests.simulation.world import ADA, MALLORY, World

THREADS = ("t", "u")
FORGETTING = "/forget me|/forget color|/forget @bob|/forget channel|/forget n"
ALLOWING = (
    "/allow {0}|/allow {0}|/allow {0} job|/allow {0} always|/deny {0}|/deny {0} no|/approvals|"
    "/approvals withdraw 1"
)
PAIRING = "/pair {2}|/pair {2}|/pair {2}|/pairs|/unpair mallory"
_JOB = "/stop {0}|/steer {0} be quick|/run {0}|/answer {0} yes|/answer {0} no|/job {0}"
_OTHERS = (
    "/set color {1}|/set color {1}|/state n|/undo {0}|/stop|/jobs|/budget|/help|/nope|/pause|"
    "/resume|/history|/search done|/conflicts|/unset color|/settings confirm_above 1|"
    "/settings max_steps 3|/undo 99|/state|/unwatch {0}|/unwatch {0}|"
    "/settings timezone Asia/Kolkata"
)
_ASKED = ("allow", "deny", "refuse", "start", "drop", "answer", "pick", "both")
_CODE = re.compile(r"code is (\S+),")


class Somebody:
    """One person: has so many acts `left`, one after another; `doing` is what is not kept yet."""

    def __init__(
        self, world: World, person: Person, channels: list[ChannelRef], left: int,
        commands: Sequence[str], consent: Consent, doors: Doorkeeping,
    ) -> None:  # fmt: skip
        self._world = world
        self._consent = consent
        self._doors = doors
        self._person = person
        self._channels = channels
        self._chance: Random = Random(f"{world.seed} {person.id}")
        self._count = 0
        self._said: list[Message] = []
        self._kept: list[Message] = []
        self._commands = (_JOB, _OTHERS, *commands)
        self._sends: set[str] = set()
        self.left = left
        self.doing: InboundEvent | None = None

    async def live(self, door: Door) -> None:
        """Do what is left to do, after what a platform shows to a bot that was away."""
        if self._chance.random() < 0.5:
            for message in self._kept[-3:]:
                if self.doing is None and message.id not in self._world.edited:
                    await self._do(door, message)
        while self.doing is not None or self.left:
            if self.doing is None:
                usual = self._chance.choice((0.1, 1, 4, 20))
                await asyncio.sleep(self._chance.expovariate(1 / usual) * self._world.quick)
                self.left -= 1
                self.doing = self._next()
            if self.doing is not None:
                await self._do(door, self.doing)

    async def say(self, door: Door, text: str, channel: ChannelRef) -> None:
        """Say this, whatever else was to be done."""
        await self._do(door, self._message(ThreadRef(channel=channel, thread="t"), text))

    async def _do(self, door: Door, event: InboundEvent) -> None:
        self.doing = event
        began = 0
        while True:
            try:
                if isinstance(event, Message) and event.id in self._sends:
                    event = self.doing = await self._with_file(door, event)
                self._world.trace(f"{self._person.id} does {event.id}")
                self._consent.heard(event)
                self._doors.heard(event)
                began = self._doors.now()
                if isinstance(event, Press) or getattr(event, "text", "").startswith("/"):
                    kind = "press" if isinstance(event, Press) else "message"
                    self._world.owe(f"{kind}:{event.id}")
                await door.accept(event)
            except StoreError:
                await asyncio.sleep(self._chance.random() * 10)
                continue
            except NotAllowed as refused:
                if self._person is MALLORY:
                    self._doors.kept_out(event.id, began)
                    self._doors.codes += _CODE.findall(refused.word)
                elif not isinstance(event, Edit):
                    self._world.breaks(f"{event.id} was not let in")
            except ThawError as error:
                self._world.breaks(f"{event.id} was refused: {error}")
            else:
                if isinstance(event, Message):
                    self._world.expect(event.id)
                    self._kept = [*(one for one in self._kept if one != event), event]
                if self._person is MALLORY and not isinstance(event, Deletion):
                    self._doors.let_in(event.id, began)
            break
        self.doing = None
        if self._chance.random() < 0.1 and self._person is not MALLORY:
            # A platform that has not heard that it was kept offers it again.
            self.doing = event

    def _next(self) -> InboundEvent | None:
        """The next act; None to look on."""
        acts: list[Callable[[ThreadRef], InboundEvent | None]] = [
            self._talk, self._talk, self._talk, self._command, self._press, self._press,
            self._decide, self._decide, self._decide, self._reply, self._revise,
        ]  # fmt: skip
        channel = self._chance.choice(self._channels)
        thread = ThreadRef(channel=channel, thread=self._chance.choice(THREADS))
        return self._chance.choice(acts)(thread)

    def _talk(self, thread: ThreadRef) -> InboundEvent:
        message = self._message(thread, self._wish(self._name(), thread))
        if self._chance.random() < 0.15:
            self._sends.add(message.id)
        return message

    def _wish(self, name: str, thread: ThreadRef) -> str:
        return wish_text(self._chance, name, thread.channel.channel, self._world.alike)

    async def _with_file(self, door: Door, message: Message) -> Message:
        content = once(message.id.encode())
        file = await door.take(f"{message.id}.txt", content, size=len(message.id))
        self._sends.discard(message.id)
        if self._person is not MALLORY:
            self._world.sent[message.id] = message.thread.channel
        return replace(message, files=(file,))

    def _command(self, thread: ThreadRef) -> InboundEvent:
        return self._typed(thread, self._chance.choice(self._commands))

    def _typed(self, thread: ThreadRef, commands: str) -> InboundEvent:
        words = commands.split("|")
        code = self._doors.codes[-1] if self._doors.codes else "ABCD-2345"
        text = self._chance.choice(words).format(self._chance.randrange(1, 6), self._name(), code)
        return self._message(thread, text)

    def _press(self, thread: ThreadRef) -> InboundEvent | None:
        return self._pressed(self._world.buttons())

    def _decide(self, thread: ThreadRef) -> InboundEvent | None:
        """Answer what people are asked, and who wants to be let in."""
        if self._doors.codes and self._person is ADA and self._chance.random() < 0.3:
            return self._typed(thread, PAIRING)
        return self._pressed(
            [one for one in self._world.buttons() if one[1].partition(".")[0] in _ASKED]
        )

    def _pressed(self, shown: list[tuple[ThreadRef, str, bool]]) -> InboundEvent | None:
        if not shown:
            return None
        where, action, asks = self._chance.choice(shown[-self._chance.choice((4, 8, 100)) :])
        self._count += 1
        return Press(
            id=f"p{self._person.id}{self._count}", thread=where, person=self._person,
            action=action, at=self._world.clock(), text="yes" if asks else None,
        )  # fmt: skip

    def _reply(self, thread: ThreadRef) -> InboundEvent:
        number = self._chance.randrange(1, 4)
        to = self._chance.choice((f"card:{number}", f"ask:{number}.1", f"result:{number}"))
        return self._message(thread, self._name(), to)

    def _revise(self, thread: ThreadRef) -> InboundEvent | None:
        if not self._said:
            return None
        old = self._chance.choice(self._said[-3:])
        self._count += 1
        id = f"e{self._person.id}{self._count}"
        self._world.edited.add(old.id)
        if self._chance.random() < 0.3:
            return Deletion(id=id, thread=old.thread, message_id=old.id, at=self._world.clock())
        text = "/jobs" if self._chance.random() < 0.2 else self._wish(old.id, old.thread)
        return Edit(
            id=id, thread=old.thread, message_id=old.id, author=self._person,
            text=text, at=self._world.clock(),
        )  # fmt: skip

    def _message(self, thread: ThreadRef, text: str, reply_to: str | None = None) -> Message:
        id = text.split(maxsplit=1)[0] if not text.startswith("/") else self._name()
        message = Message(
            id=id, thread=thread, author=self._person, text=text,
            at=self._world.clock(), reply_to=reply_to, direct=self._person is MALLORY,
        )  # fmt: skip
        self._said.append(message)
        return message

    def _name(self) -> str:
        self._count += 1
        return f"m{self._person.id}{self._count}"
