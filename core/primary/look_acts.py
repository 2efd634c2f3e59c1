"""What people look at in a channel: its state, now or at a moment, and its history."""

from collections.abc import Iterable

from core.legible import legible
from core.posts import plain
from core.primary.doing import Doing, Done
from core.state import history_text
from core.state.commit_views import commit_view, history_view
from core.state.entries import read_entry
from core.state.facts import Space, head
from core.state.files import StateFile, find_file, read_pieces
from core.state.moments import moment
from core.state.provenance import origin, pin_of
from core.state.views import entry_text, state_view

_LISTED = 40
_COMMITS = 20
_LINES = 250
_CHARACTERS = 16_000


def show_state(doing: Doing, key: str, when: str | None) -> Done:
    """Show one key or file, or all that begin with the text, now or at a moment."""
    then = None if when is None else moment(doing.tx, when, doing.clock())
    newest = head(doing.tx)
    commit = newest if then is None else then.commit
    past = "" if then is None else f"\n\nAs of {plain(then.words)}."
    if then is not None and commit == newest:
        past += " Nothing has changed since."
    entry = read_entry(doing.tx, key, commit) if key else None
    if entry is not None:
        told = _origin(doing, "entry", key, commit, newest)
        return Done(text=f"{block([entry_text(entry)])}\n\n{told}{past}")
    file = find_file(doing.tx, key, commit) if key else None
    if file is not None:
        told = _origin(doing, "file", key, commit, newest)
        return Done(text=f"{block(_file_lines(doing, file))}\n\n{told}{past}")
    return Done(text=_list(doing, key, commit) + past)


def _origin(doing: Doing, space: Space, key: str, commit: int, newest: int) -> str:
    found = origin(doing.tx, space, key, commit)
    if found is None:
        return ""
    pin = pin_of(doing.tx, key) if space == "entry" and commit == newest else None
    lines = list(history_text.origin_lines(found, pin))
    return "\n".join(f"- {plain(one[2:])}" if one.startswith("- ") else plain(one) for one in lines)


def _file_lines(doing: Doing, file: StateFile) -> list[str]:
    mode = ", executable" if file.executable else ""
    heading = f"{file.path} ({file.size:,} bytes{mode})"
    start = next(read_pieces(doing.tx, file), b"")[: 4 * _CHARACTERS]
    if b"\0" in start:
        return [heading, "(no text)"]
    text = start.decode("utf-8", "replace")
    shown = text[:_CHARACTERS]
    cut = [] if len(start) == file.size and shown == text else ["… (the rest is on the page)"]
    return [heading, "", *shown.splitlines(), *cut]


def _list(doing: Doing, prefix: str, commit: int) -> str:
    view = state_view(doing.tx, prefix, commit)
    lines = [f"{entry.key} = {_first_line(entry.value)}" for entry in view.entries[:_LISTED]]
    lines += [f"{file.key} ({file.value})" for file in view.files[:_LISTED]]
    left = len(view.entries) + len(view.files) - len(lines)
    if left > 0:
        lines.append(f"and {left:,}{' or more' if view.more else ''} more")
    if not lines and prefix:
        return "There is no such key." if commit == view.newest else "There was no such key."
    if not lines:
        return "There is nothing here yet." if commit == view.newest else "There was nothing."
    return block(lines)


def show_history(doing: Doing, key: str | None, before: int | None) -> Done:
    """List commits, newest first; of one key with what they did to it."""
    found = history_view(doing.tx, key, before, _COMMITS)
    if not found.lines:
        what = "Nothing has changed here" if key is None else f"`{_code(key)}` was never changed"
        when = f" before commit {before}" if before is not None else "" if key else " yet"
        return Done(text=f"{what}{when}.")
    lines = [text for line in found.lines for text in history_text.commit_lines(line)]
    oldest = found.lines[-1].commit
    named = "" if key is None else f" {quoted(key)}"
    shown = history_text.bounded(lines, _LINES, _CHARACTERS, "; one by one: /history commit N")
    text = f"{block(shown)}\n\nOne in full: `/history commit N`. Undo one: `/undo N`."
    if found.more:
        text += f" Older ones: `/history{_code(named)} before {oldest}`."
    return Done(text=text)


def show_commit(doing: Doing, number: int) -> Done:
    """Show one commit with all that it changed, and its Undo."""
    found = commit_view(doing.tx, number)
    lines = list(history_text.commit_whole(found.line, found.beyond))
    shown = history_text.bounded(lines, _LINES, _CHARACTERS, "; the page shows them")
    text = f"{block(shown)}\n\nThe state it left: `/state at {number}`."
    return Done(text=text, buttons=found.line.buttons)


def block(lines: Iterable[str]) -> str:
    """Lines as Markdown that shows them as they are."""
    text = legible("\n".join(lines))
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def quoted(key: str) -> str:
    """A key as a command takes it."""
    return f'"{key}"' if len(key.split()) != 1 else key


def _code(key: str) -> str:
    return key.replace("`", "'")


def _first_line(text: str) -> str:
    first, *more = text.splitlines() or [""]
    return f"{first[:200]} ..." if more or len(first) > 200 else first
