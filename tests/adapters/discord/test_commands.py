from adapters.discord.commands import COMMANDS, alike, completes, registration, words
from core.primary.commands import COMMANDS as CORE
from core.primary.commands import parse_command
from tests.emulators.discord import refusals


def test_every_command_of_the_core_is_a_slash_command() -> None:
    # Nobody is let in by codes on Discord.
    pairing = {"pair", "unpair", "pairs"}
    assert {command.name for command in COMMANDS} - {"thaw"} == set(CORE) - pairing


def test_discord_takes_the_commands() -> None:
    refusals.commands(registration())


def test_every_command_with_all_its_options_is_understood_by_the_core() -> None:
    values = {"key": "my key", "at": "yesterday", "job": 3, "commit": 3, "conflict": 3,
              "before": 3, "withdraw": 3, "choice": "1", "how": "job", "name": "model",
              "value": "x", "what": "me"}  # fmt: skip
    for command in COMMANDS:
        given = [
            {"name": option.name, "value": values.get(option.name, "some words")}
            for option in command.options
        ]
        text = words(command.name, given)
        assert text is not None
        assert command.talk or parse_command(text) is not None


def test_commands_are_told_to_discord_only_when_they_changed() -> None:
    there = [
        command | {"id": "1", "version": "2", "nsfw": False, "default_permission": True}
        for command in registration()
    ]
    assert alike(there)
    assert alike(list(reversed(there)))
    assert not alike(there[1:])
    assert not alike([there[0] | {"description": "old"}, *there[1:]])
    assert not alike([there[0] | {"contexts": [0, 1, 2]}, *there[1:]])


def test_a_command_of_another_bot_has_no_words() -> None:
    assert words("play", []) is None
    assert completes("play", "song") == ""


def test_an_option_of_another_type_is_left_out() -> None:
    assert words("job", [{"name": "job", "value": 7.0}]) == "/job 7"
    assert words("job", [{"name": "job", "value": {"a": 1}}, {"name": "x", "value": 1}]) == "/job"
    assert completes("job", "job") == "jobs"


def test_no_command_is_offered_in_chats_that_the_bot_is_not_in() -> None:
    for command in registration():
        assert (command["integration_types"], command["contexts"]) == ([0], [0, 1])
