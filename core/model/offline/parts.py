"""How a request falls into parts, and each part into steps. Pure; knows no actions."""

import re
from collections.abc import Sequence

from core.model.offline.grammar import (
    LATER,
    at_once,
    clear,
    parse,
    starts_request,
    steps,
    takes_text,
)
from core.model.offline.intents import Wait
from core.model.offline.launch_request import is_launch
from core.model.offline.manner import Way, plain, ways_in
from core.model.offline.spans import apart, cut, lines, listed

_ENUMERATION = re.compile(r",\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)


def groups(words: str, ways: set[Way]) -> tuple[list[list[str]], bool]:
    """The parts of a request, each of its steps in order, and whether it was written as a list."""
    rows, several = _rows(words, ways)
    found = _lined_up(rows, several=several) if len(rows) > 1 else _sentence(rows[0], ways)
    found = [part for group in found for part in _launch_apart(group)]
    if Way.JOBS in ways:
        ways.discard(Way.ONE)
    if not ways.isdisjoint({Way.ONE, Way.ORDER}) and not any(map(is_launch, rows)):
        found = [[step for group in found for step in group]]
    return found, several


def as_many(
    parts: list[list[str]], words: str, count: int | None, *, alike: bool
) -> list[list[str]]:
    """As many parts as the request says it has, where its words allow for that.

    `alike`: one part may stand for all, "start three jobs that wait 5 seconds".
    """
    if count is None or len(parts) == count or takes_text(words):
        return parts
    listed = cut(words, _ENUMERATION)
    if len(listed) == count:
        return [[part] for part in listed]
    return parts * count if alike and len(parts) == 1 else parts


def _rows(words: str, ways: set[Way]) -> tuple[list[str], bool]:
    """The items of a list, the lines, or what stands between semicolons; at least one."""
    head, found = listed(words)
    rows = lines(words)
    if takes_text(words) or is_launch(words):
        return [words], False
    if found:
        ways |= ways_in(head)
        return found, len(found) > 1
    if len(rows) > 1 and all(starts_request(row) for row in rows):
        return rows, True
    found = []
    for row in apart(words):
        begins = starts_request(row) or LATER.match(row) or clear(row)
        if found and not begins and clear(found[-1]):
            # Of a command or a text: "run sleep 5; echo done".
            found[-1] = f"{found[-1]}; {row}"
        else:
            found.append(row)
    return found or [words], False


def _lined_up(rows: Sequence[str], *, several: bool) -> list[list[str]]:
    """Each row as one part; a row that begins with "then" goes on with the part before it."""
    found: list[list[str]] = []
    in_order = False
    for row in rows:
        whole = [row] if is_launch(row) else _steps(plain(row))
        in_order = LATER.match(row) is not None or (in_order and several)
        if found and in_order:
            found[-1].extend(whole)
        else:
            found.append(whole)
    return found


def _sentence(words: str, ways: set[Way]) -> list[list[str]]:
    """One sentence: with a "then" it is one thing, without it each request in it is one."""
    if is_launch(words):
        return [[words]]
    found = _steps(words)
    if len(found) > 1 and len(steps(words)) > 1:
        return [found]
    # Nobody waits for nothing: "wait 5 s and run `a`" means the one after the other.
    waits = [isinstance(parse(part), Wait) for part in found]
    first = waits[:1] == [True] and not any(waits[1:])
    if first and ways.isdisjoint({Way.APART, Way.JOBS}):
        return [found]
    return [[part] for part in found]


def _steps(words: str) -> list[str]:
    return [part for step in steps(words) for part in at_once(step)]


def _launch_apart(group: list[str]) -> list[list[str]]:
    """A launch is several jobs, which no other job can hold."""
    if len(group) > 1 and any(map(is_launch, group)):
        return [[step] for step in group]
    return [group]
