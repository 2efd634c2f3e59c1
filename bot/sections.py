"""Reads TOML tables into frozen dataclasses and collects all that is wrong. Knows no setting."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_origin, get_type_hints

from bot.checks import Check, Wrong, printable, shown

Section = TypeVar("Section")


class Sections:
    """The tables of one file. `errors` has a line for each thing that is wrong so far."""

    def __init__(self, tables: Mapping[str, object], kinds: Mapping[str, type], base: Path) -> None:
        """`kinds` names every section there is; relative paths start from `base`."""
        self.errors: list[str] = []
        self._tables = _flat(tables, kinds)
        self._kinds = kinds
        self._base = base
        for name, value in self._tables.items():
            if name not in kinds:
                self.errors.append(self._stray(name, value))

    def one(self, name: str, kind: type[Section]) -> Section | None:
        """Read `[name]`, or its defaults if it is not there; None if anything in it is wrong."""
        table = self._tables.get(name, {})
        if isinstance(table, dict):
            return self._read(kind, table, f"[{name}]")
        self.errors.append(f"[{name}]: must be one section, written [{name}]")
        return None

    def maybe(self, name: str, kind: type[Section]) -> Section | None:
        """Read `[name]`; None if it is not there, or if anything in it is wrong."""
        return self.one(name, kind) if name in self._tables else None

    def many(self, name: str, kind: type[Section]) -> tuple[Section | None, ...]:
        """Read every `[[name]]` in order; None stands for one with anything wrong."""
        tables = self._tables.get(name, [])
        if isinstance(tables, list) and all(isinstance(table, dict) for table in tables):
            return tuple(
                self._read(kind, table, numbered(name, at)) for at, table in enumerate(tables)
            )
        self.errors.append(f"[[{name}]]: each one is a section of its own, written [[{name}]]")
        return ()

    def some(self, name: str, kind: type[Section]) -> tuple[Section | None, ...]:
        """Read `[name]`, or every `[[name]]`; none if there is neither."""
        if isinstance(self._tables.get(name), dict):
            return (self.one(name, kind),)
        return self.many(name, kind)

    def _read(self, kind: type[Section], table: dict[str, object], place: str) -> Section | None:
        known = settings(kind)
        before = len(self.errors)
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                self.errors.append(f"{place} {printable(key)}: {self._unknown(key, kind, known)}")
                continue
            try:
                values[key] = known[key](value, self._base)
            except Wrong as wrong:
                self.errors.append(f"{place} {key}: {wrong}")
        for field in needed(kind):
            if field.name not in table:
                self.errors.append(f"{place} {field.name}: must be set")
        return kind(**values) if len(self.errors) == before else None

    def _unknown(self, key: str, kind: type, known: Iterable[str]) -> str:
        homes = [
            n for n, other in self._kinds.items() if other is not kind and key in settings(other)
        ]
        if homes:
            return f"there is no such setting here; it belongs to section {homes[0]}"
        return f"there is no such setting{_nearest(key, known)}"

    def _stray(self, name: str, value: object) -> str:
        if isinstance(value, dict | list):
            return f"[{printable(name)}]: there is no such section{_nearest(name, self._kinds)}"
        key = name.rpartition(".")[2]
        homes = [section for section, kind in self._kinds.items() if key in settings(kind)]
        hint = f"; it belongs to section {homes[0]}" if homes else ""
        return f"{printable(name)}: stands outside of any section{hint}, got {shown(value)}"


def _flat(tables: Mapping[str, object], kinds: Iterable[str]) -> dict[str, object]:
    """Sections inside of others under their whole names, as `[outer.inner]` writes them."""
    outer = {name.partition(".")[0] for name in kinds if "." in name}
    flat: dict[str, object] = {}
    for name, value in tables.items():
        if name in outer and isinstance(value, dict):
            flat |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            flat[name] = value
    return flat


def settings(kind: type) -> dict[str, Check]:
    """The settings of a section: each field that is annotated with its check."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: hint.__metadata__[0] for name, hint in hints.items() if get_origin(hint) is Annotated
    }


def needed(kind: Any) -> list[Field[Any]]:
    """The settings of a section that have no default."""
    return [f for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]


def numbered(name: str, at: int) -> str:
    """Name one of several sections, as people count."""
    return f"[[{name}]] no. {at + 1},"


def _nearest(word: str, words: Iterable[str]) -> str:
    near = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
