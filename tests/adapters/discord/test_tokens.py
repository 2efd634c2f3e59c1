import pytest

from adapters.discord import tokens
from adapters.discord.tokens import Tokens


def test_a_token_is_given_out_once_and_can_come_back() -> None:
    kept = Tokens()
    kept.keep("1", "app", "secret")
    assert kept.holds("1")
    token = kept.take("1")
    assert token is not None
    assert kept.take("1") is None
    kept.give_back("1", token)
    assert kept.take("1") == token
    assert kept.take("") is None


def test_an_old_token_is_none_and_old_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Tokens()
    monkeypatch.setattr(tokens, "_GOOD_S", -1.0)
    kept.keep("1", "app", "secret")
    assert kept.take("1") is None
    monkeypatch.setattr(tokens, "_MOST", 3)
    for number in range(10):
        kept.keep(str(number), "app", "secret")
    assert [number for number in range(10) if kept.holds(str(number))] == [7, 8, 9]
