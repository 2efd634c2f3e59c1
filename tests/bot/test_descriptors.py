import resource
import subprocess
import sys

import pytest

from bot.descriptors import channel_files

_RAISED = """
import resource, sys
from bot.descriptors import raised
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raised(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "then"),
    [(256, 1024, 1024), (200, 200, 200), (256, 18_000, 16_384), (17_000, 18_000, 17_000)],
)
def test_the_process_may_open_as_many_files_as_the_system_lets_it(
    soft: int, hard: int, then: int
) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("this machine allows fewer files")
    ended = subprocess.run(
        [sys.executable, "-c", _RAISED, str(soft), str(hard)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert ended.stdout.split() == [str(then), str(then), str(hard)]


def test_channels_get_a_share_that_leaves_room_for_the_rest() -> None:
    assert channel_files(1024) == 102
    assert channel_files(100) == 16
    assert channel_files(16_384) == 1_000
