"""The worked example of launch texts: one platform's text, written by template. No intelligence."""

import re
from collections.abc import Callable, Mapping, Sequence

from core.model.offline import words
from core.model.offline.desk import Desk, Steps, tell
from core.model.offline.intents import Change, LaunchText, Show
from core.model.offline.talk import Call, change_call, show_call
from core.state.operations import Op

Template = Callable[[LaunchText, Sequence[str]], str]
TWEET = 280


def launch_steps(wanted: LaunchText, desk: Desk) -> Steps:
    """Write the text to a file, count it, put it into the state, add a line to the shared log."""
    name, desk.launched = slug(wanted.platform), wanted
    path, key = f"launch/{name}.md", f"launch.{name}"
    yield tell(f"Writing the launch text for {wanted.platform}")
    before = yield show_call(Show(key="launch.", prefix=True))
    text = launch_text(wanted, desk.mentions)
    wrote = yield Call(tool="write_file", arguments={"path": path, "content": text + "\n"})
    if wrote.failed:
        desk.failed(f"writing {words.code(path)}", wrote)
        return
    counted = yield Call(tool="read_file", arguments={"path": path})
    put = yield change_call(Change(key=key, op=Op.PUT, value=text))
    line = f"{wanted.platform}: {len(text)} characters in {path}"
    logged = yield change_call(Change(key="launch.log", op=Op.APPEND, value=line))
    for step in (counted, put, logged):
        if step.failed:
            desk.failed(f"the launch text for {wanted.platform}", step)
            return
    if path not in desk.files:
        desk.files.append(path)
    others = "" if before.failed else f" The state had {_known(before.text)} before."
    desk.note(
        f"Wrote the launch text for **{wanted.platform}** ({len(text)} characters) to"
        f" {words.code(path)}, put it into {words.code(key)} and added a line to"
        f" `launch.log`.{others}",
        text,
    )


def launch_text(wanted: LaunchText, mentions: Sequence[str]) -> str:
    """The text as the platform's people like it, with all that is to be mentioned."""
    return _TEMPLATES.get(slug(wanted.platform), _plain)(wanted, mentions)


def slug(platform: str) -> str:
    """A platform's name as a file name and a part of a key."""
    return re.sub(r"[^\w]+", "-", platform.lower()).strip("-")[:60] or "platform"


def _known(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("launch.")]
    return f"{len(lines)} launch entries" if lines else "no launch entries"


def _about(wanted: LaunchText) -> str:
    about = wanted.about or f"{wanted.product} is ready to be tried"
    return about.rstrip(".") + "."


def _pitch(wanted: LaunchText) -> str:
    """What the product is, without "X is" in front."""
    about = re.sub(rf"^{re.escape(wanted.product)}\s+is\s+", "", _about(wanted))
    return about.rstrip(".")


def _twitter(wanted: LaunchText, mentions: Sequence[str]) -> str:
    extra = "".join(f" Also: {mention}." for mention in mentions)
    tail = f"{extra} #{re.sub(r'[^0-9A-Za-z]', '', wanted.product) or 'launch'}"
    text = f"{wanted.product} is here: {_pitch(wanted)}."
    room = TWEET - len(tail)
    return (text if len(text) <= room else text[: max(0, room - 1)] + "…")[:TWEET] + tail[:TWEET]


def _linkedin(wanted: LaunchText, mentions: Sequence[str]) -> str:
    parts = [f"Today we launch {wanted.product}.", _about(wanted)]
    parts += [f"Worth mentioning: {mention}." for mention in mentions]
    return "\n\n".join([*parts, "Try it, and tell us what is missing."])


def _slack(wanted: LaunchText, mentions: Sequence[str]) -> str:
    points = [_about(wanted), *mentions, "Questions? Ask in this thread."]
    return "\n".join([f":rocket: *{wanted.product} is out*", *(f"• {point}" for point in points)])


def _hacker_news(wanted: LaunchText, mentions: Sequence[str]) -> str:
    head = f"Show HN: {wanted.product} - {_pitch(wanted)}"
    head = head if len(head) <= 80 else head[:79] + "…"
    extra = [f"Also: {mention}." for mention in mentions]
    return "\n\n".join([head, _about(wanted), *extra, "How it works, and what it cannot do yet: …"])


def _plain(wanted: LaunchText, mentions: Sequence[str]) -> str:
    return "\n\n".join([f"{wanted.product} is here.", _about(wanted), *mentions])


_TEMPLATES: Mapping[str, Template] = {
    "twitter": _twitter,
    "x": _twitter,
    "linkedin": _linkedin,
    "slack": _slack,
    "hacker-news": _hacker_news,
    "hn": _hacker_news,
}
