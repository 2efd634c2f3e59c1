"""What must hold of a stopped bot after any number of kills, found from outside: its files, what
the page saw and what the model server was asked. Each check returns the breaches in words."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from tests.harness import files
from tests.harness.errands import JOB_CALLS, TURN_CALLS, Errands, jobs_of, product
from tests.harness.page import Page

NANOS_A_TOKEN = 1000
"""What each token costs, asked or answered, in nanodollars."""


def breaches(
    data: Path, page: Page, errands: Errands, sent: Collection[int], kills: int, last: str
) -> str:
    """All that is broken after the errands of those numbers, with so many kills meanwhile; "" if
    nothing is. The bot must have been stopped, the page have seen all results. `last` is the post
    that came last: the bot may have been stopped before it noted that.
    """
    path = files.channel_file(data)
    found = [
        *of_channel(path, sent),
        *_outbox(path, last),
        *_page(path, page),
        *of_all(data, errands, sent, kills),
    ]
    return "\n".join(found)


def of_channel(path: Path, sent: Collection[int]) -> Iterable[str]:
    """What is broken in a channel's file after the errands of those numbers in that channel."""
    yield from _answers(path)
    yield from _jobs(path, sent)
    yield from _state(path, sent)


def of_all(data: Path, errands: Errands, sent: Collection[int], kills: int) -> Iterable[str]:
    """What is broken in the files as such, in what the model was asked, and in what was charged
    for it, after the errands of those numbers in whatever channels."""
    yield from files.damaged(data)
    yield from _calls(errands, sent, kills)
    numbers: dict[str, str] = {}
    for path in files.channel_files(data):
        numbers |= _job_numbers(path)
    yield from _accounts(files.control_file(data), errands, sent, numbers)
    yield from (f"bought again: {call}" for call in errands.bought_again)
    yield from (f"a tool failed: {text}" for text in errands.strange)


def _job_numbers(path: Path) -> dict[str, str]:
    """The id of each job, by what it was to do."""
    return {brief[3:-1]: id_ for brief, id_ in files.rows(path, "SELECT brief, id FROM jobs")}


def _answers(path: Path) -> Iterable[str]:
    """Every event is answered, every message by exactly one post."""
    open_ = files.rows(path, "SELECT id FROM inbox WHERE done = 0")
    yield from (f"never answered: {id_}" for (id_,) in open_)
    posts = (post for post in files.posts(path) if post["kind"] != "result")
    answered = Counter(post["reply_to"] for post in posts if post["reply_to"])
    for (id_,) in files.rows(path, "SELECT id FROM messages WHERE post IS NULL"):
        if answered[id_] != 1:
            yield f"message {id_} has {answered[id_]} answers"
    running = files.rows(path, "SELECT id FROM turns WHERE state != 'ended'")
    yield from (f"turn never ended: {id_}" for (id_,) in running)


def _jobs(path: Path, sent: Collection[int]) -> Iterable[str]:
    """Each errand has its two jobs, each with one outcome, one result and one commit."""
    jobs = files.rows(path, "SELECT number, id, brief, state, attempt, outcome FROM jobs")
    briefs = sorted(brief[3:-1] for _, _, brief, *_ in jobs)
    wanted = sorted(work for number in sent for work in jobs_of(number))
    if briefs != wanted:
        yield f"jobs {briefs}, wanted {wanted}"
    results = Counter(post["job"] for post in files.posts(path) if post["kind"] == "result")
    merged = Counter(source for (source,) in files.rows(path, "SELECT source FROM commits"))
    for number, id_, brief, state, attempt, outcome in jobs:
        if state != "ended" or "result" not in json.loads(outcome or "{}"):
            yield f"job {number} ({brief}) is {state} after attempt {attempt}: {outcome}"
        if results[number] != 1:
            yield f"job {number} has {results[number]} results"
        if merged[f"job:{id_}"] != 1:
            yield f"job {number} was merged {merged[f'job:{id_}']} times"


def _outbox(path: Path, last: str) -> Iterable[str]:
    query = "SELECT id, state, error FROM outbox WHERE state != 'sent' AND id != ?"
    waiting = files.rows(path, query, last)
    yield from (f"in the outbox: {row}" for row in waiting)


