import json
import socket
import threading
from collections.abc import Iterator

import pytest

from core.subagents.runtime.wire import MAX_LINE, HostGone, TooLong, Wire


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Wire]]:
    """The host's end of a line, and the program's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, Wire(theirs.fileno(), lambda fd: None, sent=1, come=b"")


def test_a_question_is_one_line_with_a_number_of_its_own(
    ends: tuple[socket.socket, Wire],
) -> None:
    host, wire = ends
    host.sendall(b'{"id":2,"ok":true}\n{"id":3,"text":"a\\nb"}\n')
    assert wire.ask("begin", call="c", tool="t", detail='é\n"\\\x00\ud800') == {"id": 2, "ok": True}
    assert wire.ask("finish", call=None, result="", files=["a"]) == {"id": 3, "text": "a\nb"}
    first, second, rest = host.recv(4096).split(b"\n")
    assert json.loads(first) == {
        "kind": "begin",
        "id": 2,
        "call": "c",
        "tool": "t",
        "detail": 'é\n"\\\x00?',
    }
    assert json.loads(second) == {
        "kind": "finish",
        "id": 3,
        "call": None,
        "result": "",
        "files": ["a"],
    }
    assert rest == b""


def test_an_answer_may_come_in_pieces(ends: tuple[socket.socket, Wire]) -> None:
    host, wire = ends
    long = json.dumps({"id": 2, "text": "x" * 5_000_000}).encode() + b"\n"
    sender = threading.Thread(target=host.sendall, args=(long,))
    sender.start()
    assert len(str(wire.ask("model")["text"])) == 5_000_000
    sender.join()


def test_what_came_before_belongs_to_the_first_answer() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire = Wire(theirs.fileno(), lambda fd: None, sent=1, come=b'{"id":1,"she')
        ours.sendall(b'll":true}\n')
        assert wire.answer(1) == {"id": 1, "shell": True}


@pytest.mark.parametrize("answer", [b'{"id":3}\n', b'{"ok":true}\n', b"[]\n", b"null\n"])
def test_an_answer_to_another_question_ends_it(
    ends: tuple[socket.socket, Wire], answer: bytes
) -> None:
    host, wire = ends
    host.sendall(answer)
    with pytest.raises(HostGone):
        wire.ask("model")


def test_a_closed_line_ends_it(ends: tuple[socket.socket, Wire]) -> None:
    host, wire = ends
    host.close()
    with pytest.raises(HostGone):
        wire.ask("model")


def test_what_the_host_would_not_read_is_not_sent(ends: tuple[socket.socket, Wire]) -> None:
    host, wire = ends
    with pytest.raises(TooLong):
        wire.tell("end", call="c", result="x" * MAX_LINE)
    assert wire.tell("end", call="c", result="x") == 2
    assert json.loads(host.recv(4096))["result"] == "x"
