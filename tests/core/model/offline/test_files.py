"""What the offline model does about files that came with a message."""

from core.messages import Attachment, ChannelRef, Message, Person, ThreadRef
from core.model.chat import ChatMessage
from core.model.offline import words
from core.model.offline.intents import WhyCi
from core.model.offline.primary import answer
from core.model.offline.requests import brief_actions
from core.primary.prompt import compose
from tests.core.room import DEFAULTS

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
LOG = Attachment(name="build.log", path="inbox/build (2).log", size=9, kind="text")
OTHER = Attachment(name="other.log", path="inbox/other.log", size=9, kind="text")
PICTURE = Attachment(name="x.png", path="inbox/x.png", size=9, kind="binary")


def asked(text: str, *files: Attachment) -> tuple[ChatMessage, ...]:
    message = Message(
        id="m1", thread=ThreadRef(channel=CHANNEL, thread=""), text=text, at=1.0, files=files,
        author=Person(id="ada", name="Ada"),
    )  # fmt: skip
    return compose("Thaw", DEFAULTS, (), (), message)


def briefs(text: str, *files: Attachment) -> list[str]:
    return [str(call.arguments["brief"]) for call in answer(asked(text, *files)).calls]


def test_a_failed_build_is_looked_for_in_the_logs_that_came_with_the_question() -> None:
    (brief,) = briefs("Why did CI fail?", LOG, PICTURE)
    assert brief_actions(brief) == (WhyCi(path="inbox/build (2).log"),)
    both = [brief_actions(brief) for brief in briefs("why did ci fail", LOG, OTHER)]
    assert both == [(WhyCi(path="inbox/build (2).log"),), (WhyCi(path="inbox/other.log"),)]


def test_a_question_that_names_its_source_is_left_as_it_is() -> None:
    (brief,) = briefs("why did CI fail in ci-logs", LOG)
    assert brief_actions(brief) == (WhyCi(source="ci-logs"),)
    (brief,) = briefs("why did CI fail", PICTURE)
    assert brief_actions(brief) == (WhyCi(),)


def test_files_without_words_or_with_words_that_mean_nothing_are_kept_and_told() -> None:
    assert answer(asked("", LOG)).text == words.KEPT
    assert answer(asked("hm", PICTURE)).text == words.KEPT
    assert answer(asked("hm")).text.startswith(words.LOST)


def test_requests_are_read_without_the_marks_of_files() -> None:
    (call,) = answer(asked("set color to blue", LOG)).calls
    assert call.arguments["value"] == "blue"
