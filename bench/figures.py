"""A measured figure: its values, what it has to keep to, and how it is shown. Measures nothing."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured several times, in `unit`.

    `median_below` and `worst_below` are the targets; a figure without any is for information.
    `ideal` is the same thing done by a bare loop that does only the unavoidable, measured in the
    same run. `note` says what a reader has to know of how it was measured.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    median_below: float | None = None
    worst_below: float | None = None
    ideal: tuple[float, ...] = ()
    note: str = ""

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def passed(self) -> bool | None:
        """Whether the targets are kept; None without one."""
        if self.median_below is None and self.worst_below is None:
            return None
        return (self.median_below is None or self.median < self.median_below) and (
            self.worst_below is None or max(self.values) < self.worst_below
        )

    @property
    def target(self) -> str:
        """The targets in words."""
        parts = [
            f"{what} < {limit:g}"
            for what, limit in (("median", self.median_below), ("worst", self.worst_below))
            if limit is not None
        ]
        return ", ".join(parts)

    def as_json(self) -> dict[str, object]:
        """The figure as JSON's own types; all values, in the order they were measured."""
        return {
            "name": self.name,
            "unit": self.unit,
            "min": min(self.values),
            "median": self.median,
            "max": max(self.values),
            "count": len(self.values),
            "target": self.target or None,
            "passed": self.passed,
            "ideal_median": statistics.median(self.ideal) if self.ideal else None,
            "ideal_max": max(self.ideal) if self.ideal else None,
            "note": self.note,
            "values": [round(value, 4) for value in self.values],
        }


_HEADER = ("figure", "unit", "min", "median", "max", "n", "ideal (max)", "target", "")
_VERDICT = {None: "", True: "pass", False: "FAIL"}


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, columns aligned, notes below."""
    rows = [_HEADER, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    rule = tuple("-" * width for width in widths)
    lines = [_line(row, widths) for row in (rows[0], rule, *rows[1:])]
    notes = [f"* {figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, "", *notes] if notes else lines)


def _row(figure: Figure) -> tuple[str, ...]:
    ideal = ""
    if figure.ideal:
        ideal = f"{_short(statistics.median(figure.ideal))} ({_short(max(figure.ideal))})"
    return (
        figure.name,
        figure.unit,
        *(_short(value) for value in (min(figure.values), figure.median, max(figure.values))),
        str(len(figure.values)),
        ideal,
        figure.target,
        _VERDICT[figure.passed],
    )


def _line(row: Iterable[str], widths: Iterable[int]) -> str:
    return (
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) + " |"
    )


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
