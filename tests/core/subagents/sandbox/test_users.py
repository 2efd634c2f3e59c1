import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox.users import Block, Users, own_maps, own_users, usable

ROOT = Path(__file__).parents[4]
ALL = "         0          0 4294967295\n"
ANOTHER_BOT = """
from core.subagents.sandbox.users import own_users
print(own_users("0 0 4294967295").take(), flush=True)
input()
"""


def test_no_two_have_the_same_id_at_once() -> None:
    users = Users(Block(1000, 500))
    taken = [users.take() for _ in range(500)]
    assert sorted(taken) == list(range(1000, 1500))
    with pytest.raises(SandboxUnavailable, match="more than 500 sandboxes"):
        users.take()
    users.give_back(1234)
    assert users.take() == 1234


@pytest.mark.parametrize(
    ("maps", "first", "blocks"),
    [
        (ALL, 0x70000000, 100),
        ("0 100000 65536\n", 60578, 3),
        ("0 1000 1\n1 100000 65536\n", 60578, 3),
        ("0 100000 61000\n", 60578, 2),
        ("0 0 1879049192\n", 0x70000000, 2),
    ],
)
def test_ids_come_from_a_range_that_the_container_knows(maps: str, first: int, blocks: int) -> None:
    found = usable(maps)
    assert (found[0].base, len(found)) == (first, blocks)
    assert all(one.base + one.size == two.base for one, two in pairwise(found))


@pytest.mark.parametrize("maps", ["0 1000 1\n", "0 100000 60600\n", ""])
def test_where_there_are_too_few_ids_it_is_said(maps: str) -> None:
    with pytest.raises(SandboxUnavailable, match="too few user ids"):
        own_users(maps)


def test_two_bots_lend_different_ids_and_a_killed_one_gives_its_own_back() -> None:
    def bot() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", ANOTHER_BOT]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def lent(bot: "subprocess.Popen[str]") -> int:
        assert bot.stdout is not None
        return int(bot.stdout.readline())

    with bot() as one, bot() as two:
        first, second = lent(one), lent(two)
        assert abs(first - second) >= 500
        one.kill()
        one.wait()
        with bot() as three:
            assert lent(three) != second
            three.kill()
        two.kill()


def test_one_process_has_one_block() -> None:
    assert own_users(ALL) is own_users(ALL)


def test_the_maps_of_this_process_can_be_read() -> None:
    assert own_maps() == "" or usable(own_maps())
