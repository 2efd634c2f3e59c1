"""Which URLs a channel's jobs may fetch. Pure; knows nothing of what stands there."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from yarl import URL

from core.errors import BadRequest
from core.fetch.addresses import Network, parsed, permitted
from core.messages import ChannelRef

LONGEST_URL = 1500
_PORTS = frozenset({80, 443})


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host that may be fetched from. `name` is exact, or *.NAME for all names below NAME.

    Without a `port` those of the web are meant.
    """

    name: str
    port: int | None = None

    def admits(self, host: str, port: int) -> bool:
        """Whether a host, in lower case and without a dot at its end, is meant."""
        if port not in ({self.port} if self.port else _PORTS):
            return False
        if self.name.startswith("*."):
            return host.endswith(self.name[1:]) and parsed(host) is None
        return host == self.name

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port}" if self.port else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Hosts, and the channels whose jobs may fetch from them (patterns of platform/workspace/
    channel). `private` are networks that may be connected to although they are not public.

    `most_bytes` bounds a page, unpacked; `timeout_s` a fetch with all its redirects. With
    `any_query` a job may make queries up itself.
    """

    hosts: tuple[Host, ...]
    channels: tuple[str, ...] = ("*",)
    private: tuple[Network, ...] = ()
    most_bytes: int = 5_000_000
    timeout_s: float = 30.0
    any_query: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that may be fetched, and by which allowance."""

    url: URL
    allowance: Allowance


class Allowed:
    """All allowances of the configuration, in its order."""

    def __init__(self, allowances: Sequence[Allowance]) -> None:
        self._allowances = tuple(allowances)

    def hosts(self, channel: ChannelRef) -> tuple[str, ...]:
        """The hosts that a channel's jobs may fetch from; () if none."""
        every = (host for one in self._of(channel) for host in one.hosts)
        return tuple(dict.fromkeys(str(host) for host in every))

    def target(self, channel: ChannelRef, text: str) -> Target:
        """Check a URL. Raises BadRequest with what would be right."""
        url = _url(text)
        host, port = (url.raw_host or "").lower().rstrip("."), url.port or 0
        for allowance in self._of(channel):
            if any(one.admits(host, port) for one in allowance.hosts):
                return _checked(url, host, allowance)
        known = ", ".join(self.hosts(channel)) or "none"
        shown = f"{host}:{port}" if port not in _PORTS else host
        raise BadRequest(f"{shown[:200]} is no host that may be fetched from; there are: {known}")

    def _of(self, channel: ChannelRef) -> tuple[Allowance, ...]:
        return tuple(
            one
            for one in self._allowances
            if any(fnmatchcase(str(channel), p.replace("[", "[[]")) for p in one.channels)
        )


def _checked(url: URL, host: str, allowance: Allowance) -> Target:
    # A name is checked when it is resolved; what is an address already is never resolved.
    address = parsed(host)
    if address is not None and not permitted(address, allowance.private):
        raise BadRequest(f"{host} is not a public address, and the operator has not named it")
    return Target(url=url, allowance=allowance)


def _url(text: str) -> URL:
    if len(text) > LONGEST_URL:
        raise BadRequest(f"the URL is longer than {LONGEST_URL} characters")
    if not text.isprintable() or any(sign in text for sign in ' \\"<>'):
        raise BadRequest("the URL has blanks or signs that no URL has; percent-encode them")
    try:
        url = URL(text)
        usable = url.scheme in {"http", "https"} and url.raw_host and url.port
    except ValueError as error:
        raise BadRequest(f"this is no URL: {error}") from error
    if not usable:
        raise BadRequest("this is no URL that can be fetched; give http://... or https://...")
    if url.raw_user is not None or url.raw_password is not None:
        raise BadRequest("the URL holds a user name or password; leave them out")
    return url.with_fragment(None)
