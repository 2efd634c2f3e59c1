"""What the primary agent's tool calls do: effects on the channel, one transaction each."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from core import confirming, joining
from core.errors import BadRequest, NotAllowed
from core.fencing import fenced, label
from core.jobs.admission import Ticket
from core.jobs.job import Completed
from core.jobs.supervisor import Jobs, Stop
from core.legible import legible
from core.messages import Message
from core.model.amounts import MOST_TOKENS, Limit
from core.model.arguments import parse_arguments
from core.model.chat import ToolCall
from core.ports import Finder
from core.posts import card_state, outcome_words
from core.primary.prompt import cut
from core.primary.tools import BY_NAME
from core.records import jobs, plans, watchers
from core.records.jobs import JobRow, NewJob
from core.records.turns import TurnRow, TurnStep
from core.rights import Right, Rights
from core.settings import ChannelSettings
from core.state.database import Transaction
from core.state.entries import overlay, read_entry, read_prefix
from core.state.facts import head
from core.state.history_text import origin_lines
from core.state.operations import Json, Op, Operation
from core.state.provenance import origin, pin_of
from core.state.rules import Rules, adopt
from core.state.validate import validate
from core.state.views import entry_text

Effect = Callable[[Transaction], tuple[str, Operation | None]]
Arguments = dict[str, Json]

_TITLE = 120
_LISTED = 30
_MOST_CALLS = 200
_LONGEST = 20_000
_TO_CONFIRM = (
    "Job {job} is noted. {count} jobs of one message are so many that none of them starts, also"
    " none before this one, until the person agrees: they are asked below your answer."
)


class Toolbox:
    """The tools of one turn. `prepare` checks a call and returns its effect, which the turn runs in
    the transaction that journals it; `committed` does what may only follow the commit."""

    def __init__(
        self, *, jobs: Jobs, finder: Finder, rights: Rights, rules: Rules, per_message: int,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._finder = finder
        self._rights = rights
        self._rules = rules
        self._per_message = per_message
        self._clock = clock
        self._stops: list[Stop] = []
        self._operations: list[Operation] = []

    def attach(
        self,
        turn: TurnRow,
        message: Message,
        inbox_id: str,
        settings: ChannelSettings,
        has_read: Callable[[], bool],
    ) -> None:
        """Name the turn that uses this box; its earlier operations come from its journal.
        `has_read`: whether it was shown what others than the person asking wrote."""
        self._has_read = has_read
        self._turn = turn
        self._message = message
        self._inbox_id = inbox_id
        self._settings = settings
        self._operations = [step.operation for step in turn.steps if step.operation]
        self._stops = []

    async def prepare(self, number: int, call: ToolCall) -> Effect:
        """Check the call. Raises BadRequest with a text that the model can act on."""
        spec = BY_NAME.get(call.name)
        if spec is None:
            named = cut(call.name, 60)
            raise BadRequest(f"there is no tool {named!r}; there are: {', '.join(BY_NAME)}")
        if number >= _MOST_CALLS:
            raise BadRequest("this turn has made too many calls; answer the person now")
        arguments = parse_arguments(spec, call.arguments)
        _check_texts(arguments)
        if call.name == "search":
            return await self._search(arguments)
        effects: dict[str, Callable[[int, Arguments, Transaction], tuple[str, Operation | None]]]
        effects = {
            "start_job": self._start_job,
            "list_jobs": self._list_jobs,
            "job_details": self._job_details,
            "steer_job": self._steer_job,
            "cancel_job": self._cancel_job,
            "read_state": self._read_state,
            "change_state": self._change_state,
        }
        return partial(_or_error, partial(effects[call.name], number, arguments))

    def committed(self, step: TurnStep) -> None:
        """The step's transaction is through."""
        if step.operation is not None:
            self._operations.append(step.operation)
        stops, self._stops = self._stops, []
        for stop in stops:
            self._jobs.stop(stop)

    async def _search(self, arguments: Arguments) -> Effect:
        source = arguments.get("source")
        found = await self._finder.find(
            self._message.thread.channel,
            str(arguments["query"]),
            source if isinstance(source, str) else None,
            commit=self._turn.base,
        )
        return lambda tx: (_material("search results", found.text), None)

    def _start_job(
        self, number: int, arguments: Arguments, tx: Transaction
    ) -> tuple[str, Operation | None]:
        asked = jobs.count_for(tx, self._inbox_id)
        if asked >= self._per_message:
            raise BadRequest(
                f"one message starts at most {self._per_message} jobs and {asked} are started;"
                " tell the person what is left"
            )
        title = legible(" ".join(str(arguments["title"]).split()))[:_TITLE]
        brief = str(arguments["brief"]).strip()
        if not title or not brief:
            raise BadRequest("a job needs a title and a brief")
        rules = adopt(tx, self._rules).revision
        budget = self._budget(arguments)
        wish = joining.wish(brief, budget, self._settings, rules)
        if joined := self._joined(tx, wish):
            return joined, None
        new = NewJob(
            id=self._job_id(number, brief),
            thread=self._message.thread,
            title=title,
            brief=brief,
            requester=self._message.author,
            message=self._inbox_id,
            rules_revision=rules,
            budget=budget,
            at=self._clock(),
            wish=wish,
            derived=self._has_read(),
        )
        job = jobs.promise(tx, new)
        if asked >= self._settings.confirm_above:
            until = self._clock() + confirming.EXPIRES_S
            plans.put(tx, self._inbox_id, self._message.author.id, until)
            return _TO_CONFIRM.format(job=job, count=asked + 1), None
        obstacle = self._jobs.obstacle(self._ticket(job), more=asked)
        if obstacle:
            return f"Job {job} is queued: {obstacle}. It starts by itself.", None
        return f"Job {job} starts now.", None

    def _joined(self, tx: Transaction, wish: str) -> str | None:
        """What the model is told when just this is being done already, so that nothing starts."""
        if self._operations:
            # A job of this turn would begin with them.
            return None
        message = self._message
        row = watchers.equal(tx, message.thread.channel, wish, self._inbox_id, head(tx))
        if row is None:
            return None
        if row.message == self._inbox_id:
            return f"Job {row.number} is for just this already; one is enough."
        if row.requester.id != message.author.id or row.thread != message.thread:
            watchers.add(tx, row.number, message)
        else:
            watchers.come_back(tx, row.number, message.author.id)
        return (
            f"Job {row.number} ({card_state(row)}) does just this already, asked for by"
            f" {label(row.requester.name)}: no other was started, the person joins it and is told"
            " of its result here. Tell them so."
        )

    def _list_jobs(
        self, number: int, arguments: Arguments, tx: Transaction
    ) -> tuple[str, Operation | None]:
        rows = jobs.newest(tx, self._message.thread.channel, _LISTED)
        lines = [f"{row.number} {card_state(row)}: {row.title}" for row in rows]
        return _material("jobs", "\n".join(lines) or "There are no jobs yet."), None

    def _job_details(
        self, number: int, arguments: Arguments, tx: Transaction
    ) -> tuple[str, Operation | None]:
        row = self._row(tx, arguments)
        live = self._jobs.live(row.thread.channel, row.number)
        text = (
            f"{row.title}\nstate: {card_state(row)}\nasked by: {row.requester.name}\n"
            f"step: {live.progress.step if live else row.step}\nbrief: {row.brief}"
        )
        if row.outcome is not None:
            text += f"\n{outcome_words(row.outcome)}"
        if isinstance(row.outcome, Completed):
            text += "".join(f"\n- {line}" for line in row.outcome.drift)
            text += f"\nresult: {row.outcome.result}"
        return _material(f"job {row.number}", text), None

    def _steer_job(
        self, number: int, arguments: Arguments, tx: Transaction
    ) -> tuple[str, Operation | None]:
        row = self._own(tx, arguments)
        text = str(arguments["message"]).strip()
        kept = text and jobs.steer(
            tx, row.number, f"{self._turn.id}:{number}", self._message.author.name, text,
            self._clock(),
        )  # fmt: skip
        if not kept:
            raise BadRequest(f"job {row.number} has ended" if text else "the message is empty")
        return f"Job {row.number} reads it before its next step.", None

    def _cancel_job(
        self, number: int, arguments: Arguments, tx: Transaction
    ) -> tuple[str, Operation | None]:
        row = self._own(tx, arguments)
        by = self._message.author.name
        if not jobs.ask_stop(tx, row.number, by):
            raise BadRequest(f"job {row.number} has ended or is being stopped")
        ticket = self._ticket(row.number, row.requester.id)
        self._stops.append(Stop(ticket=ticket, thread=row.thread, by=by))
        return f"Job {row.number} is being stopped.", None

    def _read_state(
        self, number: int, arguments: Arguments, tx: Transaction
    ) -> tuple[str, Operation | None]:
        key, prefix = arguments.get("key"), arguments.get("prefix")
        if isinstance(key, str):
            mine = [operation for operation in self._operations if operation.key == key]
            entry = overlay(read_entry(tx, key, self._turn.base), mine)
            if entry is None:
                return _material("state", f"There is no {key!r}."), None
            found = None if mine else origin(tx, "entry", key, self._turn.base)
            # People ask who set it, when and on what grounds.
            grounds = origin_lines(found, pin_of(tx, key)) if found else ()
            return _material("state", "\n".join([entry_text(entry), *grounds])), None
        entries = read_prefix(tx, str(prefix or ""), self._turn.base)
        lines = [entry_text(entry) for entry in entries]
        return _material("state", "\n".join(lines) or "There is nothing."), None

    def _change_state(
        self, number: int, arguments: Arguments, tx: Transaction
    ) -> tuple[str, Operation | None]:
        operation = Operation(
            key=str(arguments["key"]),
            op=Op(str(arguments["operation"])),
            argument=arguments.get("value"),
        )
        mine = [done for done in self._operations if done.key == operation.key]
        entry = overlay(read_entry(tx, operation.key, self._turn.base), mine)
        operation = validate(operation, entry, self._rules)
        after = overlay(entry, [operation])
        text = entry_text(after) if after else f"{operation.key} is gone."
        return _material("state", text), operation

    def _row(self, tx: Transaction, arguments: Arguments) -> JobRow:
        wanted = arguments["job"]
        row = None
        if isinstance(wanted, int) and abs(wanted) < 2**63:
            row = jobs.read(tx, self._message.thread.channel, wanted)
        if row is None:
            raise BadRequest(f"there is no job {wanted}; list_jobs shows all")
        return row

    def _own(self, tx: Transaction, arguments: Arguments) -> JobRow:
        """A job that the person asking may steer and stop: the model has no rights of its own."""
        row = self._row(tx, arguments)
        self._rights.require(
            Right.STEER, self._message.author, row.thread.channel, owner=row.requester.id
        )
        return row

    def _ticket(self, job: int, requester: str | None = None) -> Ticket:
        return Ticket(
            channel=self._message.thread.channel,
            number=job,
            person=requester or self._message.author.id,
        )

    def _budget(self, arguments: Arguments) -> Limit:
        asked, limit = arguments.get("budget"), self._settings.per_job
        if not isinstance(asked, int) or asked <= 0:
            return limit
        most = MOST_TOKENS if limit.tokens is None else limit.tokens
        return replace(limit, tokens=min(asked, most))

    def _job_id(self, number: int, brief: str) -> str:
        """The same call of the same message has the same id, also after a crash. The brief is in it
        because the message may come again after its channel's file was lost: what another job
        left is no work on this one."""
        return jobs.id_for(self._message.thread.channel, self._inbox_id, str(number), brief)


def _material(name: str, text: str) -> str:
    """What a tool found: other people's words, bounded."""
    return fenced(name, cut(text, _LONGEST))


def _check_texts(arguments: Arguments) -> None:
    """Refuse what JSON can say and no text can hold: half a letter, and the sign that ends one."""
    left: list[Json] = [arguments]
    while left:
        value = left.pop()
        if isinstance(value, str):
            if "\0" in value or value != value.encode(errors="replace").decode():
                raise BadRequest("a text holds half a letter (\\ud800 to \\udfff) or \\u0000")
        elif isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict):
            left.extend((*value, *value.values()))


def _or_error(
    effect: Callable[[Transaction], tuple[str, Operation | None]], tx: Transaction
) -> tuple[str, Operation | None]:
    try:
        return effect(tx)
    except (BadRequest, NotAllowed) as error:
        return f"Error: {error}", None
