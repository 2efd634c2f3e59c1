"""Open conflicts as questions to people: all versions, what each would change, and the choices.
Reads only."""

from core.messages import Button
from core.messages.views import CandidateLine, ConflictLine, Conflicts
from core.state import receipts
from core.state.conflicts import OpenConflict, Place, count_open, open_conflicts
from core.state.database import Transaction
from core.state.facts import head, read_lost, standing_at
from core.state.history import commit_info
from core.state.operations import Kind
from core.state.preview import both_can_stand, preview
from core.state.write import Write

MOST_CONFLICTS = 100
"""So many are listed at once, the oldest: one merge can leave ten thousand."""
MOST_DIFFERENCES = 30
"""Of so many conflicts the differences are shown; looking at a text takes some milliseconds."""
MOST_PLACES = 20
"""Of a conflict of many keys so many are named."""


def conflicts_view(tx: Transaction) -> Conflicts:
    """The open conflicts, oldest first, at most MOST_CONFLICTS."""
    found = open_conflicts(tx, MOST_CONFLICTS)
    lines = (
        conflict_line(tx, one, detailed=place < MOST_DIFFERENCES) for place, one in enumerate(found)
    )
    return Conflicts(lines=tuple(lines), more=count_open(tx) - len(found))


def conflict_line(tx: Transaction, found: OpenConflict, *, detailed: bool = True) -> ConflictLine:
    """One conflict with its candidates, 0 being what stands, and a button for each. `detailed`:
    with what each would change, and with both sides of a text as a choice."""
    candidates = (
        _now(tx, found),
        *(
            _candidate(tx, found, number, commit, detailed)
            for number, commit in enumerate(found.candidates, 1)
        ),
    )
    return ConflictLine(
        number=found.number,
        revision=found.revision,
        key=", ".join(_few([place.key for place in found.places])),
        candidates=candidates,
        buttons=_buttons(tx, found, candidates, detailed=detailed),
    )


def _now(tx: Transaction, found: OpenConflict) -> CandidateLine:
    places = found.places[:MOST_PLACES]
    standings = [standing_at(tx, place.entry, head(tx)) for place in places]
    values = [
        _named(found, place, receipts.shown(standing))
        for place, standing in zip(places, standings, strict=True)
    ]
    info = commit_info(tx, max(standing.changed for standing in standings))
    return CandidateLine(
        number=0,
        label="now",
        value="; ".join(_few(values, len(found.places))),
        author=str(info.author) if info else "",
        base=info.base if info else 0,
        about=info.about if info else "",
    )


def _candidate(
    tx: Transaction, found: OpenConflict, number: int, commit: int, detailed: bool
) -> CandidateLine:
    info = commit_info(tx, commit)
    assert info is not None
    waiting = [place for place in found.places if commit in place.candidates]
    writes = [(place, read_lost(tx, place.entry, commit)) for place in waiting[:MOST_PLACES]]
    values = [_named(found, place, _wanted(write)) for place, write in writes]
    label = f"job {info.author.job}" if info.author.job else str(info.author)
    if info.undoes is not None:
        label = f"undo of commit {info.undoes}"
    return CandidateLine(
        number=number,
        label=label,
        value="; ".join(_few(values, len(waiting))),
        author=str(info.author),
        base=writes[0][1].base,
        about=info.about,
        diff=tuple(
            line for place, write in writes if detailed for line in preview(tx, place, write)
        ),
    )


def _few(words: list[str], count: int | None = None) -> list[str]:
    """At most MOST_PLACES of so many words as there are, or `count`, and how many more."""
    count = len(words) if count is None else count
    left = [f"and {count - MOST_PLACES:,} keys more"] if count > MOST_PLACES else []
    return words[:MOST_PLACES] + left


def _wanted(write: Write) -> str:
    return "deleted" if write.kind is None else receipts.wish(write)


def _named(found: OpenConflict, place: Place, words: str) -> str:
    return words if len(found.places) == 1 else f"{place.key} = {words}"


def _buttons(
    tx: Transaction,
    found: OpenConflict,
    candidates: tuple[CandidateLine, ...],
    *,
    detailed: bool,
) -> tuple[Button, ...]:
    at, by_size = f"{found.number}.{found.revision}", _told_by_size(tx, found)
    buttons = [
        Button(action=f"pick.{at}.{one.number}", label=_choice(one, by_size=by_size))
        for one in candidates
    ]
    if detailed and len(found.places) == 1:
        buttons += [
            Button(action=f"both.{at}.{one.number}", label=f"Both, now and {one.label}")
            for one, commit in zip(candidates[1:], found.candidates, strict=True)
            if both_can_stand(tx, found.places[0], commit)
        ]
    if _can_be_typed(tx, found):
        asks = f"What should {found.key} be?"
        buttons.append(Button(action=f"edit.{at}", label="Something else", asks=asks))
    return tuple(buttons)


def _choice(one: CandidateLine, *, by_size: bool) -> str:
    """What a button does. Sizes alone do not tell one version from the other."""
    if one.value in ("absent", "deleted"):
        return f"Delete it ({one.label})" if one.number else "Keep nothing there"
    if by_size:
        whose = f"Take the version of {one.label}" if one.number else "Keep the present version"
        return f"{whose} ({one.value})"
    return f"Take {one.value} ({one.label})" if one.number else f"Keep {one.value}"


def _told_by_size(tx: Transaction, found: OpenConflict) -> bool:
    if len(found.places) > 1:
        return False
    return found.space == "file" or standing_at(tx, found.entry, head(tx)).kind is Kind.TEXT


def _can_be_typed(tx: Transaction, found: OpenConflict) -> bool:
    if len(found.places) > 1 or found.space == "file":
        return False
    return standing_at(tx, found.entry, head(tx)).kind is not Kind.LOG
