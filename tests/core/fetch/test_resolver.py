from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from core.errors import BadRequest
from core.fetch.resolver import CheckedResolver, look_up


def answering(*addresses: str) -> CheckedResolver:
    async def ask(host: str, port: int) -> Sequence[str]:
        return addresses

    return CheckedResolver(ask, (ip_network("10.0.0.5"),))


async def test_only_addresses_that_may_be_connected_to_come_out() -> None:
    resolver = answering("10.0.0.6", "8.8.8.8", "::ffff:10.0.0.5", "10.0.0.5", "not an address")
    found = await resolver.resolve("a.test", 80)
    assert [one["host"] for one in found] == ["8.8.8.8", "10.0.0.5"]
    assert {one["port"] for one in found} == {80}


async def test_a_host_with_none_of_them_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"a\.test leads to 127\.0\.0\.1"):
        await answering("127.0.0.1").resolve("a.test", 80)
    with pytest.raises(OSError, match="no address"):
        await answering().resolve("a.test", 80)


async def test_the_system_is_asked_for_numbers() -> None:
    assert "127.0.0.1" in await look_up("127.0.0.1", 80)
