from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.config import ConfigError, load
from core.fetch.allowed import Allowance, Host


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_the_section_nothing_may_be_fetched(tmp_path: Path) -> None:
    assert load(config(tmp_path, "")).fetch == ()


def test_hosts_are_names_patterns_and_addresses_with_and_without_ports(tmp_path: Path) -> None:
    listed = (
        '"docs.Python.org", "*.example.org:8443", "10.0.0.5:80", "[::1]:81", "::1", "*.größe.de"'
    )
    found = load(config(tmp_path, f"[fetch]\nhosts = [{listed}]")).fetch[0].hosts
    assert [str(host) for host in found] == [
        "docs.python.org", "*.example.org:8443", "10.0.0.5:80", "[::1]:81", "[::1]",
        "*.xn--gre-6ka8i.de",
    ]  # fmt: skip


def test_one_section_or_several_mean_allowances_in_their_order(tmp_path: Path) -> None:
    text = """
        [[fetch]]
        hosts = ["a.test"]
        [[fetch]]
        hosts = ["b.test"]
        channels = ["slack/*"]
        private = ["10.0.0.5", "fd00::/64"]
        queries = "any"
        size_mb = 2
        timeout_s = 7
    """
    one, other = load(config(tmp_path, text)).fetch
    assert one.allowance == Allowance(hosts=(Host(name="a.test"),))
    assert other.allowance == Allowance(
        hosts=(Host(name="b.test"),),
        channels=("slack/*",),
        private=(ip_network("10.0.0.5"), ip_network("fd00::/64")),
        most_bytes=2_000_000,
        timeout_s=7.0,
        any_query=True,
    )


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ('hosts = "a.test"', "must be a list of hosts"),
        ('hosts = ["*"]', "each host is a name"),
        ('hosts = ["http://a.test"]', "each host is a name"),
        ('hosts = ["a.test/x"]', "each host is a name"),
        ('hosts = ["a.*.test"]', "each host is a name"),
        ('hosts = ["a b"]', "each host is a name"),
        ('hosts = [""]', "each host is a name"),
        ('hosts = ["a.test:0"]', "each host is a name"),
        ('hosts = ["a.test:70000"]', "each host is a name"),
        ('hosts = ["a.test:"]', "no port behind the colon"),
        ("hosts = [5]", "each host is a name"),
        ("channels = ['*']", "hosts: must be set"),
        ('hosts = []\nprivate = ["10.0.0.5/8"]', "each one is an address or a network"),
        ('hosts = []\nprivate = ["lan"]', "each one is an address or a network"),
        ("hosts = []\nprivate = 5", "must be a list of addresses"),
        ('hosts = []\nqueries = "all"', 'must be one of "written", "any"'),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, setting: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, f"[fetch]\n{setting}"))
    assert len(caught.value.lines) == 1
    assert why in str(caught.value)
    assert "[fetch]" in str(caught.value)
