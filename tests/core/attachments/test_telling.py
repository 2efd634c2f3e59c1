"""How files are told."""

import pytest

from core.attachments.limits import shown
from core.attachments.telling import kept_lines, steering
from core.messages import Attachment, ChannelRef, Message, Person, ThreadRef

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
MESSAGE = Message(
    id="m1", thread=ThreadRef(channel=CHANNEL, thread=""), author=Person(id="ada", name="Ada"),
    text="look", at=1.0,
)  # fmt: skip


def sent(text: str, *files: Attachment) -> Message:
    return Message(
        id="m1", thread=MESSAGE.thread, author=MESSAGE.author, text=text, at=1.0, files=files
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1024, "1 kB"),
        (1_500, "1.5 kB"),
        (20 * 2**20, "20 MB"),
        (2_700_000, "2.6 MB"),
    ],
)
def test_sizes_are_told_as_people_write_them(size: int, text: str) -> None:
    assert shown(size) == text


def test_a_receipt_names_what_was_kept_and_nothing_else() -> None:
    kept = Attachment(name="a", path="inbox/a", size=3)
    assert kept_lines(sent("x", kept, Attachment(name="b", problem="no"))) == (
        "kept `inbox/a` (3 bytes)",
    )


def test_a_job_is_told_that_the_files_are_not_in_its_workspace() -> None:
    kept = Attachment(name="a", path="inbox/a", size=3)
    assert steering(sent("use this", kept)).startswith("use this\n\n(With this came `inbox/a`.")
    assert steering(sent("", kept)).startswith("(With this came")
    assert steering(sent("go on", Attachment(name="b", problem="no"))) == "go on"
