"""Checks of one setting's value: what it must be, in words. Knows no particular setting."""

import os
import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from struct import iter_unpack
from urllib.parse import urlsplit

from bot.patterns import overlap

Check = Callable[[object, Path], object]
"""Takes what the file says and the folder that relative paths start from.

Returns the value to use, or raises Wrong.
"""

ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
LONGEST_SHOWN = 60
# They build letters and emoji of several parts, and move nothing.
_JOINERS = "\u200c\u200d"


class Wrong(Exception):
    """A value that cannot be used. The text goes on from "[section] key: "."""


def shown(value: object) -> str:
    """Write a value as the file would, short, and safe to print on a terminal."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            cut = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
            return f'"{printable(cut)}"'
        case int() if value.bit_length() > 64:
            return "a far larger number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)


def printable(text: str) -> str:
    """Replace what a terminal would act on instead of showing. No JSON string is changed by it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    units = iter_unpack(">H", char.encode("utf-16-be", "surrogatepass"))
    return "".join(f"\\u{unit:04x}" for (unit,) in units)


def whole(low: int, high: int) -> Check:
    """A whole number within bounds, both included."""

    def check(value: object, _base: Path) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise Wrong(f"must be a whole number from {low} to {high}, got {shown(value)}")

    return check


def seconds(low: float, high: float) -> Check:
    """A time in seconds, whole or not, within bounds."""

    def check(value: object, _base: Path) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise Wrong(f"must be a number of seconds from {low:g} to {high:g}, got {shown(value)}")

    return check


def number(low: float, high: float) -> Check:
    """A number within bounds, whole or not."""

    def check(value: object, _base: Path) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise Wrong(f"must be a number from {low:g} to {high:g}, got {shown(value)}")

    return check


def choice(*options: str) -> Check:
    """One of a few words."""

    def check(value: object, _base: Path) -> str:
        if isinstance(value, str) and value in options:
            return value
        listed = ", ".join(f'"{option}"' for option in options)
        raise Wrong(f"must be one of {listed}, got {shown(value)}")

    return check


def line(longest: int) -> Check:
    """Text on one line, not blank."""

    def check(value: object, _base: Path) -> str:
        if not isinstance(value, str):
            raise Wrong(f"must be text in quotes, got {shown(value)}")
        if not value.strip() or len(value) > longest or not value.isprintable():
            raise Wrong(f"must be one line of 1 to {longest} characters, got {shown(value)}")
        return value.strip()

    return check


def short_name(value: object, _base: Path) -> str:
    """A name that can stand in a path, a command and a prompt."""
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    raise Wrong(
        "must be 1 to 40 of the characters a-z, 0-9, - and _, beginning with a letter or digit, "
        f"got {shown(value)}"
    )


def image_name(value: object, _base: Path) -> str:
    """The name of a container's image."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}", value):
        return value
    raise Wrong(f'must be the name of an image such as "python:3.12-slim", got {shown(value)}')


def environment_name(value: object, _base: Path) -> str:
    """The name of an environment variable. The value is never repeated: it may be the secret."""
    if isinstance(value, str) and ENVIRONMENT_NAME.fullmatch(value):
        return value
    raise Wrong(
        "must be the name of an environment variable (letters, digits and _), not the secret; "
        "put the secret into the environment under that name"
    )


def web_address(value: object, _base: Path) -> str:
    """An http(s) address; comes back without a slash at its end."""
    return _address(value, ("http", "https"), "https://host/v1").rstrip("/")


def web_root(value: object, _base: Path) -> str:
    """An http(s) address; comes back with a slash at its end."""
    return _address(value, ("http", "https"), "https://host/api/").rstrip("/") + "/"


def socket_address(value: object, _base: Path) -> str:
    """A ws(s) address."""
    return _address(value, ("ws", "wss"), "wss://host/gateway")


def _address(value: object, schemes: tuple[str, ...], example: str) -> str:
    if not isinstance(value, str):
        raise Wrong(f"must be an address such as {example}, got {shown(value)}")
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError as error:
        raise Wrong(f"must be an address such as {example}, got {shown(value)}") from error
    if parts.username is not None or parts.password is not None:
        raise Wrong("must not hold a user name or password; put the key into the environment")
    if not usable or not value.isprintable() or " " in value:
        raise Wrong(f"must be an address such as {example}, got {shown(value)}")
    if parts.query or parts.fragment:
        raise Wrong(f"must end with its path, without ? or #, got {shown(value)}")
    return value


def web_path(value: object, _base: Path) -> str:
    """The path of a web address."""
    if isinstance(value, str) and re.fullmatch(r"/[A-Za-z0-9._~/-]*", value):
        return value
    raise Wrong(f"must be a path such as /slack/events, got {shown(value)}")


def host(value: object, _base: Path) -> str:
    """An address or a name of this machine to listen on."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", value):
        return value
    raise Wrong(f"must be an address of this machine, such as 127.0.0.1, got {shown(value)}")


