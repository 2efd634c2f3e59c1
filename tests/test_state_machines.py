"""docs/state-machines.md and the code say the same: states, who makes each step, commit points."""

import ast
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.commit_points import CommitPoint
from core.jobs.job import JobState

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/state-machines.md").read_text("utf-8")
SCHEMA = ROOT / "core/state/schema"
ROW = re.compile(r"^\| (\S+) \| (\S+) \| `(\S+)` \| (\w+) \|(.*)\|$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Its section, the tables whose rows are its state, and the column that is (None: rows are).
    `parts` are private functions which make a step for those that call them."""

    name: str
    tables: tuple[str, ...]
    column: str | None = None
    parts: frozenset[str] = frozenset()


MACHINES = [
    Machine(name="Message", tables=("inbox",), column="done|payload"),
    Machine(name="Turn", tables=("turns", "turn_steps"), column="state"),
    Machine(name="Job", tables=("jobs",), column="state"),
    Machine(name="Attempt", tables=("ending", "steps"), parts=frozenset({"_tell"})),
    Machine(name="Reservation", tables=("reservations",)),
    Machine(name="Outgoing post", tables=("outbox",), column="state"),
]
each = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def section(machine: Machine) -> str:
    return TEXT.split(f"## {machine.name}\n")[1].split("\n## ")[0]


def rows(machine: Machine) -> list[tuple[str, ...]]:
    return ROW.findall(section(machine))


def writes(machine: Machine) -> re.Pattern[str]:
    """SQL that makes a step of the machine."""
    tables = "|".join(machine.tables)
    column = rf"SET (?:(?!WHERE).)*\b(?:{machine.column})\b" if machine.column else "SET"
    return re.compile(
        rf"INSERT (?:OR \w+ )?INTO (?:{tables})\b|UPDATE (?:{tables}) {column}"
        rf"|DELETE FROM (?:{tables})\b",
        re.DOTALL,
    )


def making(machine: Machine) -> Iterator[tuple[str, str]]:
    """File and function of all code whose SQL makes a step, by itself or by a constant."""
    wanted = writes(machine)
    for path in sorted((ROOT / "core").rglob("*.py")):
        source = path.read_text("utf-8")
        if not wanted.search(source):
            continue
        tree = ast.parse(source)
        named = machine.parts | _constants(tree, wanted)
        for node in _functions(tree):
            if node.name not in machine.parts and _says(node, wanted, named):
                yield str(path.relative_to(ROOT)), node.name


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for top in tree.body:
        for node in top.body if isinstance(top, ast.ClassDef) else [top]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def _constants(tree: ast.Module, wanted: re.Pattern[str]) -> set[str]:
    """Names of the module that stand for such SQL."""
    named: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and _says(node, wanted, named):
            named |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return named


def _says(node: ast.AST, wanted: re.Pattern[str], named: AbstractSet[str]) -> bool:
    return any(
        (
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and wanted.search(part.value)
        )
        or (isinstance(part, ast.Name) and part.id in named)
        for part in ast.walk(node)
    )


@each
def test_each_step_is_made_where_the_document_says_and_nowhere_else(machine: Machine) -> None:
    assert {(file, function) for _, _, file, function, _ in rows(machine)} == set(making(machine))


def states(machine: Machine) -> set[str]:
    """The states that the code knows."""
    if machine.name == "Job":
        return {state.value for state in JobState}
    comment = rf"^CREATE TABLE {machine.tables[0]} \((?:(?!^\)).)*?-- states: ([\w, ]+)"
    text = "".join(path.read_text("utf-8") for path in SCHEMA.glob("*.sql"))
    found = re.search(comment, text, re.MULTILINE | re.DOTALL)
    assert found, machine
    return set(found[1].strip().split(", "))


@each
def test_the_states_are_those_of_the_code(machine: Machine) -> None:
    named = {state for row in rows(machine) for state in row[:2]}
    assert named - {"-", "any"} == states(machine)


@each
def test_the_drawing_has_the_states_and_functions_of_the_table(machine: Machine) -> None:
    drawn = re.findall(r"^    (\S+) --> (\S+):", section(machine), re.MULTILINE)
    assert {state for step in drawn for state in step} - {"[*]"} == states(machine)
    named = {
        (one.replace("-", "[*]"), other.replace("-", "[*]")) for one, other, *_ in rows(machine)
    }
    assert {step for step in named if "any" not in step} <= set(drawn)


def test_every_commit_point_is_named_at_a_step_and_none_that_is_not_there() -> None:
    named = {
        point
        for machine in MACHINES
        for row in rows(machine)
        for point in re.findall(r"`([a-z_.]+)`", row[4])
    }
    assert named | {"inbox.before", "turn.before_commit"} == {point.value for point in CommitPoint}
    words = set(re.findall(r"`([a-z]+\.[a-z_]+)`", TEXT))
    assert words - {"control.db"} == {point.value for point in CommitPoint}


def test_every_commit_point_is_reached_somewhere() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "core").rglob("*.py"))
    reached = set(re.findall(r"reached\(CommitPoint\.(\w+)\)", sources))
    assert reached == {point.name for point in CommitPoint}
