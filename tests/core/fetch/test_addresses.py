from ipaddress import ip_address, ip_network

import pytest

from core.fetch.addresses import parsed, permitted


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.5", "100.64.0.1", "100.100.100.200", "127.0.0.1",
        "127.9.9.9", "168.63.129.16", "169.254.169.254", "172.16.0.1", "192.0.0.192",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "224.0.1.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:5",
        "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
        "2002:7f00:1::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
        "ff02::1", "ff0e::1",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_an_address_that_is_not_public(address: str) -> None:
    assert not permitted(ip_address(address), ())


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111"])
def test_public_addresses_are_permitted(address: str) -> None:
    assert permitted(ip_address(address), ())


def test_what_the_operator_names_is_permitted_and_its_neighbour_is_not() -> None:
    named = (ip_network("10.0.0.5"), ip_network("fd00::/64"))
    assert permitted(ip_address("10.0.0.5"), named)
    assert permitted(ip_address("fd00::7"), named)
    assert not permitted(ip_address("10.0.0.6"), named)
    assert not permitted(ip_address("::ffff:10.0.0.5"), named)


def test_a_name_is_no_address() -> None:
    assert parsed("example.org") is None
    assert parsed("127.0.0.1") == ip_address("127.0.0.1")
