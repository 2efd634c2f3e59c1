"""The state and its conflicts as people and models see them. Reads only; see `commit_views`."""

from dataclasses import replace

from core.messages.views import (
    EntryLine,
    StateView,
)
from core.state import receipts
from core.state.conflicts import contested
from core.state.database import Transaction
from core.state.entries import MOST_ENTRIES, Entry, read_prefix
from core.state.facts import head
from core.state.files import StateFile, list_files
from core.state.history import CommitInfo, commit_info
from core.state.kept import floor
from core.state.moments import check_commit
from core.state.operations import Json, Kind
from core.state.person import pinned
from core.state.provenance import pin_of
from core.state.values import dump

LONGEST_SHOWN = 20_000
MOST_SHOWN = 200


def state_view(
    tx: Transaction, prefix: str = "", at: int | None = None, words: str = ""
) -> StateView:
    """Entries and files under a prefix at a commit (None: head), each shown bounded.

    `words` are those that the moment was asked for with. Raises BadRequest for a commit that is
    not there, or not kept any more.
    """
    newest = head(tx)
    commit = newest if at is None else check_commit(tx, at)
    now = commit == newest
    entries = read_prefix(tx, prefix, commit, limit=MOST_ENTRIES + 1, most=MOST_SHOWN)
    files = list_files(tx, prefix, commit)
    infos = _Infos(tx)
    made = infos.of(commit)
    waiting = contested(tx, "file")
    return StateView(
        commit=commit,
        entries=tuple(_entry_line(infos, entry, now=now) for entry in entries[:MOST_ENTRIES]),
        files=tuple(
            _file_line(infos, file, waiting=now and file.path in waiting)
            for file in files[:MOST_ENTRIES]
        ),
        newest=newest,
        oldest=floor(tx),
        at=made.at if made else None,
        words=words,
        more=len(entries) > MOST_ENTRIES or len(files) > MOST_ENTRIES,
    )


class _Infos:
    """The commits of a view, each looked up once."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self._known: dict[int, CommitInfo | None] = {}

    def of(self, number: int) -> CommitInfo | None:
        """The commit of that number, if there is one."""
        if number not in self._known:
            self._known[number] = commit_info(self.tx, number)
        return self._known[number]


def pinned_lines(tx: Transaction) -> list[str]:
    """The pinned entries, a line each, with who wrote them last."""
    return [f"{entry_text(entry)} (by {entry.author})" for entry in pinned(tx)]


def entry_text(entry: Entry) -> str:
    """An entry for a model or a person: `key = value`; of logs and sets a line for each item, a
    text as it is."""
    match entry.kind:
        case Kind.TEXT:
            return f"{entry.key} (text):\n{_shown(entry)}"
        case Kind.LOG | Kind.SET:
            size = receipts.counted(entry.size, "line" if entry.kind is Kind.LOG else "element")
            return f"{entry.key} ({entry.kind.value}, {size}):\n{_shown(entry)}"
        case _:
            return f"{entry.key} = {_shown(entry)}"


def _shown(entry: Entry) -> str:
    if entry.kind is Kind.TEXT and isinstance(entry.value, str):
        return _cut(entry.value)
    if entry.kind not in (Kind.LOG, Kind.SET) or not isinstance(entry.value, list):
        return _cut(dump(entry.value))
    items = [_item(item) for item in entry.value]
    if entry.kind is Kind.LOG:
        # The newest lines are the ones to keep.
        while items and sum(map(len, items)) > LONGEST_SHOWN:
            del items[: max(1, len(items) // 10)]
    left_out = entry.size - len(items)
    if left_out and entry.kind is Kind.LOG:
        items.insert(0, f"({left_out:,} older lines)")
    elif left_out:
        items.append(f"({left_out:,} more elements)")
    return _cut("\n".join(items))


def _item(item: Json) -> str:
    return item if isinstance(item, str) else dump(item)


def _cut(text: str) -> str:
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[:LONGEST_SHOWN]}… ({len(text) - LONGEST_SHOWN:,} characters more)"


def _entry_line(infos: _Infos, entry: Entry, *, now: bool) -> EntryLine:
    line = EntryLine(
        key=entry.key,
        kind=entry.kind.value,
        value=_shown(entry),
        commit=entry.commit,
        author=entry.author,
        at=entry.at,
        pinned=now and entry.pinned,
        conflicted=now and entry.conflict is not None,
    )
    pin = pin_of(infos.tx, entry.key) if line.pinned else None
    return _with_grounds(infos, replace(line, pinned_by=pin.person if pin else ""))


def _file_line(infos: _Infos, file: StateFile, *, waiting: bool) -> EntryLine:
    info = infos.of(file.commit)
    line = EntryLine(
        key=file.path,
        kind="file",
        value=f"{file.size:,} bytes{', executable' if file.executable else ''}",
        commit=file.commit,
        author=str(info.author) if info else "",
        at=info.at if info else 0.0,
        conflicted=waiting,
    )
    return _with_grounds(infos, line)


def _with_grounds(infos: _Infos, line: EntryLine) -> EntryLine:
    info = infos.of(line.commit)
    if info is None:
        return line
    return replace(line, job=info.author.job, base=info.base, about=info.about)
