"""What to say instead, by the words of a message that no rule covers. Pure."""

import re

from core.model.offline.words import code

_COMMAND = re.compile(
    r"(?:ls|cat|cd|echo|grep|find|git|pip3?|npm|make|curl|wget|python3?|pytest|bash|sh|sleep|cp|mv"
    r"|mkdir|rm|head|tail|wc|sort|sed|awk|ps|top|tar|touch)\s+[-\w./\"'*].*",
    re.DOTALL,
)
_UNDO = "To take a change back press its Undo, or say `/undo N`; `/history` has the numbers."
_FORGET = "`delete KEY` takes an entry out of the state, `/forget …` removes for good."
_WRITE = (
    "I write no texts of my own: that takes a real model, with a key as the README says. I can"
    " `look up WORDS in SOURCE`, or `read file PATH`."
)
_JOBS = (
    'For jobs say `in the background: run "sleep 20"; wait 10 seconds`, `list jobs`,'
    " `tell job 3 to …` or `stop job 3`."
)
_FILES = (
    "For files say `show files`, `read file PATH`, `write a file PATH: TEXT` or"
    " `look up WORDS in SOURCE`."
)
_ASK = (
    "Of this channel I can tell you `what is KEY`, `what is in the state`, or what a search finds:"
    " `what did we say about WORDS`."
)
_STATE = (
    "For the state say `set KEY to VALUE`, `add 3 to KEY`, `add milk to the shopping list` or"
    " `remember that …`."
)
_ANY = (
    'Try `run "ls -l"`, `set color to blue`, or'
    " `in the background: wait 20 seconds; write a file notes.md: hello`."
)
# The first that fits is meant.
_HINTS = {
    r"undo|revert|roll\s*back": _UNDO,
    r"forget|erase": _FORGET,
    r"summar\w*|translate|explain|poem|story|joke|essay|draft|compare|research|analy[sz]e": _WRITE,
    r"jobs?|background|tasks?": _JOBS,
    r"files?|logs?": _FILES,
    r"what|when|who|where|which|how|why": _ASK,
    r"remember|note|set|change|add|put|list|count": _STATE,
}
_KNOWN = [(re.compile(rf"\b(?:{some})\b", re.IGNORECASE), said) for some, said in _HINTS.items()]
# Who writes more tells something; what is wanted stands at its beginning.
_READ = 300


def hint(message: str) -> str:
    """What comes nearest to the message among the things that can be said; Markdown."""
    text = message.strip()[:_READ]
    if _COMMAND.fullmatch(text):
        return f"For a command say *run* first: {code(f'run `{text}`')}."
    return next((said for some, said in _KNOWN if some.search(text)), _ANY)
