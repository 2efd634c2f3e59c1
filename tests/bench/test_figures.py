import pytest

from bench.figures import Figure, table


def figure(**changes: float) -> Figure:
    return Figure(name="answer", unit="ms", values=(3.0, 1.0, 20.0), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("targets", "passed"),
    [
        ({}, None),
        ({"median_below": 3.1}, True),
        ({"median_below": 3.0}, False),
        ({"worst_below": 20.0}, False),
        ({"median_below": 3.1, "worst_below": 20.1}, True),
        ({"median_below": 3.1, "worst_below": 19.0}, False),
        ({"median_below": 2.0, "worst_below": 21.0}, False),
    ],
)
def test_a_figure_passes_when_all_its_targets_are_kept(
    targets: dict[str, float], passed: bool | None
) -> None:
    assert figure(**targets).passed is passed


def test_a_table_shows_what_was_missed_beside_its_target() -> None:
    lines = table([figure(median_below=2.0), figure()]).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        *("answer", "ms", "1.00", "3.00", "20.0", "3", "", "median < 2", "FAIL"),
    ]
    assert lines[3].split("|")[-2].strip() == ""
    assert len({len(line) for line in lines}) == 1
