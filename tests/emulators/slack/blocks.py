"""What Slack refuses in messages, metadata and views. Pure; raises Refusal with Slack's error."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_STYLES = {"primary", "danger"}
_TYPES = {"markdown", "section", "context", "actions", "divider", "header", "table", "input"}


class Refusal(Exception):
    """A call is refused: ok false with this error."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(error, detail)
        self.error = error
        self.detail = detail


def need(holds: object, error: str, detail: str = "") -> None:
    """Refuse unless it holds."""
    if not holds:
        raise Refusal(error, detail)


def units(text: str) -> int:
    """Length as JavaScript counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_message(text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
    """A message to be posted."""
    need(text or blocks, "no_text")
    need(units(text) <= 40_000, "msg_too_long")
    check_blocks(blocks)


def check_blocks(blocks: object) -> None:
    """The blocks of a message."""
    need(isinstance(blocks, list | tuple), "invalid_blocks_format")
    assert isinstance(blocks, list | tuple)
    need(len(blocks) <= 50, "invalid_blocks", "more than 50 blocks")
    marked = sum(units(b.get("text", "")) for b in blocks if b.get("type") == "markdown")
    need(marked <= 12_000, "msg_blocks_too_long", f"{marked} characters in markdown blocks")
    whole = units(json.dumps(blocks, ensure_ascii=False))
    need(whole <= 13_200 or marked == 0, "msg_blocks_too_long", f"{whole} characters")
    tables = sum(b.get("type") == "table" for b in blocks)
    need(tables <= 1, "invalid_blocks", "only_one_table_allowed")
    actions: list[str] = []
    for block in blocks:
        need(block.get("type") in _TYPES, "invalid_blocks", f"type {block.get('type')}")
        need(units(block.get("block_id", "")) <= 255, "invalid_blocks", "block_id")
        _check_block(block, actions)
    need(len(actions) == len(set(actions)), "invalid_blocks", "action_id twice")


def _check_block(block: Mapping[str, Any], actions: list[str]) -> None:
    match block["type"]:
        case "markdown":
            need(isinstance(block.get("text"), str) and block["text"], "invalid_blocks", "empty")
        case "section":
            _check_text(block["text"], 3_000)
        case "header":
            need(block["text"].get("type") == "plain_text", "invalid_blocks", "header")
            _check_text(block["text"], 150)
        case "context":
            need(1 <= len(block["elements"]) <= 10, "invalid_blocks", "context elements")
            for element in block["elements"]:
                _check_text(element, 3_000)
        case "actions":
            need(1 <= len(block["elements"]) <= 25, "invalid_blocks", "actions elements")
            for element in block["elements"]:
                _check_button(element)
                actions.append(element["action_id"])
        case "table":
            _check_table(block["rows"])


def _check_text(text: Mapping[str, Any], longest: int) -> None:
    need(text.get("type") in ("plain_text", "mrkdwn"), "invalid_blocks", "text type")
    need(1 <= units(text.get("text", "")) <= longest, "invalid_blocks", "text length")


def _check_button(button: Mapping[str, Any]) -> None:
    need(button.get("type") == "button", "invalid_blocks", "element type")
    need(button["text"].get("type") == "plain_text", "invalid_blocks", "button text")
    _check_text(button["text"], 75)
    need(1 <= units(button.get("action_id", "")) <= 255, "invalid_blocks", "action_id")
    need(units(button.get("value", "")) <= 2_000, "invalid_blocks", "value")
    need("style" not in button or button["style"] in _STYLES, "invalid_blocks", "style")


def _check_table(rows: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    need(1 <= len(rows) <= 100, "invalid_blocks", "table rows")
    for row in rows:
        need(1 <= len(row) <= 20, "invalid_blocks", "table columns")
        for cell in row:
            need(cell.get("type") == "raw_text" and cell.get("text"), "invalid_blocks", "cell")
    letters = sum(units(cell["text"]) for row in rows for cell in row)
    need(letters <= 10_000, "invalid_blocks", "table too long")


def check_metadata(metadata: object) -> None:
    """Message metadata."""
    if metadata is None:
        return
    need(isinstance(metadata, dict), "invalid_metadata_format")
    assert isinstance(metadata, dict)
    need(re.fullmatch(r"[A-Za-z0-9_]+", metadata.get("event_type", "")), "invalid_metadata_format")
    need(isinstance(metadata.get("event_payload"), dict), "invalid_metadata_format")
    need(len(json.dumps(metadata)) <= 8_000, "metadata_too_large")


def check_view(view: Mapping[str, Any]) -> None:
    """A modal."""
    need(view.get("type") == "modal", "invalid_arguments", "type")
    need(1 <= units(view["title"]["text"]) <= 24, "invalid_arguments", "title")
    for part in ("submit", "close"):
        need(part not in view or units(view[part]["text"]) <= 24, "invalid_arguments", part)
    need(units(view.get("private_metadata", "")) <= 3_000, "invalid_arguments", "private_metadata")
    blocks = view["blocks"]
    need(1 <= len(blocks) <= 100, "invalid_arguments", "blocks")
    inputs = [block for block in blocks if block["type"] == "input"]
    need(not inputs or "submit" in view, "invalid_arguments", "an input needs a submit")
    for block in inputs:
        need(1 <= units(block["label"]["text"]) <= 2_000, "invalid_arguments", "label")
    for block in blocks:
        need(block["type"] != "markdown", "invalid_arguments", "markdown is for messages")
        if block["type"] in ("section", "context"):
            _check_block(block, [])
