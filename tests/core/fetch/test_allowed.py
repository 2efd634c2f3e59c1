from ipaddress import ip_network

import pytest

from core.errors import BadRequest
from core.fetch.allowed import LONGEST_URL, Allowance, Allowed, Host
from core.messages import ChannelRef
from tests.core.fetch.site import CHANNEL

OTHER = ChannelRef(platform="slack", workspace="T1", channel="C1")
ALLOWED = Allowed(
    [
        Allowance(hosts=(Host(name="example.org"), Host(name="*.example.net"))),
        Allowance(hosts=(Host(name="inner.test", port=8443),), channels=("slack/*",)),
        Allowance(hosts=(Host(name="10.0.0.5"), Host(name="10.0.0.6"), Host(name="::1")),
                  private=(ip_network("10.0.0.5"),)),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org", "https://EXAMPLE.org./a", "https://example.org:80/", "http://a.example.net/",
        "https://a.b.example.net/x?y=1", "http://10.0.0.5/",
    ],
)  # fmt: skip
def test_what_is_named_may_be_fetched(url: str) -> None:
    assert ALLOWED.target(CHANNEL, url).url.scheme in {"http", "https"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://www.example.org/", "no host that may be fetched from"),
        ("https://example.net/", "no host that may be fetched from"),
        ("https://badexample.net/", "no host that may be fetched from"),
        ("https://example.org.evil.test/", "no host that may be fetched from"),
        ("https://example.org:8080/", "example.org:8080 is no host"),
        ("https://inner.test:8443/", "no host that may be fetched from"),
        ("http://10.0.0.6/", "not a public address"),
        ("http://[::1]/", "not a public address"),
        ("http://167772165/", "no host that may be fetched from"),
        ("http://evil.test\\@example.org/", "signs that no URL has"),
        ("http://evil.test#@example.org/", "no host that may be fetched from"),
        ("https://user@example.org/", "user name or password"),
        ("https://:secret@example.org/", "user name or password"),
        ("ftp://example.org/", "http://"),
        ("file:///etc/passwd", "http://"),
        ("//example.org/", "http://"),
        ("example.org", "http://"),
        ("http://", "http://"),
        ("http://example.org:99999/", "no URL"),
        ("http://exam ple.org/", "blanks"),
        ("http://example.org/\r\nHost: x", "blanks or signs"),
        ("http://example.org/" + "a" * LONGEST_URL, "longer than"),
        ("", "http://"),
    ],
)  # fmt: skip
def test_what_is_not_named_is_refused_with_words(url: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why.replace("[", "\\[")):
        ALLOWED.target(CHANNEL, url)


def test_hosts_are_those_of_the_channel() -> None:
    assert "inner.test:8443" in ALLOWED.hosts(OTHER)
    assert "inner.test:8443" not in ALLOWED.hosts(CHANNEL)
    assert ALLOWED.target(OTHER, "https://inner.test:8443/").url.port == 8443
    with pytest.raises(BadRequest, match="no host"):
        ALLOWED.target(OTHER, "https://inner.test/")


def test_a_fragment_stays_here() -> None:
    assert str(ALLOWED.target(CHANNEL, "http://example.org/a#b").url) == "http://example.org/a"
