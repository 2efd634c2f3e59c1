"""Payloads in the shapes that Slack sends, whole, with holes, and with nonsense in them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import translate
from adapters.slack.events import Bot
from adapters.slack.forms import carried, form
from core.messages import Deletion, Edit, Person
from tests.adapters.slack.fake_core import place

BOT = Bot(user="U0BOT", bot_id="B0BOT", team="T0THAW")
TS, ROOT = "1795371542.984246", "1795371500.000100"


def said(**changes: Any) -> dict[str, Any]:
    event = {
        "client_msg_id": "3f1", "type": "message", "text": "<@U0BOT> hello", "user": "U0ANNA",
        "ts": TS, "team": "T0THAW", "channel": "C0GEN", "event_ts": TS, "channel_type": "channel",
        "blocks": [{"type": "rich_text", "block_id": "x", "elements": []}],
    }  # fmt: skip
    return {"team_id": "T0THAW", "type": "event_callback", "event": event | changes}


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return body | {"event": {k: v for k, v in body["event"].items() if k != name}}


def test_a_message_with_all_that_matters() -> None:
    found = translate.spoken(said(thread_ts=ROOT), BOT, {"U0ANNA": "Anna"})
    assert found is not None
    assert found.message.author == Person(id="U0ANNA", name="Anna")
    assert (found.message.id, found.message.thread) == (TS, place(ROOT))
    assert found.message.at == float(TS)
    assert found.addressed
    assert not found.message.direct


@pytest.mark.parametrize(
    ("event", "body", "outside"),
    [
        ({}, {}, False),
        ({"user_team": "T0OTHER"}, {}, True),
        ({"team": "T0OTHER"}, {}, True),
        ({"user_team": "T0OTHER"}, {"enterprise_id": "E0US"}, True),
        ({"user_team": "E0US"}, {"enterprise_id": "E0US"}, False),
        ({"team": None}, {}, False),
        ({"team": None}, {"is_ext_shared_channel": True}, True),
        ({}, {"is_ext_shared_channel": True}, False),
    ],
)
def test_who_belongs_to_another_workspace_is_from_outside(
    event: dict[str, Any], body: dict[str, Any], outside: bool
) -> None:
    found = translate.spoken(said(**event) | body, BOT, {})
    assert found is not None
    assert found.message.author.outside is outside


def test_what_a_sender_elsewhere_calls_home_is_not_ours() -> None:
    # In a shared channel the payload's own workspace may be the sender's; whom it was sent to is
    # in `authorizations`.
    ours = [{"team_id": "T0THAW", "enterprise_id": None}]
    theirs = {"team_id": "T0OTHER", "enterprise_id": "E0OTHER", "authorizations": ours}
    for team in ("T0OTHER", "E0OTHER"):
        found = translate.spoken(said(user_team=team) | theirs, BOT, {})
        assert found is not None
        assert found.message.author.outside
        assert found.message.thread.channel.workspace == "T0THAW"


def test_a_form_that_was_filled_in_elsewhere_is_of_where_the_app_is() -> None:
    carries = {"channel": "C0GEN", "thread": ROOT, "action": "steer.1"}
    view = {"id": "V1", "callback_id": "thaw_form", "app_installed_team_id": "T0THAW"}
    user = {"id": "U0X", "team_id": "T0OTHER"}
    body = {"view": view, "user": user, "team": {"id": "T0OTHER"}}
    found = translate.submitted(body, carries, BOT, 1.0)
    assert found is not None
    assert found.person.outside
    assert found.thread == place(ROOT)


def test_an_edit_by_somebody_of_another_workspace_is_from_outside() -> None:
    now = {"user": "U0X", "ts": TS, "text": "new", "edited": {"ts": TS}, "team": "T0OTHER"}
    edit = translate.changed(changed(now), BOT, {})
    assert isinstance(edit, Edit)
    assert edit.author == Person(id="U0X", name="U0X", outside=True)


def test_the_bots_name_alone_asks_for_help() -> None:
    for text in ("<@U0BOT>", " <@U0BOT>  "):
        found = translate.spoken(said(text=text), BOT, {})
        assert found is not None
        assert found.message.text == "/help"


def test_a_direct_message_is_known_as_one() -> None:
    for marks in ({"channel": "D0ANNA"}, {"channel_type": "im"}):
        found = translate.spoken(said(**marks), BOT, {})
        assert found is not None
        assert found.message.direct


@pytest.mark.parametrize("name", ["client_msg_id", "team", "event_ts", "channel_type", "blocks"])
def test_what_is_not_needed_may_be_missing(name: str) -> None:
    assert translate.spoken(without(said(), name), BOT, {}) is not None


@pytest.mark.parametrize("name", ["ts", "user", "channel"])
@pytest.mark.parametrize("value", [None, 7, "", "nonsense/../", {}, [], "C0GEN\n", "1795371542"])
def test_what_is_needed_must_make_sense(name: str, value: object) -> None:
    assert translate.spoken(said(**{name: value}), BOT, {}) is None
    assert translate.spoken(without(said(), name), BOT, {}) is None


def test_workspaces_are_told_apart() -> None:
    other = translate.spoken(said() | {"team_id": "T0OTHER"}, BOT, {})
    assert other is not None
    assert other.message.thread.channel.workspace == "T0OTHER"


def test_files_are_named_with_where_they_are() -> None:
    files = [
        {"name": "a.log", "size": 5, "mimetype": "text/plain", "url_private_download": "https://x"},
        {"name": "big", "size": "odd", "url_private": "https://y"},
        {"is_external": True, "url_private": "https://evil.example", "title": "doc"},
        "nonsense", None,
    ]  # fmt: skip
    found = translate.spoken(said(files=files, subtype="file_share"), BOT, {})
    assert found is not None
    assert [(f.name, f.url, f.size) for f in found.files] == [
        ("a.log", "https://x", 5), ("big", "https://y", 0), ("doc", "", 0),
    ]  # fmt: skip


def test_a_message_that_has_only_blocks_is_heard_and_edited() -> None:
    words = [{"type": "user", "user_id": "U0BOT"}, {"type": "text", "text": " hello"}]
    blocks = [{"type": "rich_text", "elements": [{"elements": words}]}]
    found = translate.spoken(said(text="", blocks=blocks), BOT, {})
    assert found is not None
    assert (found.named, found.message.text) == (True, "hello")


def test_who_has_a_name_that_begins_like_the_bots_is_not_the_bot() -> None:
    found = translate.spoken(said(text="<@U0BOTTOM> hello"), BOT, {})
    assert found is not None
    assert not found.addressed


def test_a_file_of_which_slack_tells_the_id_alone_has_to_be_asked_for() -> None:
    files = [{"id": "F1", "file_access": "check_file_info", "mode": "file_access"}, {"id": "F2"}]
    found = translate.spoken(said(files=files, subtype="file_share"), BOT, {})
    assert found is not None
    assert [file.ask for file in found.files] == ["F1", ""]


def test_a_message_that_is_passed_on_comes_with_it() -> None:
    shared = [{"is_share": True, "text": "line 1\nline 2"}, {"text": "a preview"}, 5]
    found = translate.spoken(said(attachments=shared), BOT, {})
    assert found is not None
    assert found.message.text == "hello\n\n> line 1\n> line 2"


def changed(now: dict[str, Any], **event: Any) -> dict[str, Any]:
    before = said()["event"]
    return said(
        **{
            "subtype": "message_changed", "message": before | now, "previous_message": before,
            "hidden": True, "text": "", "user": None,
        } | event
    )  # fmt: skip


def test_an_edit_says_what_the_message_says_now() -> None:
    body = changed({"text": "other", "edited": {"user": "U0ANNA", "ts": "1795371600.000200"}})
    edit = translate.changed(body, BOT, {})
    assert isinstance(edit, Edit)
    assert (edit.message_id, edit.text, edit.thread) == (TS, "other", place(TS))
    assert edit.id == f"edit:{TS}:1795371600.000200"


@pytest.mark.parametrize(
    "now",
    [
        {"attachments": [{"title": "a preview"}]},
        {"attachments": [{"title": "of one edited before"}], "edited": {"ts": "1.1"}},
        {"text": "other"},
        {"text": "other", "edited": {"ts": "1.1"}, "bot_id": "B9"},
        {"text": "other", "edited": {"ts": "1.1"}, "user": "U0BOT"},
    ],
)
def test_previews_and_bots_edit_nothing(now: dict[str, Any]) -> None:
    assert translate.changed(changed(now), BOT, {}) is None


def test_a_deleted_root_with_replies_is_a_deletion_too() -> None:
    tombstone = translate.changed(changed({"subtype": "tombstone", "user": "U0ANNA"}), BOT, {})
    gone = translate.changed(
        changed({}, subtype="message_deleted", message=None, deleted_ts=TS), BOT, {}
    )
    for deletion in (tombstone, gone):
        assert isinstance(deletion, Deletion)
        assert (deletion.id, deletion.message_id) == (f"deletion:{TS}", TS)


def pressed(**changes: Any) -> dict[str, Any]:
    return {
        "type": "block_actions", "team": {"id": "T0THAW"}, "user": {"id": "U0ANNA", "name": "anna"},
        "container": {"message_ts": TS, "channel_id": "C0GEN", "thread_ts": ROOT},
        "channel": {"id": "C0GEN"}, "message": {"ts": TS, "thread_ts": ROOT}, "trigger_id": "1.2",
        "actions": [{"action_id": "stop.1", "action_ts": "1795371700.1", "type": "button"}],
    } | changes  # fmt: skip


def test_a_press_knows_its_place_and_its_button() -> None:
    found = translate.pressed(pressed(), BOT)
    assert found is not None
    assert (found.action, found.thread, found.person.name) == ("stop.1", place(ROOT), "anna")


@pytest.mark.parametrize(
    "hole",
    [
        {"actions": []}, {"actions": None}, {"actions": ["x"]}, {"user": None},
        {"user": {"id": "<!here>"}},
        {"channel": None, "container": None},
        {"actions": [{"action_id": "stop.1"}]},
    ],
)  # fmt: skip
def test_a_press_with_holes_is_none(hole: dict[str, Any]) -> None:
    assert translate.pressed(pressed(**hole), BOT) is None


@pytest.mark.parametrize(
    ("team", "grid", "outside"),
    [("T0THAW", None, False), ("T0OTHER", None, True), ("E0US", "E0US", False),
     ("T0OTHER", "E0US", True)],
)  # fmt: skip
def test_a_press_by_somebody_of_another_workspace_is_from_outside(
    team: str, grid: str | None, outside: bool
) -> None:
    user = {"id": "U0X", "team_id": team}
    found = translate.pressed(pressed(user=user, enterprise=grid and {"id": grid}), BOT)
    assert found is not None
    assert found.person.outside is outside


def test_a_form_comes_back_as_a_press_where_it_was_opened() -> None:
    view = form("What?", "edit.4.2", place(ROOT))
    state = {"values": {"thaw_form": {"thaw_form": {"value": "mine"}}}}
    body = {"user": {"id": "U0ANNA"}, "team": {"id": "T0THAW"}}
    shown = {**view, "id": "V1", "state": state}
    press = translate.submitted({**body, "view": shown}, carried(shown), BOT, 5.0)
    assert press is not None
    assert (press.action, press.text, press.thread) == ("edit.4.2", "mine", place(ROOT))
    for odd in ({}, {**shown, "private_metadata": "no json"}, {**shown, "private_metadata": "[]"}):
        assert translate.submitted({**body, "view": odd}, carried(odd), BOT, 5.0) is None


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([TS, "U0A"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["event", "type", "subtype", "ts", "user", "channel", "text", "message", "files",
             "previous_message", "edited", "actions", "container", "view", "id", "team_id", "team"]
        ), inner, max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["event", "user", "team", "actions", "view"]), NONSENSE))
def test_no_payload_breaks_the_translation(body: dict[str, Any]) -> None:
    translate.spoken(body, BOT, {})
    translate.changed(body, BOT, {})
    translate.pressed(body, BOT)
    translate.stopped(body, BOT)
    translate.commanded(body, BOT, 1.0)
    translate.submitted(body, carried(body.get("view")), BOT, 1.0)
