import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox.users import COUNT, Users, own_maps, usable_base


def test_no_two_have_the_same_id_at_once() -> None:
    users = Users(1000)
    taken = [users.take() for _ in range(COUNT)]
    assert sorted(taken) == list(range(1000, 1000 + COUNT))
    with pytest.raises(SandboxUnavailable, match="at once"):
        users.take()
    users.give_back(1234)
    assert users.take() == 1234


@pytest.mark.parametrize(
    ("maps", "base"),
    [
        ("         0          0 4294967295\n", 0x70000000),
        ("0 100000 65536\n", 60578),
        ("0 1000 1\n1 100000 65536\n", 60578),
        ("0 1000 1\n", None),
        ("0 100000 60600\n", None),
        ("", None),
    ],
)
def test_ids_come_from_a_range_that_the_container_knows(maps: str, base: int | None) -> None:
    assert usable_base(maps) == base


def test_the_maps_of_this_process_can_be_read() -> None:
    assert own_maps() == "" or usable_base(own_maps()) is not None
