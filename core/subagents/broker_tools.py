"""The tools that the host runs for a subagent: state, search, progress. Journals nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from core.errors import BadRequest, StoreError
from core.jobs.job import JobSpec
from core.model.arguments import parse_arguments
from core.model.chat import ToolCall
from core.ports import Finder, Web
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.entries import Entry, overlay, read_entry, read_prefix
from core.state.operations import Json, Op, Operation
from core.state.reads import KeyRead, PrefixRead, Read, SearchRead
from core.state.rules import adopted
from core.state.validate import validate
from core.state.views import entry_text
from core.subagents.search_reads import seen
from core.subagents.served_tools import ServedTools
from core.subagents.tools import BY_NAME
from core.subagents.web_tool import page_text

MOST_ENTRIES = 200
_REPLACES = frozenset({Op.PUT, Op.DELETE, Op.TEXT})
_OTHERS = {
    "fetch": "no hosts are allowed here; use what is in the workspace and the sources",
}

T = TypeVar("T")
_Arguments = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a call did. `title` says it to people in a few words; `after` is the changed entry."""

    text: str
    title: str = ""
    operation: Operation | None = None
    after: Entry | None = None
    reads: tuple[Read, ...] = ()


class HostTools:
    """The channel as one job sees it: its snapshot, and its own changes on top."""

    def __init__(
        self,
        *,
        job: JobSpec,
        channels: Channels,
        finder: Finder,
        operations: Sequence[Operation],
        web: Web | None = None,
        served: ServedTools | None = None,
    ) -> None:
        """`operations` are what earlier attempts wanted changed, in their order; without a `web`
        nothing can be fetched, and without `served` no server has any tools."""
        self._job = job
        self._channels = channels
        self._finder = finder
        self._web = web if web is not None and web.hosts(job.thread.channel) else None
        self._served = served
        self._earlier: dict[str, list[Operation]] = {}
        # Keys of which the job sees its own value and nothing of the channel's any more.
        self._replaced: set[str] = set()
        for operation in operations:
            self._earlier.setdefault(operation.key, []).append(operation)
            self._note(operation)
        self._own: dict[str, Entry | None] = {}

    async def run(self, call: ToolCall) -> Done:
        """Do it. A call that cannot be done is told so in `text`. Raises StoreError."""
        if self._served is not None and call.name in self._served.names:
            return Done(text=await self._served.run(call))
        tools: Mapping[str, Callable[[_Arguments], Awaitable[Done]]] = {
            "search": self._search,
            "read_state": self._read_state,
            "change_state": self._change_state,
            "progress": self._progress,
        }
        if self._web is not None:
            tools = {**tools, "fetch": partial(self._fetch, self._web)}
        if call.name not in tools:
            other = _OTHERS.get(call.name, f"{call.name!r} is no tool that the host runs")
            return Done(text=f"error: {other}")
        try:
            return await tools[call.name](parse_arguments(BY_NAME[call.name], call.arguments))
        except BadRequest as error:
            return Done(text=f"error: {error}")

    def kept(self, done: Done) -> None:
        """What `run` did is journaled: from now on it is seen."""
        if done.operation is not None:
            self._own[done.operation.key] = done.after
            self._note(done.operation)

    def _note(self, operation: Operation) -> None:
        if operation.op in _REPLACES:
            self._replaced.add(operation.key)

    async def _search(self, arguments: _Arguments) -> Done:
        query, source = str(arguments["query"]), arguments.get("source")
        place = source if isinstance(source, str) else None
        try:
            found = await self._finder.find(
                self._job.thread.channel,
                query,
                place,
                upto_message=self._job.base_message,
                commit=self._job.base_commit,
            )
        except StoreError as error:
            raise BadRequest(f"the search did not work: {error}") from error
        read = SearchRead(
            query=query, source=place, upto=self._job.base_message, seen=seen(found.hits)
        )
        return Done(text=found.text, title=one_line(query), reads=(read,))

    async def _read_state(self, arguments: _Arguments) -> Done:
        key, prefix = arguments.get("key"), arguments.get("prefix")
        if isinstance(key, str) and isinstance(prefix, str):
            raise BadRequest("give read_state a key or a prefix, not both")
        if isinstance(key, str):
            return await self._read_key(key)
        return await self._read_prefix(prefix if isinstance(prefix, str) else "")

    async def _read_key(self, key: str) -> Done:
        def read(tx: Transaction) -> tuple[Entry | None, int]:
            base = read_entry(tx, key, self._job.base_commit)
            return self._mine(key, base), base.commit if base else 0

        entry, commit = await self._read(read)
        return Done(
            text=entry_text(entry) if entry else f"there is no {key!r}",
            title=one_line(key),
            reads=() if key in self._replaced else (KeyRead(key=key, commit=commit),),
        )

    async def _read_prefix(self, prefix: str) -> Done:
        def read(tx: Transaction) -> tuple[list[Entry], PrefixRead]:
            base = read_prefix(tx, prefix, self._job.base_commit, MOST_ENTRIES + 1)
            more = len(base) > MOST_ENTRIES
            base = base[:MOST_ENTRIES]
            found = {entry.key: self._mine(entry.key, entry) for entry in base}
            for key in (*self._earlier, *self._own):
                if key.startswith(prefix) and key not in found:
                    found[key] = self._mine(key, read_entry(tx, key, self._job.base_commit))
            entries = [entry for _, entry in sorted(found.items()) if entry is not None]
            return entries, PrefixRead(
                prefix=prefix,
                commit=max((entry.commit for entry in base), default=0),
                last=base[-1].key if more else None,
                own=tuple(sorted(key for key in self._replaced if key.startswith(prefix))),
            )

        entries, shown = await self._read(read)
        lines = [entry_text(entry) for entry in entries]
        if shown.last is not None:
            lines.append(f"(there are more; only {MOST_ENTRIES} are shown: give a longer prefix)")
        return Done(
            text="\n".join(lines) or "there is nothing",
            title=one_line(f"{prefix}*"),
            reads=(shown,),
        )

    async def _change_state(self, arguments: _Arguments) -> Done:
        asked = Operation(
            key=str(arguments["key"]),
            op=Op(str(arguments["operation"])),
            argument=arguments.get("value"),
        )

        def change(tx: Transaction) -> tuple[Operation, Entry | None]:
            rules = adopted(tx, self._job.rules_revision)
            base = read_entry(tx, asked.key, self._job.base_commit)
            before = self._mine(asked.key, base)
            operation = validate(asked, before, rules)
            return operation, overlay(before, (operation,))

        operation, after = await self._read(change)
        text = "noted"
        if operation.op in _REPLACES:
            text = entry_text(after) if after else f"{operation.key} is gone"
        return Done(
            # What combines does not tell what the channel has: it would be something read, so that
            # each of five jobs that add to one counter would be told to be out of date.
            text=f"{text}\n(merged when the job has finished)",
            title=one_line(f"{operation.op.value} {operation.key}"),
            operation=operation,
            after=after,
        )

    async def _fetch(self, web: Web, arguments: _Arguments) -> Done:
        url = str(arguments["url"]).strip()
        text = await page_text(self._job, self._channels, web, url)
        return Done(text=text, title=one_line(url))

    async def _progress(self, arguments: _Arguments) -> Done:
        words = one_line(str(arguments["text"]))
        if not words:
            raise BadRequest("the text is empty")
        return Done(text="shown", title=words)

    def _mine(self, key: str, base: Entry | None) -> Entry | None:
        """The entry with this job's own changes."""
        if key in self._own:
            return self._own[key]
        return overlay(base, self._earlier.get(key, ()))

    async def _read(self, function: Callable[[Transaction], T]) -> T:
        return await self._channels.read(self._job.thread.channel, function)


def one_line(text: str) -> str:
    """Text of a model's or from inside, as it may be shown on a card."""
    line = " ".join(text.split())
    return "".join(letter for letter in line[:160] if letter.isprintable())