def _state(path: Path, sent: Collection[int]) -> Iterable[str]:
    """What the jobs and turns wanted is in the state, once each."""
    works = [work for number in sent for work in jobs_of(number)]
    counters = {"errands": len(sent), "jobs": len(works)}
    for key, wanted in counters.items():
        if (counted := files.counter(path, key)) != wanted:
            yield f"counter {key} is {counted}, wanted {wanted}"
    if sorted(lines := files.log_lines(path, "done")) != sorted(works):
        yield f"the log has {lines}"
    products = sorted(product(work) for work in works)
    if (there := files.workspace_files(path)) != products:
        yield f"the files are {there}, wanted {products}"
    conflicts = files.rows(path, "SELECT * FROM conflicts")
    yield from (f"conflict {row}" for row in conflicts)


def _page(path: Path, page: Page) -> Iterable[str]:
    """The page shows what the file has, each line once, and no result twice."""
    kept: dict[str, int] = dict(files.rows(path, "SELECT id, seq FROM messages"))
    shown = {line.id: line.seq for line in page.lines.values()}
    if shown != kept:
        yield f"page and file differ in {sorted(set(kept.items()) ^ set(shown.items()))}"
    ended = {card.job for card in page.cards.values() if card.state == "completed"}
    jobs = {number for (number,) in files.rows(path, "SELECT number FROM jobs")}
    if ended != jobs:
        yield f"cards of {sorted(jobs - ended)} are not completed: {page.summary()}"


def _calls(errands: Errands, sent: Collection[int], kills: int) -> Iterable[str]:
    """Nothing paid for is bought again, but the one call in flight at each kill."""
    for number in sent:
        for work, calls in _expected(number):
            made = {call.stage for call in errands.calls if call.work == work}
            # A command that a kill cut off is asked for once more; that is a call of its own.
            most = calls + kills
            if made != set(range(len(made))) or not calls <= len(made) <= most:
                yield f"{work} made the calls {sorted(made)} of {calls} to {most}"
            if (repeated := errands.repeated(work)) + len(made) - calls > kills:
                yield f"{work} repeated {repeated} of {len(made)} calls with {kills} kills"
    if strangers := {call.work for call in errands.calls} - {
        work for number in sent for work, _ in _expected(number)
    }:
        yield f"calls for {strangers}"


def _expected(number: int) -> list[tuple[str, int]]:
    turn = (f"errand-{number}", TURN_CALLS)
    return [turn, *((work, JOB_CALLS) for work in jobs_of(number))]


def _accounts(
    path: Path, errands: Errands, sent: Collection[int], ids: dict[str, str]
) -> Iterable[str]:
    """Nothing is reserved any more, everything the server worked for is charged, and the three
    books (pots, money, usage by day) say the same."""
    reserved = files.rows(path, "SELECT id, tokens, held FROM reservations")
    yield from (f"still reserved: {row}" for row in reserved)
    standing = files.rows(
        path,
        "SELECT level, name, reserved_tokens, reserved_nanos FROM spent"
        " WHERE reserved_tokens != 0 OR reserved_nanos != 0",
    )
    yield from (f"still reserved: {row}" for row in standing)
    odd = files.rows(path, f"SELECT * FROM spent WHERE nanos != {NANOS_A_TOKEN} * tokens")
    yield from (f"tokens and money disagree: {row}" for row in odd)
    works: dict[str, int] = dict(
        files.rows(path, "SELECT name, tokens FROM spent WHERE level = 'work'")
    )
    for number in sent:
        for work in jobs_of(number):
            charged = sum(used for name, used in works.items() if ids.get(work, "?") in name)
            if charged < errands.spent(work):
                yield f"{work} is charged {charged} for {errands.spent(work)}"
    total = sum(call.tokens for call in errands.calls)
    months = files.rows(path, "SELECT sum(tokens) FROM spent WHERE level = 'all'")
    if (charged := months[0][0] or 0) < total:
        yield f"charged {charged} in all, the server worked for {total}"
    days = files.rows(path, "SELECT sum(tokens), sum(nanos) FROM usage")
    if days[0] != (charged or None, NANOS_A_TOKEN * charged or None):
        yield f"charged {charged} in all, by days {days[0]}"
