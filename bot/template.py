"""The example configuration with a person's own values in it, its comments kept. Pure text."""

import re
from collections.abc import Collection, Mapping

Value = str | int | tuple[str, ...]

_HEADING = re.compile(r"(?:# )?(\[+)([a-z.]+)\]+")
_SETTING = re.compile(r"(?:# )?(\w+) = ")


def filled(
    example: str,
    values: Mapping[tuple[str, str], Value],
    *,
    switched_on: Collection[str] = (),
    switched_off: Collection[str] = (),
) -> str:
    """The example with sections switched on and off and settings, named (section, key), set.

    Raises KeyError for a section or setting that the example does not have.
    """
    section = ""
    lines, missing = [], {*values, *((name, "") for name in (*switched_on, *switched_off))}
    for line in example.splitlines():
        heading, setting = _HEADING.fullmatch(line), _SETTING.match(line)
        key = (section, setting[1]) if setting else (section, "")
        if heading:
            section = heading[2]
            missing.discard((section, ""))
            lines.append(_switched(line, section, switched_on, switched_off))
        elif setting and key in values:
            missing.discard(key)
            lines.append(f"{key[1]} = {literal(values[key])}")
        elif setting and section in switched_off:
            lines.append(f"# {line.removeprefix('# ')}")
        else:
            lines.append(line)
    if missing:
        raise KeyError(sorted(missing))
    return "\n".join(lines) + "\n"


def literal(value: Value) -> str:
    """A value as TOML writes it."""
    match value:
        case int():
            return str(value)
        case str():
            return f'"{"".join(map(_escaped, value))}"'
        case _:
            return f"[{', '.join(map(literal, value))}]"


def _switched(line: str, section: str, on: Collection[str], off: Collection[str]) -> str:
    if section in on:
        return line.removeprefix("# ")
    return f"# {line.removeprefix('# ')}" if section in off else line


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"
