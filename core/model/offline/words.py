"""How the offline model writes: Markdown pieces and its standing texts. Pure."""

import re

_UNTRUSTED = re.compile(r"<untrusted from=\"[^\"]*\">\n?(.*?)\n?</untrusted>", re.DOTALL)
_SAID = re.compile(r".*<said by=\"[^\"]*\">\n(.*)\n</said>\Z", re.DOTALL)
# People's own words have no such marks: the prompt breaks them.
_FILE = re.compile(
    r"^<file (?:path=\"(?P<path>[^\"]*)\" )?name=\"[^\"]*\"(?: kind=\"(?P<kind>\w+)\")?[^>]*/>$",
    re.MULTILINE,
)
MOST_SHOWN = 3000

WHO = "I am the built-in *offline model*: fixed rules, no intelligence."
HELP = f"""{WHO} Nothing you write leaves this machine. I understand plain requests such as

- `run the command "ls -l"`, `run python "print(6 * 7)"`, `wait 20 seconds`
- `write a file notes/today.md: buy milk`, `read file notes/today.md`, `show files`
- `look up "connection refused" in SOURCE`, `what did we say about the launch`
- `set deploy.target to staging`, `add 3 to launch.count`, `include ann in team`,
  `append shipped to launch.log`, `what is deploy.target`, `delete deploy.target`
- `write launch texts for Thaw on Twitter, LinkedIn, Slack and Hacker News`
- `why did CI fail`
- `in the background: …`, a list, or parts with `;` between them: one job for each
- `…, then …`, `as a job: …`: one job, step by step
- `how is job 3`, `tell job 3 to …`, `stop job 3`, `list jobs`

With a key for a real model (see the README) I step aside. Commands such as /help work always."""
HELLO = (
    f"Hello! {WHO} Say *help* for what I understand, or try `in the background: wait 20 seconds`."
)
WELCOME = "You are welcome."
LOST = (
    f"I did not understand that as something to do. {WHO} I cannot answer questions out of my"
    " head, but I can run commands, search, write files and keep this channel's state. Say *help*"
    " for examples."
)
UNKNOWN = (
    "`/state` shows what there is, and `look up WORDS` searches what was said. I know nothing else."
)
NONE_OPEN = "No job is running or waiting."
WHICH = "Several jobs are not over. Say `stop job N`, or `stop everything`:"
KEPT = (
    f"What you sent is in this channel's workspace; its path is below. {WHO} With files I can do as"
    " much as `read file inbox/build.log`, `why did CI fail in file inbox/build.log` or"
    ' `run the command "grep -c ERROR inbox/build.log"`. /search finds words in them.'
)
SIGNED = "*Done by the built-in offline model, which follows fixed rules.*"


def asked(text: str) -> str:
    """What the person who asks wrote, of a message that may hold others' words before it."""
    return _FILE.sub("", _said(text)).strip("\n")


def sent(text: str) -> tuple[str, ...]:
    """The paths of text files that came with what the person wrote."""
    found = _FILE.finditer(_said(text))
    return tuple(one["path"] for one in found if one["path"] and one["kind"] == "text")


def came(text: str) -> bool:
    """Whether any file came with it."""
    return _FILE.search(_said(text)) is not None


def _said(text: str) -> str:
    found = _SAID.fullmatch(text)
    return found[1] if found else text


def signed(text: str) -> bool:
    """Whether a result is the offline model's: its own last line says so."""
    return text.rstrip().endswith(SIGNED)


def bare_result(text: str) -> str:
    """A tool's result without the fence that marks it as material."""
    return _UNTRUSTED.sub(lambda found: found[1], text).strip()


def block(text: str) -> str:
    """Text as a code block that its own backticks cannot end, cut to what one wants to read."""
    if len(text) > MOST_SHOWN:
        cut = len(text) - MOST_SHOWN
        text = f"{text[: MOST_SHOWN // 2]}\n[… {cut} characters …]\n{text[-MOST_SHOWN // 2 :]}"
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def code(text: str, most: int = 80) -> str:
    """Words as inline code on one line, cut to `most` characters."""
    line = " ".join(text.split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    if not longest:
        return f"`{line}`"
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}"


def title(words: str) -> str:
    """The first words of a request, for a job's card."""
    line = " ".join(words.split())
    return line if len(line) <= 60 else line[:59].rstrip() + "…"
