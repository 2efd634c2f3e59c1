"""The model's server: does what a message or brief is written to ask for, and knows what it was
paid for. Sometimes it is away, refuses, hangs, or forgets to say what a call cost."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping

from core.errors import ModelRefused, ModelUnreachable
from core.fencing import closing
from core.model.chat import ModelReply, ModelRequest, ToolCall, Usage
from tests.emulators.script import spoken
from tests.simulation.consent import Consent
from tests.simulation.script import Errand, job_in, wish
from tests.simulation.world import World

HANGS_S = 900.0
_USAGE = Usage(prompt=20, completion=10)
_Call = tuple[str, Mapping[str, object]]


class Server:
    """Implements core.ports.Model. `faults` says how often the disk has failed so far, `consent`
    sees what came of calls."""

    def __init__(self, world: World, consent: Consent, faults: Callable[[], int]) -> None:
        self._world = world
        self._consent = consent
        self._faults = faults
        self._furthest: dict[str, tuple[int, int, int]] = {}

    def forgive(self) -> None:
        """The bot has lost what it had been told: it may ask again."""
        self._furthest.clear()

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """See core.ports.Model."""
        world = self._world
        job = job_in(request.messages[1].text)
        stage = _stage(request)
        asked = request.messages[_last_user(request)].text
        work = spoken(asked).split()[0]
        if job is not None:
            work = f"job {job[0]} {job[1].name}"
            self._check_results(request, *job)
        elif _is_draft(request):
            work = f"draft {asked}"
        elif work.startswith("/"):
            world.breaks(f"the model was asked about {work}")
        elif work not in world.seen:
            world.breaks(f"the model was asked about {work} before it was acknowledged")
        world.trace(f"model {work} {stage}")
        if lost := _unanswered(request):
            world.breaks(f"{work} leaves the calls {lost} without a result")
        await self._trouble()
        # From here on the server works, and it is paid for.
        self._paid(work, stage)
        usual = 60 if _is_slow(job, stage) else 1.5
        await asyncio.sleep(world.chance.random() * usual * world.quick)
        if on_text is not None:
            on_text("so ")
            await asyncio.sleep(world.chance.random())
        if world.strikes(world.weather.model / 4):
            self._furthest[work] = (stage - 1, world.life, self._faults())
            raise ModelUnreachable("the line broke amid the answer")
        calls, text = self._turned(request, job, stage)
        world.paid += _USAGE.total
        return self._reply(request, stage, calls, text)

    async def _trouble(self) -> None:
        world = self._world
        if not world.strikes(world.weather.model):
            return
        match world.faults.randrange(5):
            case 0 | 1:
                raise ModelUnreachable("nobody answers", free=world.faults.random() < 0.5)
            case 2:
                raise ModelUnreachable("too many", retry_after_s=world.faults.random() * 20)
            case 3:
                raise ModelRefused("bad key", free=True)
            case _:
                await asyncio.sleep(world.faults.random() * HANGS_S)

    def _paid(self, work: str, stage: int) -> None:
        """Nothing is bought again, but what was in flight when the process or the disk failed."""
        life, struck = self._world.life, self._faults()
        furthest, last_life, last_struck = self._furthest.get(work, (-1, 0, 0))
        again = stage <= furthest
        # What a turn was told it keeps while its store fails.
        loses = work.startswith(("job ", "draft "))
        failed = last_life != life or (loses and last_struck != struck)
        excused = failed and stage == furthest
        if again and not excused and work not in self._world.edited:
            self._world.breaks(f"{work} bought answer {stage} again, after {furthest}")
        if work.startswith("draft "):
            # A question that comes again after another one is a new revision of the conflict.
            for other in [name for name in self._furthest if name.startswith("draft ")]:
                del self._furthest[other]
        self._furthest[work] = (max(stage, furthest), life, struck)

    def _reply(
        self, request: ModelRequest, stage: int, calls: list[_Call], text: str
    ) -> ModelReply:
        silent = self._world.strikes(self._world.weather.model / 4)
        return ModelReply(
            text=text,
            tool_calls=tuple(
                ToolCall(id=f"c{stage}.{place}", name=name, arguments=json.dumps(arguments))
                for place, (name, arguments) in enumerate(calls)
            ),
            usage=None if silent else _USAGE,
            finish="tool_calls" if calls else "stop",
        )

    def _turned(
        self, request: ModelRequest, job: tuple[int, Errand] | None, stage: int
    ) -> tuple[list[_Call], str]:
        if job is not None:
            return self._job(request, job[1], stage)
        if _is_draft(request):
            return [], self._world.faults.choice(('"a draft"',) * 4 + ("", "[1,"))
        return _turn(request, stage)

    def _check_results(self, request: ModelRequest, number: int, job: Errand) -> None:
        told = {m.tool_call_id: m.text for m in request.messages if m.role == "tool"}
        for call in (call for message in request.messages for call in message.tool_calls):
            if call.id in told:
                text = _bare(told[call.id])
                self._consent.told(number, job.name, call.id, call.name, call.arguments, text)

    def _job(self, request: ModelRequest, job: Errand, stage: int) -> tuple[list[_Call], str]:
        self._check_snapshot(request, job)
        if stage >= len(job.steps):
            files = ["notes/" + job.name] if "w" in job.steps else []
            return [("finish", {"result": f"did {job.name}", "files": files})], ""
        return _step(job, job.steps[stage]), ""

    def _check_snapshot(self, request: ModelRequest, job: Errand) -> None:
        """What a job reads is what there was when it began, and its own changes."""
        told = {m.tool_call_id: m.text for m in request.messages if m.role == "tool"}
        own, first = 0, None
        for message in request.messages:
            for call in message.tool_calls:
                text = told.get(call.id, "")
                if call.name == "change_state" and '"n"' in call.arguments and "noted" in text:
                    own += 1
                if call.name == "read_state" and text and not _bare(text).startswith("error"):
                    value = _number(_bare(text)) - own
                    first = value if first is None else first
                    if value != first:
                        self._world.breaks(f"{job.name} read {value}, and {first} before")


def _step(job: Errand, letter: str) -> list[_Call]:
    match letter:
        case "a":
            return [
                ("change_state", {"key": "n", "operation": "add", "value": 1}),
                ("change_state", {"key": "who", "operation": "include", "value": job.name}),
            ]
        case "r":
            return [("read_state", {"key": "n"})]
        case "p":
            return [("change_state", {"key": "color", "operation": "put", "value": job.name})]
        case "w":
            return [("write_file", {"path": f"notes/{job.name}", "content": job.name})]
        case "s":
            return [("shell", {"command": "true"})]
        case "o":
            return [("shell", {"command": f"echo {job.name}"})]
        case "f":
            return [("search", {"query": "done OR color"})]
        case "q":
            return [("ask", {"question": f"{job.name}?", "choices": ["yes", "no"]})]
        case "u":
            raise ModelRefused("no such model")
        case _:
            return [("progress", {"text": f"{job.name} {letter}"})]


def _turn(request: ModelRequest, stage: int) -> tuple[list[_Call], str]:
    asked = wish(spoken(request.messages[_last_user(request)].text))
    calls: list[_Call] = []
    if asked.add:
        calls.append(("change_state", {"key": "n", "operation": "add", "value": asked.add}))
    calls += [
        ("start_job", {"title": one.name, "brief": f"{one.name} {one.steps}"}) for one in asked.jobs
    ]
    if stage == 1 and asked.tell:
        told = "".join(m.text for m in request.messages if m.role == "tool")
        calls = [
            ("steer_job", {"job": int(job), "message": "be quick"})
            for job in re.findall(r"Job (\d+)", told)[:1]
        ]
        stage = 0
    if stage or not calls:
        return [], f"done {asked.name}"
    return calls, ""


def _is_draft(request: ModelRequest) -> bool:
    return "Draft the one version" in request.messages[0].text


def _is_slow(job: tuple[int, Errand] | None, stage: int) -> bool:
    return job is not None and job[1].steps[stage : stage + 1] == "l"


def _last_user(request: ModelRequest) -> int:
    return max(place for place, one in enumerate(request.messages) if one.role == "user")


def _stage(request: ModelRequest) -> int:
    """How many answers it has given to this work before."""
    if job_in(request.messages[1].text) is not None:
        return sum(message.role == "assistant" for message in request.messages)
    return sum(m.role == "assistant" for m in request.messages[_last_user(request) :])


def _unanswered(request: ModelRequest) -> list[str]:
    """Calls without a result, for which servers refuse a request."""
    told = {message.tool_call_id for message in request.messages}
    return [c.id for m in request.messages for c in m.tool_calls if c.id not in told]


def _bare(text: str) -> str:
    """A tool's result without the fence around what others wrote."""
    if not text.startswith("<untrusted"):
        return text
    return text[text.index("\n") + 1 :].removesuffix(closing(text))


def _number(text: str) -> int:
    return int(text.partition("\n")[0].partition(" = ")[2] or 0)
