"""What an applied write makes of a key: its body, and lines and stamps that come and go. Pure;
whether it is applied is decided by merge."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.state.operations import Kind, Op
from core.state.standing import NO_STAMPS, Facts, Stamp, Stamps
from core.state.values import plus
from core.state.write import WHOLE, Write


@dataclass(slots=True)
class Made:
    """What a key becomes: the body, and rows that come and go as in Step."""

    body: str | None = None
    adds: tuple[int, ...] = ()
    drops: tuple[tuple[str, int], ...] = ()
    above: bool = False


def made(facts: Facts, write: Write, fresh: bool) -> Made:
    """Apply a write on what stands, or on nothing (`fresh`)."""
    if write.kind in WHOLE:
        return Made(write.items[-1].text)
    start = None if fresh else facts.standing.body
    match write.kind:
        case None:
            return Made()
        case Kind.COUNTER:
            total = start or "0"
            for item in write.items:
                total = plus(total, item.text or "0")
            return Made(total)
        case Kind.LOG:
            ids = tuple(item.id for item in write.items)
            above = not fresh and facts.last_line is not None and facts.last_line > write.order
            return Made(str(int(start or 0) + len(ids)), ids, above=above)
        case Kind.SET:
            return _stamped(write, int(start or 0), NO_STAMPS if fresh else facts.stamps)
        case _:
            raise AssertionError(f"a {write.kind} is not made here")


def _stamped(write: Write, count: int, stamps: Stamps) -> Made:
    """Include leaves a stamp, exclude ends those that its author saw or made."""
    alive = {element: dict.fromkeys(stamps.get(element, ())) for element in elements(write)}
    made: dict[int, None] = {}
    drops: list[tuple[str, int]] = []
    for item in write.items:
        element = item.text or ""
        if item.op == Op.INCLUDE:
            alive[element][Stamp(item.id, write.commit)] = None
            made[item.id] = None
            continue
        for stamp in list(alive[element]):
            if stamp.operation in made:
                del made[stamp.operation]
            elif stamp.commit <= write.base:
                drops.append((element, stamp.operation))
            else:
                continue
            del alive[element][stamp]
    was = sum(1 for element in alive if stamps.get(element))
    count += sum(1 for left in alive.values() if left) - was
    return Made(str(count), tuple(made), tuple(drops))


def elements(write: Write) -> Iterable[str]:
    """The elements of a set that a write names, each once."""
    return dict.fromkeys(item.text or "" for item in write.items)