def loopback(value: object, _base: Path) -> str:
    """A host that only this machine reaches."""
    try:
        local = value == "localhost" or (isinstance(value, str) and ip_address(value).is_loopback)
    except ValueError:
        local = False
    if isinstance(value, str) and local:
        return value
    raise Wrong(
        "must be an address that only this machine reaches, such as 127.0.0.1 "
        f"(the page has no sign-in: whoever reaches it can use the bot), got {shown(value)}"
    )


def folder(value: object, base: Path) -> Path:
    """A folder to write to, which need not be there yet; comes back absolute."""
    path = _absolute(value, base)
    nearest = next(p for p in (path, *path.parents) if os.path.lexists(p))
    if not os.path.isdir(nearest):  # noqa: PTH112 - unlike Path.is_dir it never raises
        raise Wrong(f"must be a folder, but {printable(str(nearest))} is none")
    return path


def readable_folder(value: object, base: Path) -> Path:
    """A folder that is there and can be read; comes back absolute."""
    path = _absolute(value, base)
    try:
        os.scandir(path).close()
    except OSError as error:
        problem = f"{printable(str(path))}: {error.strerror}"
        raise Wrong(f"must be a folder that can be read ({problem})") from error
    return path


def _absolute(value: object, base: Path) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise Wrong(f"must be the path of a folder, got {shown(value)}")
    try:
        return Path(os.path.abspath(base / Path(value).expanduser()))  # noqa: PTH100 - no links followed
    except RuntimeError as error:
        raise Wrong(f"has no known home folder for ~, got {shown(value)}") from error


def pattern(value: object, _base: Path) -> str:
    """A pattern for keys: * stands for any text, ? for one character."""
    if not isinstance(value, str) or not value or len(value) > 200:
        raise Wrong(
            f'must be a pattern of 1 to 200 characters such as "deploy.*", got {shown(value)}'
        )
    if not value.isprintable() or value != value.strip():
        raise Wrong(f"must have no control characters and no blanks around it, got {shown(value)}")
    if set(value) & set("[]{}"):
        raise Wrong(
            f"may use * (any text) and ? (one character) but no brackets, got {shown(value)}"
        )
    return value


def channel_patterns(value: object, base: Path) -> tuple[str, ...]:
    """Patterns of channels, which are written platform/workspace/channel; at least one."""
    if not isinstance(value, list):
        raise Wrong(f'must be a list of channel patterns such as ["slack/*"], got {shown(value)}')
    if not value:
        raise Wrong('must name one channel at least, such as ["slack/*"]; leave it out for all')
    patterns = tuple(pattern(item, base) for item in value)
    for item in patterns:
        if not overlap(item, "?*/?*/?*"):
            raise Wrong(
                f"names no channel with {shown(item)}: "
                "channels are written platform/workspace/channel, and * stands for any text"
            )
    return patterns
