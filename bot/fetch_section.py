"""The configuration's [fetch]: hosts that jobs may fetch from, and what each value may be."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from yarl import URL

from bot import checks
from bot.checks import Wrong, shown
from core.fetch.addresses import Network
from core.fetch.allowed import Allowance, Host

_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


def host_list(value: object, _base: Path) -> tuple[Host, ...]:
    """Hosts: exact, *.NAME or an address, each with a port or without."""
    if not isinstance(value, list):
        raise Wrong(f'must be a list of hosts such as ["docs.python.org"], got {shown(value)}')
    return tuple(_host(one) for one in value)


def _host(value: object) -> Host:
    text = value.strip().lower() if isinstance(value, str) else ""
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::(\d{1,5}))?", text)
    name, _, digits = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    if bracketed:
        name, digits = bracketed[1], bracketed[2] or ""
    sound = _is_address(name) or (len(name) <= 253 and _NAME.fullmatch(_ascii(name)))
    if not sound or (digits and not (digits.isdecimal() and 0 < int(digits) < 65536)):
        raise Wrong(
            "each host is a name, *.NAME or an address, with :PORT or without, such as "
            f'"docs.python.org", "*.example.org" or "wiki.lan:8080", got {shown(value)}'
        )
    if text.endswith(":"):
        raise Wrong(f"has no port behind the colon, got {shown(value)}")
    return Host(name=_ascii(name).rstrip("."), port=int(digits) if digits else None)


def _ascii(name: str) -> str:
    """A name as it is asked for on the wire; "" for what cannot be a name."""
    if name.isascii():
        return name
    try:
        # By the rules by which jobs' URLs are read.
        plain = URL.build(scheme="http", host=name.removeprefix("*.")).raw_host or ""
    except ValueError:
        return ""
    return f"*.{plain}" if name.startswith("*.") else plain


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def network_list(value: object, _base: Path) -> tuple[Network, ...]:
    """Addresses and networks."""
    if not isinstance(value, list):
        raise Wrong(f'must be a list of addresses such as ["10.0.0.5"], got {shown(value)}')
    found = []
    for one in value:
        try:
            found.append(ip_network(one if isinstance(one, str) else ""))
        except ValueError as error:
            raise Wrong(
                'each one is an address or a network such as "10.0.0.5" or "10.1.0.0/16", '
                f"got {shown(one)}"
            ) from error
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """Hosts, and who may fetch from them. There may be several of these."""

    hosts: Annotated[tuple[Host, ...], host_list]
    channels: Annotated[tuple[str, ...], checks.channel_patterns] = ("*",)
    private: Annotated[tuple[Network, ...], network_list] = ()
    queries: Annotated[Literal["written", "any"], checks.choice("written", "any")] = "written"
    size_mb: Annotated[int, checks.whole(1, 100)] = 5
    timeout_s: Annotated[float, checks.seconds(1, 300)] = 30.0

    @property
    def allowance(self) -> Allowance:
        """What it means to the core."""
        return Allowance(
            hosts=self.hosts,
            channels=self.channels,
            private=self.private,
            most_bytes=self.size_mb * 1_000_000,
            timeout_s=self.timeout_s,
            any_query=self.queries == "any",
        )
