"""Taking out of a channel's conversations what is to be forgotten, in small steps: texts go, their
places stay, and posts are shown again as they are then. Decides nothing."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from core.forgetting.traces import FORGOTTEN, LONG, Traces, unmarked
from core.jobs.job import Cancelled, Completed, Failed, JobState, Outcome
from core.messages import ChannelRef, Post, PostKind
from core.posts import card
from core.records import codec, jobs, outbox
from core.state.database import Transaction

_ROWS = 200
_COUNTED = 20_000
_LOOKED_FOR = 100


def quotes_step(tx: Transaction, after: int, traces: Traces) -> int | None:
    """Look through some messages and posts after `after` for traces; returns the last one looked
    at, None when there are no more."""
    rows = tx.execute(
        "SELECT seq, text, post FROM messages WHERE seq > ? ORDER BY seq LIMIT ?", (after, _ROWS)
    ).fetchall()
    hints = traces.hints()
    for seq, text, row in rows:
        places = (text, unmarked(text), row or "")
        if not any(hint in place for hint in hints for place in places):
            continue
        if row is None:
            if traces.in_text(text):
                _forget_message(tx, seq)
            continue
        post = codec.post.validate_json(row)
        asks = post.kind is PostKind.CONFLICT and traces.in_line(text)
        if asks or traces.in_text(text):
            _forget_post(tx, post)
        elif any(map(traces.in_line, (*post.receipt, *post.drift))):
            kept = replace(
                post, receipt=_without(traces, post.receipt), drift=_without(traces, post.drift)
            )
            outbox.show_again(tx, replace(kept, text=text))
    return rows[-1][0] if rows else None


def _without(traces: Traces, lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(FORGOTTEN if traces.in_line(line) else line for line in lines)


def person_step(tx: Transaction, after: int, person: str, upto: int) -> int | None:
    """Forget some messages of a person, up to `upto`, with what was posted in answer to them and
    of the jobs they asked for; returns and ends as `quotes_step`."""
    rows = tx.execute(
        "SELECT seq, author_id, post FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, _ROWS),
    ).fetchall()
    for seq, author, row in rows:
        if row is None:
            if author == person and seq <= upto:
                _forget_message(tx, seq)
        elif _answers(tx, row, person, upto):
            _forget_post(tx, codec.post.validate_json(row))
    return rows[-1][0] if rows else None


def files_of(tx: Transaction, person: str, upto: int) -> tuple[str, ...]:
    """The paths of files that came with a person's messages up to `upto`, but for those that
    somebody else has sent as well."""
    rows = tx.execute(
        "WITH sent (author, seq, place) AS (SELECT m.author_id, m.seq,"
        "  json_extract(f.value, '$.path') FROM messages AS m, json_each(m.files) AS f"
        "  WHERE m.files IS NOT NULL)"
        " SELECT DISTINCT place FROM sent WHERE author = ?1 AND seq <= ?2 AND place != ''"
        " AND place NOT IN (SELECT place FROM sent WHERE author != ?1) ORDER BY place",
        (person, upto),
    )
    return tuple(place for (place,) in rows)


def _answers(tx: Transaction, row: str, person: str, upto: int) -> bool:
    found = json.loads(row)
    return bool(
        tx.execute(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE id = ?1 AND author_id = ?2 AND seq <= ?3)"
            # Whoever searched, the answer may show what the person said.
            " OR EXISTS (SELECT 1 FROM messages WHERE id = ?1 AND text GLOB '/search*')"
            " OR EXISTS (SELECT 1 FROM jobs WHERE number = ?4 AND requester_id = ?2"
            "  AND base_message <= ?3)",
            (found["reply_to"], person, upto, found["job"]),
        ).fetchone()[0]
    )


def _forget_message(tx: Transaction, seq: int) -> None:
    tx.execute(
        "UPDATE messages SET text = ?1, files = NULL WHERE seq = ?2"
        " AND (text != ?1 OR files IS NOT NULL)",
        (FORGOTTEN, seq),
    )


def _forget_post(tx: Transaction, post: Post) -> None:
    outbox.show_again(tx, replace(post, text=FORGOTTEN, receipt=(), drift=(), buttons=(), files=()))


def count_quoting(tx: Transaction, traces: Traces, upto: int) -> str:
    """How many messages and posts quote a value, in words; of a long past only the newest are
    counted, and of very many keys only the first are looked for."""
    long = [text for text in traces.texts if len(text) >= LONG]
    keys = traces.keys[:_LOOKED_FOR]
    unmarked_too = "m.text || char(10) || replace(replace(m.text, '«', ''), '»', '')"
    named = f"EXISTS (SELECT 1 FROM json_each(:keys) AS k WHERE instr({unmarked_too}, k.value))"  # noqa: S608 - constants
    texts = f"json_each(CASE WHEN {named} THEN :texts ELSE :long END) AS t"
    holds = f"EXISTS (SELECT 1 FROM {texts} WHERE instr({unmarked_too}, t.value))"  # noqa: S608 - constants
    (found, seen, everything) = tx.execute(
        f"SELECT count(*) FILTER (WHERE {holds}), count(*),"  # noqa: S608 - constants
        " (SELECT count(*) FROM messages WHERE seq <= :upto)"
        " FROM (SELECT text FROM messages WHERE seq <= :upto ORDER BY seq DESC LIMIT :most) AS m",
        {
            "texts": json.dumps(traces.texts), "long": json.dumps(long), "keys": json.dumps(keys),
            "upto": upto, "most": _COUNTED,
        },
    ).fetchone()  # fmt: skip
    at_least = "at least " if seen < everything or len(keys) < len(traces.keys) else ""
    return f"{at_least}{found:,} message{'' if found == 1 else 's'}"


def jobs_step(
    tx: Transaction, after: int, channel: ChannelRef, told: Callable[[int, str], bool]
) -> int | None:
    """Look through some jobs after number `after`: what they were asked and how they ended goes if
    `told` (the job's number, all of the texts) says so; returns and ends as `quotes_step`."""
    rows = tx.execute(
        "SELECT number, title, brief, step, outcome FROM jobs WHERE number > ?"
        " ORDER BY number LIMIT ?",
        (after, _ROWS),
    ).fetchall()
    for number, title, brief, step, outcome in rows:
        if told(number, "\n".join((title, brief, step, _words(outcome)))):
            tx.execute(
                "UPDATE jobs SET title = ?1, brief = ?1, step = '', outcome = ?2,"
                " version = version + 1 WHERE number = ?3",
                (FORGOTTEN, _emptied(outcome), number),
            )
            row = jobs.read(tx, channel, number)
            if row is not None and row.state is not JobState.PROMISED:
                outbox.put(tx, card(row))
    return rows[-1][0] if rows else None


def _words(outcome: str | None) -> str:
    return "" if outcome is None else "\n".join(map(str, json.loads(outcome).values()))


def _emptied(outcome: str | None) -> str | None:
    if outcome is None:
        return None
    found: Outcome = codec.outcome.validate_json(outcome)
    match found:
        case Completed():
            found = Completed(result=FORGOTTEN)
        case Failed():
            found = replace(found, reason=FORGOTTEN, partial="")
        case Cancelled():
            pass
        case _ as unreachable:
            assert_never(unreachable)
    return codec.outcome.dump_json(found).decode()


def steering(tx: Transaction, told: Callable[[str, str], bool]) -> None:
    """Forget words to jobs; `told` is asked with the id of what they came with, and the text."""
    for seq, id, text in tx.execute("SELECT seq, id, text FROM steering").fetchall():
        if told(id, text):
            tx.execute("UPDATE steering SET text = ? WHERE seq = ?", (FORGOTTEN, seq))


def messages_of(tx: Transaction, person: str) -> frozenset[str]:
    """The ids of a person's messages."""
    rows = tx.execute("SELECT id FROM messages WHERE author_id = ?", (person,))
    return frozenset(id for (id,) in rows)


def people(tx: Transaction, name: str) -> dict[str, str]:
    """People who have said something here and are called so, or have this id: id -> name."""
    rows = tx.execute(
        "SELECT author_id, author FROM messages WHERE author_id != ''"
        " AND (author_id = ?1 OR author = ?1 COLLATE NOCASE) GROUP BY author_id",
        (name,),
    )
    return dict(rows.fetchall())


def all_step(tx: Transaction, upto: int) -> bool:
    """Remove some messages up to `upto`; False when there are no more."""
    gone = tx.execute(
        "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE seq <= ? LIMIT ?)",
        (upto, _ROWS),
    ).rowcount
    return gone > 0


def all_else(tx: Transaction) -> None:
    """Remove what else a channel's conversations left: ended jobs, words to them, what they may,
    settings."""
    tx.execute("DELETE FROM steering")
    tx.execute("DELETE FROM jobs WHERE state IN ('ended', 'promised')")
    tx.execute("DELETE FROM plans")
    tx.execute("DELETE FROM approvals")
    tx.execute("DELETE FROM settings")
    tx.execute("DELETE FROM turns WHERE state = 'ended'")
    tx.execute("DELETE FROM forgettings WHERE state IN ('asked', 'done')")
