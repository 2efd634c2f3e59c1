"""Ports that are kept for a server which comes and goes. Listens on none of them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 that is given to nobody who takes any; a server that asks for it by its
    number gets it, as often as it likes.

    What is bound and does not listen stands in nobody's way who sets SO_REUSEADDR, as servers do.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        yield port
