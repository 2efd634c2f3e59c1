from core.state.operations import Op
from core.subagents.runtime.arguments import TAKES
from core.subagents.runtime.program import _ANSWERED, _BROKERED
from core.subagents.tools import BY_NAME, CHANGE_STATE, RUN_BY_HOST, offered


def taken(name: str) -> dict[str, bool]:
    """The arguments that the model is told of, and whether each is required."""
    parameters = BY_NAME[name].parameters
    properties, required = parameters["properties"], parameters["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, tuple)
    return {argument: argument in required for argument in properties}


def test_the_model_is_told_exactly_what_the_runtime_takes() -> None:
    inside = {name: taken(name) for name in BY_NAME if name not in RUN_BY_HOST}
    assert inside == {
        tool: {name.rstrip("?"): not name.endswith("?") for name in arguments}
        for tool, arguments in TAKES.items()
    }


def test_the_runtime_hands_the_host_s_tools_to_the_host() -> None:
    assert {*_BROKERED, *_ANSWERED} >= RUN_BY_HOST


def test_the_operations_offered_are_those_that_can_be_merged() -> None:
    properties = CHANGE_STATE.parameters["properties"]
    assert isinstance(properties, dict)
    assert properties["operation"]["enum"] == tuple(op.value for op in Op)


def test_commands_are_not_offered_where_they_cannot_run() -> None:
    assert {tool.name for tool in offered(commands=True, web=True)} == set(BY_NAME)
    without = {tool.name for tool in offered(commands=False)}
    assert set(BY_NAME) - without == {"shell", "python", "fetch"}
