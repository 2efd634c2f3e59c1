import pytest

from core.errors import BadRequest
from core.messages import Person
from core.state.settings import read_settings, remove_setting, write_setting
from tests.core.state.board import Board

ANN = Person(id="u1", name="Ann")
BEN = Person(id="u2", name="Ben")


def test_a_setting_keeps_its_value_and_who_set_it_last(board: Board) -> None:
    write_setting(board.tx, "model", {"name": "x"}, ANN, 1.0)
    write_setting(board.tx, "model", None, BEN, 2.0)
    write_setting(board.tx, "budget", 5, ANN, 3.0)
    budget, model = read_settings(board.tx)
    assert (budget.name, budget.value) == ("budget", 5)
    assert (model.name, model.value, model.by, model.at) == ("model", None, "Ben", 2.0)


def test_a_removed_setting_is_the_configurations_again(board: Board) -> None:
    write_setting(board.tx, "model", "x", ANN, 1.0)
    assert remove_setting(board.tx, "model")
    assert not remove_setting(board.tx, "model")
    assert read_settings(board.tx) == ()


def test_a_value_that_json_has_not_is_refused(board: Board) -> None:
    with pytest.raises(BadRequest, match="the setting model"):
        write_setting(board.tx, "model", float("nan"), ANN, 1.0)
