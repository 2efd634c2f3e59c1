"""What a person does to one key by hand: set, unset, pin. Checks no rights."""

from core.errors import BadRequest
from core.messages import Person
from core.state.apply import Merged, already, merge_settling
from core.state.database import Transaction
from core.state.entries import Entry, read_entry
from core.state.facts import Space, head
from core.state.files import find_file
from core.state.operations import Author, Delta, FileChange, Json, Kind, Op, Operation
from core.state.rules import Rules
from core.state.validate import check_key
from core.state.values import dump, is_number, load, minus, parse

_ALL = 10**9


def person_put(
    tx: Transaction,
    key: str,
    text: str,
    *,
    author: Author,
    at: float,
    source: str,
    rules: Rules,
    base: int | None = None,
) -> Merged:
    """Set a key to what was typed: JSON if it is that, else the text itself.

    Of a counter it is the difference to what the person saw that is added, of a set the
    elements that differ are included and excluded, of a record the fields that differ are
    patched, so that nothing written meanwhile is lost.
    `base` is the commit that was seen (None: head). Raises BadRequest, fit for people.
    """
    known = already(tx, source)
    if known is not None:
        return known
    check_key(key)
    seen_at = head(tx) if base is None else base
    entry = read_entry(tx, key, seen_at, _ALL)
    value = parse(text)
    kind = entry.kind if entry else rules.kind(key) or Kind.VALUE
    operations = _difference(key, kind, entry, value, text)
    delta = Delta(
        source=source,
        author=author,
        base=seen_at,
        at=at,
        about=f"set {key}",
        operations=operations,
    )
    return merge_settling(tx, delta, rules, settles={"entry": [key]} if _waits(tx, key) else {})


def person_delete(
    tx: Transaction, key: str, *, author: Author, at: float, source: str, rules: Rules
) -> Merged:
    """Delete a key of any kind, or the file of that path where there is no such key.

    Raises BadRequest when there is neither.
    """
    known = already(tx, source)
    if known is not None:
        return known
    is_key = read_entry(tx, key, most=0) is not None or _waits(tx, key)
    file_waits = _waits(tx, key, "file")
    if not is_key and find_file(tx, key) is None and not file_waits:
        raise BadRequest(f"there is no `{key}`; /state shows what there is")
    gone = FileChange(path=key, content=None)
    delta = Delta(
        source=source,
        author=author,
        base=head(tx),
        at=at,
        about=f"delete {key}",
        operations=(Operation(key=key, op=Op.DELETE),) if is_key else (),
        files=() if is_key else (gone,),
    )
    settles: dict[Space, list[str]] = {"file": [key]} if file_waits and not is_key else {}
    return merge_settling(tx, delta, rules, settles=settles)


def pin(tx: Transaction, key: str, by: Person, at: float) -> bool:
    """Keep an entry in the agent's sight; False when it is pinned. Raises BadRequest without it."""
    if read_entry(tx, key, most=0) is None:
        if find_file(tx, key) is not None:
            raise BadRequest(f"`{key}` is a file: only keys can be pinned")
        raise BadRequest(f"there is no `{key}` to pin; /state shows what there is")
    row = tx.execute(
        "INSERT OR IGNORE INTO pins (key, person_id, person, at) VALUES (?, ?, ?, ?)",
        (key, by.id, by.name, at),
    )
    return row.rowcount == 1


def unpin(tx: Transaction, key: str) -> bool:
    """Let an entry go from the agent's sight; False when it was not pinned."""
    return tx.execute("DELETE FROM pins WHERE key = ?", (key,)).rowcount == 1


def pinned(tx: Transaction) -> tuple[Entry, ...]:
    """The pinned entries that there are, by key."""
    keys = tx.execute("SELECT key FROM pins ORDER BY key").fetchall()
    found = (read_entry(tx, key) for (key,) in keys)
    return tuple(entry for entry in found if entry is not None)


def _waits(tx: Transaction, key: str, space: Space = "entry") -> bool:
    row = tx.execute(
        "SELECT 1 FROM conflicts AS c JOIN entries AS e ON e.id = c.entry"
        " WHERE e.space = ? AND e.key = ? AND c.closed IS NULL",
        (space, key),
    ).fetchone()
    return row is not None


def _difference(
    key: str, kind: Kind, entry: Entry | None, value: Json, text: str
) -> tuple[Operation, ...]:
    match kind:
        case Kind.VALUE:
            return (Operation(key=key, op=Op.PUT, argument=value),)
        case Kind.COUNTER:
            if not is_number(value):
                raise BadRequest(f"`{key}` is a counter: set it to a number")
            seen = dump(entry.value) if entry else None
            change = load(minus(dump(value), seen))
            needless = entry is not None and change == 0
            return () if needless else (Operation(key=key, op=Op.ADD, argument=change),)
        case Kind.SET:
            return _of_set(key, entry, value)
        case Kind.LOG:
            raise BadRequest(f"`{key}` is a log: lines are appended, it cannot be set; /unset it")
        case Kind.TEXT:
            return (Operation(key=key, op=Op.TEXT, argument=_typed(entry, value, text)),)
        case Kind.RECORD:
            return _of_record(key, entry, value)
        case Kind.FILE:
            raise AssertionError("no entry is a file")


def _typed(entry: Entry | None, value: Json, text: str) -> str:
    """A whole text as it was meant. Chats drop the line break at the end of what is typed: one
    that was there stays, or the last line would clash with every line added below it."""
    if isinstance(value, str) and value != text:
        return value
    # "12" is what was typed, also where JSON would make it a number.
    ended = entry is not None and isinstance(entry.value, str) and entry.value.endswith("\n")
    return f"{text}\n" if ended and text and not text.endswith("\n") else text


def _of_set(key: str, entry: Entry | None, value: Json) -> tuple[Operation, ...]:
    if not isinstance(value, list):
        raise BadRequest(f'`{key}` is a set: set it to a list such as ["a", "b"]')
    before = {dump(e): e for e in entry.value} if entry and isinstance(entry.value, list) else {}
    after = {dump(e): e for e in value}
    new: list[Json] = [after[text] for text in after if text not in before]
    gone: list[Json] = [before[text] for text in before if text not in after]
    operations = []
    if new:
        operations.append(Operation(key=key, op=Op.INCLUDE, argument=new))
    if gone:
        operations.append(Operation(key=key, op=Op.EXCLUDE, argument=gone))
    return tuple(operations)


def _of_record(key: str, entry: Entry | None, value: Json) -> tuple[Operation, ...]:
    if not isinstance(value, dict):
        raise BadRequest(f'`{key}` is a record: set it to an object such as {{"owner": "Ana"}}')
    before = entry.value if entry and isinstance(entry.value, dict) else {}
    changes = {name: new for name, new in value.items() if new != before.get(name)}
    changes |= dict.fromkeys(name for name in before if name not in value)
    return (Operation(key=key, op=Op.PATCH, argument=changes),) if changes else ()
