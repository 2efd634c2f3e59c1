"""Which questions stand open in a thread, and for whom. Slack has no replies to one message: what
the person who is asked says in the thread, without naming the bot, is the answer if it fits, and
talk if it does not. Answers none."""

import re
from collections import OrderedDict
from dataclasses import dataclass

from core.errors import BadRequest, StoreError
from core.messages import Person, Post, ThreadRef
from core.messages.queries import ReadMessages
from core.messages.views import Messages
from core.ports import Window

_KNOWN = 20_000
_NEWEST, _END = 200, 2**62
# What is a command for whoever asks nothing, and what asks back.
_COMMAND = re.compile(
    r"/.*|stop|cancel|help|jobs|state|history|conflicts|budget|settings|approvals"
    r"|(?:job|stop|cancel|undo|run|unwatch|allow|deny) #?[0-9]{1,15}",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An open question: who is asked, by which job, what they may choose from (nothing: any words
    will do)."""

    asked: str
    job: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """It is no answer. `hint` is for who said it, "" when they know."""

    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to the question that this post asks."""

    post: str


def fits(question: Question, text: str) -> bool:
    """Whether words are the answer: one of the choices, whatever follows it; without choices, all
    that is no command and asks nothing back."""
    said = _plain(text)
    choices = [_plain(choice) for choice in question.choices]
    if said in choices:
        return True
    if not said or _COMMAND.fullmatch(said) or text.rstrip().endswith("?"):
        return False
    if not choices or (said.isdigit() and 1 <= int(said[:9]) <= len(choices)):
        return True
    begins = [one for one in choices if re.match(rf"{re.escape(one)}(?:[\s,.;:!]|$)", said)]
    return len(begins) == 1


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip("`*_\"'.,! ")


def _hint(question: Question) -> str:
    how = f"press a button, or say `/thaw answer {question.job} ...`"
    if question.choices:
        how = f"press a button, or say one of: {', '.join(question.choices)}"
    return f"I took that as talk. Job {question.job} still waits for your answer: {how}."


class Questions:
    """Open questions by thread. What stood before the bot was started is read once."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._open: OrderedDict[ThreadRef, dict[str, Question]] = OrderedDict()

    def shown(self, post: Post) -> None:
        """A post is out as it is now: an answered question has no buttons any more."""
        known = self._open.get(post.thread)
        if known is not None:
            _note(known, post)

    async def answered(self, thread: ThreadRef, person: Person, text: str) -> Answer | Talk:
        """What the words are to the one question that this person is asked in the thread."""
        known = self._open.get(thread)
        if known is None:
            known = self._open[thread] = await self._read(thread)
        self._open.move_to_end(thread)
        while len(self._open) > _KNOWN:
            self._open.popitem(last=False)
        mine = [(post, one) for post, one in known.items() if one.asked == person.id]
        if len(mine) != 1:
            return Talk()
        ((post, question),) = mine
        if fits(question, text):
            return Answer(post=post)
        return Talk() if _COMMAND.fullmatch(_plain(text)) else Talk(hint=_hint(question))

    async def _read(self, thread: ThreadRef) -> dict[str, Question]:
        query = ReadMessages(
            channel=thread.channel, thread=thread.thread, before=_END, limit=_NEWEST
        )
        found: dict[str, Question] = {}
        try:
            view = await self._window.look(query)
        except (BadRequest, StoreError):
            return found  # then it takes the button, or the command
        for line in view.lines if isinstance(view, Messages) else ():
            if line.post is not None:
                _note(found, line.post)
        return found


def _note(known: dict[str, Question], post: Post) -> None:
    answers = [one for one in post.buttons if one.action.startswith("answer.")]
    if any(one.asks for one in answers) and post.mention is not None:
        known[post.id] = Question(
            asked=post.mention.id,
            job=answers[0].action.split(".")[1],
            choices=tuple(one.label for one in answers if not one.asks),
        )
    else:
        known.pop(post.id, None)
