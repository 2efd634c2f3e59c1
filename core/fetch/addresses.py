"""Which addresses of the network may be connected to. Pure; resolves nothing."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What the library may call global and nobody may be sent to: relays into the other family, which
# hide an address in another, and services of clouds that sit on public addresses.
_NEVER = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)


def parsed(text: str) -> Address | None:
    """The address that a host name is, None if it is a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def permitted(address: Address, named: Sequence[Network]) -> bool:
    """Whether it is public, or in a network that the operator has named."""
    if any(address in network for network in named):
        return True
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_reserved
        or address.is_unspecified
    )
