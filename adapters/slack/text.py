"""Slack's own markup to and from plain text. Pure."""

import re
from collections.abc import Mapping

_MARK = re.compile(r"<((?:[@#!]|https?://|mailto:|tel:)[^<>]+)>")
_USER = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^<>]*)?>")
# What Slack would take for a mention or a channel in a text of ours, whatever label it has.
_SPECIAL = re.compile(
    r"<(?=@[UWBS][A-Z0-9]+[|>]|#[CGD][A-Z0-9]+[|>]"
    r"|!(?:here|channel|everyone|group|subteam|date)\b)"
)
_PERSON = re.compile(r"[UW][A-Z0-9]{1,20}")
# Shown as nothing, and keeps two signs from being read as one.
_JOINER = "\u2060"


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the people that a text mentions."""
    return tuple(dict.fromkeys(_USER.findall(text)))


def plain(text: str, names: Mapping[str, str], me: str) -> str:
    """What a person wrote, as people read it; mentions of `me` at its start are left out."""
    addressed = re.compile(rf"^(?:\s*<@{re.escape(me)}(?:\|[^<>]*)?>[,:]?)+\s*")
    text = _MARK.sub(lambda found: _spelled(found[1], names), addressed.sub("", text))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _spelled(mark: str, names: Mapping[str, str]) -> str:
    target, _, label = mark.partition("|")
    match target[0]:
        case "@":
            return f"@{names.get(target[1:]) or label.lstrip('@') or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return _special(target[1:], label)
    if not label or label == target or target.removeprefix("mailto:") == label:
        return target.removeprefix("mailto:")
    return label if target.endswith(f"//{label}") else f"[{label}]({target})"


def _special(target: str, label: str) -> str:
    if target in ("here", "channel", "everyone"):
        return f"@{target}"
    return label or target.partition("^")[0]


def escaped(text: str) -> str:
    """Text in which Slack finds no markup of its own; that of mrkdwn stays."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def defused(text: str) -> str:
    """Markdown in which nothing notifies anybody."""
    return _SPECIAL.sub(f"<{_JOINER}", text)


def mention(id: str) -> str:
    """What notifies this person, "" for who has no id of Slack's."""
    return f"<@{id}>" if _PERSON.fullmatch(id) else ""
