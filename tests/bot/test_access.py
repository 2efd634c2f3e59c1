"""The sections that say who may use the bot: what is taken, and what is refused with its key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.access import AccessSettings, SlackAccess, TelegramAccess, without_admins
from bot.config import ConfigError, load
from core.rights import Access, Who

Read = Callable[[str], AccessSettings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The access of a file with these lines."""

    def read(text: str) -> AccessSettings:
        file = tmp_path / "config.toml"
        file.write_text(text, "utf-8")
        return load(file).access

    return read


def lines(read: Read, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return caught.value.lines


def test_without_a_word_the_members_are_let_in_and_telegram_s_people_are_paired(
    read: Read,
) -> None:
    found = read("").of(("slack", "discord", "telegram"))
    assert {name: one.who for name, one in found.items()} == {
        "web": Who.ANYONE, "slack": Who.MEMBERS, "discord": Who.MEMBERS, "telegram": Who.PAIRED,
    }  # fmt: skip
    assert not any(one.strangers or one.people or one.admins for one in found.values())


def test_a_platform_that_is_not_served_has_no_access_at_all(read: Read) -> None:
    assert set(read('[access.slack]\nwho = "members"').of(("telegram",))) == {"web", "telegram"}


def test_what_the_file_says_reaches_the_core(read: Read) -> None:
    found = read(
        '[access.slack]\nwho = "listed"\npeople = ["U1", "W2"]\nchannels = ["C1", "G2", "D3"]\n'
        'admins = ["U9"]\nstrangers = "  Ask Ada. "\n'
        '[access.discord]\nroles = ["77"]\n[access.telegram]\nadmins = ["-100200"]'
    ).of(("slack", "discord", "telegram"))
    assert found["slack"] == Access(
        who=Who.LISTED,
        people=frozenset({"U1", "W2"}),
        channels=frozenset({"C1", "G2", "D3"}),
        admins=frozenset({"U9"}),
        strangers="Ask Ada.",
    )
    assert found["discord"].roles == {"77"}
    assert found["telegram"].admins == {"-100200"}


def test_a_number_may_stand_without_quotes(read: Read) -> None:
    found = read(
        "[access.discord]\npeople = [112233445566778899]\n[access.telegram]\nadmins = [-5]"
    )
    assert found.discord.people == {"112233445566778899"}
    assert found.telegram.admins == {"-5"}


@pytest.mark.parametrize(
    ("text", "begins", "says"),
    [
        ('[access.slack]\nwho = "paired"', "[access.slack] who:", '"members", "listed"'),
        ('[access.telegram]\nwho = "members"', "[access.telegram] who:", '"paired"'),
        ('[access.slack]\npeople = ["@ada"]', "[access.slack] people:", '"@ada"'),
        ('[access.slack]\npeople = "U1"', "[access.slack] people:", "must be a list"),
        ("[access.slack]\npeople = [1]", "[access.slack] people:", "U012AB3CD"),
        ('[access.slack]\nchannels = ["#general"]', "[access.slack] channels:", "C012AB3CD"),
        ('[access.discord]\nroles = ["Moderators"]', "[access.discord] roles:", "Copy ID"),
        ("[access.discord]\npeople = [true]", "[access.discord] people:", "true"),
        ("[access.discord]\npeople = [1.5]", "[access.discord] people:", "1.5"),
        ('[access.discord]\npeople = ["\\uff11"]', "[access.discord] people:", "numbers"),
        ('[access.telegram]\nadmins = ["12\\n"]', "[access.telegram] admins:", "\\u000a"),
        ("[access.telegram]\nstrangers = true", "[access.telegram] strangers:", "text in quotes"),
        ('[access.slack]\nstrangers = "a\\nb"', "[access.slack] strangers:", "one line"),
        ("[access.telegram]\nroles = []", "[access.telegram] roles:", "access.discord"),
        ("[access.slak]\n", "[access.slak]:", "did you mean access.slack"),
        ("[access]\nwho = 1", "access.who:", "access.slack"),
        ("access = 3", "access:", "outside of any section"),
        ("[[access.slack]]\n", "[access.slack]:", "one section"),
        ('[access.slack]\nwho = "listed"', "[access.slack] people:", "admins), because"),
        ('[access.discord]\nwho = "listed"', "[access.discord] people:", "roles or admins"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_names_its_key(
    read: Read, text: str, begins: str, says: str
) -> None:
    (line,) = lines(read, text)
    assert line.startswith(begins)
    assert says in line


def test_every_error_is_told_at_once(read: Read) -> None:
    found = lines(read, '[access.slack]\nwho = 1\npeople = 2\n[access.telegram]\nadmins = ["x"]')
    assert [line.split(":")[0] for line in found] == [
        "[access.slack] who", "[access.slack] people", "[access.telegram] admins",
    ]  # fmt: skip


def test_it_is_said_where_there_are_no_admins() -> None:
    settings = AccessSettings(
        slack=SlackAccess(admins=frozenset({"U1"})), telegram=TelegramAccess()
    )
    found = list(without_admins(settings.of(("slack", "discord", "telegram"))))
    assert [line.split(" ")[0] for line in found] == ["[access.discord]", "[access.telegram]"]
    assert "thaw pair CODE" in found[1]
    assert "thaw pair" not in found[0]
