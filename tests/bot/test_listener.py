import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.listener import listener

LISTEN = """
import socket, sys
with socket.socket() as listening:
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    print(listening.getsockname()[1], flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)]
)
def test_a_listener_is_known_by_its_pid_and_name(host: str, family: socket.AddressFamily) -> None:
    with socket.socket(family) as own:
        own.bind((host, 0))
        own.listen()
        name = Path("/proc/self/comm").read_text().strip()
        assert listener(own.getsockname()[1]) == (os.getpid(), name)


def test_another_programs_port_is_found_as_well() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        found = listener(int(other.stdout.readline()))
        other.stdin.close()
    assert found is not None
    assert found[0] == other.pid


def test_a_port_that_is_only_bound_has_no_listener() -> None:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        assert listener(own.getsockname()[1]) is None


def test_a_system_that_does_not_tell_is_no_error(tmp_path: Path) -> None:
    assert listener(80, tmp_path) is None
