from copy import deepcopy

import pytest

from adapters.discord.directory import Directory
from adapters.discord.interactions import Click, Command, Completion, Filled, Strange, read

ME = "100"


@pytest.fixture
def directory() -> Directory:
    made = Directory()
    made.apply("READY", {"user": {"id": ME}})
    made.apply("GUILD_CREATE", {"id": "9", "channels": [{"id": "11", "type": 0}]})
    return made


def asked(kind: int, data: dict[str, object], **changes: object) -> dict[str, object]:
    """An interaction as the gateway sends it."""
    return {
        "id": "1000000000000000000", "application_id": ME, "type": kind, "token": "aW50ZXI.x-y_z",
        "channel_id": "11", "guild_id": "9", "channel": {"id": "11", "type": 0}, "data": data,
        "member": {"user": {"id": "200", "username": "anna"}, "roles": ["77"], "nick": None},
        "version": 1, "locale": "de", "something_new": {"a": 1}, **changes,
    }  # fmt: skip


def button(custom: str, author: str = ME) -> dict[str, object]:
    row = {"type": 1, "components": [{"type": 2, "label": "Steer", "custom_id": custom}]}
    return {"id": "5", "author": {"id": author}, "components": [row]}


def typed(value: object) -> dict[str, object]:
    field = {"type": 4, "custom_id": "words", "value": value}
    return {"custom_id": "thaw:?steer.1", "components": [{"type": 18, "component": field}]}


KINDS = [
    asked(2, {"name": "job", "options": [{"name": "job", "type": 4, "value": 7}]}),
    asked(3, {"custom_id": "thaw:?steer.1", "component_type": 2}, message=button("thaw:?steer.1")),
    asked(4, {"name": "job", "options": [{"name": "job", "value": "1", "focused": True}]}),
    asked(5, typed("use staging")),
]


def test_each_kind_is_read(directory: Directory) -> None:
    command, click, completion, filled = (read(one, directory) for one in KINDS)
    assert isinstance(command, Command)
    assert command.text == "/job 7"
    assert command.asked.person.name == "anna"
    assert command.asked.person.roles == {"77"}
    assert isinstance(click, Click)
    assert (click.action, click.form, click.label) == ("steer.1", True, "Steer")
    assert isinstance(completion, Completion)
    assert (completion.kind, completion.typed) == ("jobs", "1")
    assert isinstance(filled, Filled)
    assert (filled.action, filled.text) == ("steer.1", "use staging")


def test_a_form_of_the_older_shape_is_read_too(directory: Directory) -> None:
    row = {"type": 1, "components": [{"type": 4, "custom_id": "words", "value": "old"}]}
    found = read(asked(5, {"custom_id": "thaw:?steer.1", "components": [row]}), directory)
    assert isinstance(found, Filled)
    assert found.text == "old"


def test_in_a_dm_the_person_is_named_without_a_membership(directory: Directory) -> None:
    payload = asked(2, {"name": "jobs"}, user={"id": "200", "username": "anna"})
    found = read({k: v for k, v in payload.items() if k not in ("guild_id", "member")}, directory)
    assert isinstance(found, Command)
    assert (found.asked.thread.channel.workspace, found.asked.person.id) == ("dm", "200")


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("broken", [None, [], {}, 7, "x", [[]], {"components": [None]}, True])
def test_no_field_can_break_the_reading(directory: Directory, number: int, broken: object) -> None:
    for field in KINDS[number]:
        payload = KINDS[number] | {field: broken}
        before = deepcopy(payload)
        read(payload, directory)
        read({k: v for k, v in payload.items() if k != field}, directory)
        assert payload == before
    data = KINDS[number]["data"]
    assert isinstance(data, dict)
    for field in data:
        found = read(KINDS[number] | {"data": data | {field: broken}}, directory)
        assert found is not None


@pytest.mark.parametrize("token", ["", "a/../b c", "x" * 600, "tok\nen", "../../users/@me?"])
def test_a_token_that_is_none_is_not_put_into_an_address(directory: Directory, token: str) -> None:
    assert read(KINDS[0] | {"token": token}, directory) is None


def test_another_bot_s_button_and_an_unknown_command_are_strange(directory: Directory) -> None:
    other = KINDS[1] | {"message": button("thaw:?steer.1", author="555")}
    assert isinstance(read(other, directory), Strange)
    assert isinstance(read(asked(2, {"name": "play"}), directory), Strange)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_the_bot_is_not_in_is_no_place(
    directory: Directory, kind: dict[str, object]
) -> None:
    assert read({**kind, "guild_id": "8"}, directory) is None
    directory.apply("GUILD_DELETE", {"id": "9"})
    assert read(kind, directory) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_chat_among_people_is_no_place(directory: Directory, kind: dict[str, object]) -> None:
    alone = {"guild_id": None, "member": None, "user": {"id": "200", "username": "anna"}}
    assert read({**kind, **alone, "context": 1}, directory) is not None
    assert read({**kind, **alone, "context": 2}, directory) is None


def test_in_a_direct_message_everybody_is_from_outside_until_they_are_known(
    directory: Directory,
) -> None:
    alone = {"guild_id": None, "member": None, "user": {"id": "200", "username": "anna"}}
    found = read({**KINDS[0], **alone}, directory)
    assert found is not None
    assert found.asked.person.outside
