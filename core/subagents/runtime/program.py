"""The program: the loop of model and tools until the work is accepted. Drops no rights."""

import sys

from .arguments import TAKES, Value, check
from .commands import Commands
from .files import edit_file, list_files, read_file, write_file
from .tree import Tree
from .wire import HostGone, TooLong, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .reader import Json

DONE, STOPPED, HOST_GONE = 0, 3, 4
"""Exit codes: finished and accepted, told to stop, nobody there to work for."""
_TIMEOUT = 120.0
_DETAIL = 200
_NAME = 200
_COMMANDS = ("shell", "python")
_BROKERED = ("search", "read_state", "change_state", "read_result", "progress", "ask")
_ANSWERED = ("fetch",)
"""Not on every host; one that has it not says what to do instead."""
_SERVED = "mcp__"
"""How the names of tools begin that servers have, which the host alone knows."""


class Subagent:
    """One run: asks the model what to do, does it, until the work is accepted as finished."""

    def __init__(self, wire: Wire, tree: Tree, commands: Commands, commands_off: str) -> None:
        self._wire = wire
        self._tree = tree
        self._commands = commands
        self._commands_off = commands_off

    def work(self) -> int:
        """Return the exit code. Raises HostGone."""
        while True:
            answer = self._wire.ask("model")
            if "stop" in answer:
                return STOPPED
            calls = _calls(answer)
            if not calls and self._finish(None, {"result": str(answer.get("text"))}):
                return DONE
            for call, tool, arguments in calls:
                if self._call(call, tool, arguments):
                    return DONE

    def _call(self, call: str, tool: str, arguments: str) -> bool:
        """Do one call; return whether it ended the work."""
        if tool in _BROKERED or tool in _ANSWERED or tool.startswith(_SERVED):
            try:
                self._wire.ask("tool", call=call, tool=tool, arguments=arguments)
            except TooLong:
                self._fail(call, tool, "the arguments are longer than a call can be; shorten them")
            return False
        try:
            given = self._check(tool, arguments)
        except ValueError as error:
            self._fail(call, tool, str(error))
            return False
        if tool == "finish":
            return self._finish(call, given)
        if "ok" in self._wire.ask("begin", call=call, tool=tool, detail=_detail(given)):
            self._wire.tell("end", call=call, result=self._run(tool, given))
        return False

    def _check(self, tool: str, arguments: str) -> dict[str, Value]:
        if tool not in TAKES:
            off = _COMMANDS if self._commands_off else ()
            known = ", ".join(name for name in (*TAKES, *_BROKERED) if name not in off)
            raise ValueError(f"there is no tool {tool[:_NAME]!a}; the tools are {known}")
        if tool in _COMMANDS and self._commands_off:
            raise ValueError(f"{tool} is off here: {self._commands_off}")
        return check(tool, arguments)

    def _fail(self, call: str, tool: str, error: str) -> None:
        if "ok" in self._wire.ask("begin", call=call, tool=tool, detail="a wrong call"):
            self._wire.tell("end", call=call, result=f"error: {error}")

    def _finish(self, call: str | None, given: dict[str, Value]) -> bool:
        files = given.get("files", [])
        result = str(given["result"])
        try:
            reply = self._wire.ask(
                "finish", call=call, result=result, files=files if isinstance(files, list) else []
            )
        except TooLong:
            if call is None:
                reply = self._wire.ask("finish", call=None, result=result[:50_000], files=[])
                return "ok" in reply
            error = "the result is too long; write it to a file, name that in files, and sum it up"
            self._fail(call, "finish", error)
            return False
        return "ok" in reply

    def _run(self, tool: str, given: dict[str, Value]) -> str:
        try:
            return self._tool(tool, given)
        except (ValueError, OSError) as error:
            return f"error: {error}"
        except MemoryError:
            return "error: there was not enough memory for it"

    def _tool(self, tool: str, given: dict[str, Value]) -> str:
        timeout = float(str(given.get("timeout", _TIMEOUT)))
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        counts = {name: value for name, value in given.items() if isinstance(value, int)}
        match tool:
            case "shell":
                return self._commands.shell(texts["command"], timeout)
            case "python":
                return self._commands.python(sys.executable, texts["code"], timeout)
            case "list_files":
                return list_files(self._tree, **texts)
            case "read_file":
                return read_file(self._tree, texts["path"], **counts)
            case "write_file":
                return write_file(self._tree, **texts)
            case _:
                return edit_file(self._tree, **texts)


def _calls(answer: "dict[str, Json]") -> list[tuple[str, str, str]]:
    """Return id, tool and arguments of each call in the host's answer."""
    calls = answer.get("calls")
    if not isinstance(calls, list):
        raise HostGone("the host sent no list of calls")
    return [
        (str(call.get("id")), str(call.get("name")), str(call.get("arguments")))
        for call in calls
        if isinstance(call, dict)
    ]


def _detail(given: dict[str, Value]) -> str:
    """Return the call in a line for people: its first argument says what it is about."""
    first = str(next(iter(given.values()), ""))
    return first.strip().split("\n")[0][:_DETAIL]


def run(
    line: int, hello: int, answer: bytes, tree: Tree, commands: Commands, commands_off: str
) -> int:
    """Work until the end and return the exit code.

    The frame numbered `hello` has been sent on `line`, and the first bytes of its answer have come.
    """
    wire = Wire(line, commands.wait, sent=hello, come=answer)
    try:
        welcome = wire.answer(hello)
        if not commands_off and not welcome.get("shell"):
            commands_off = str(welcome.get("reason") or "the host says so")
        return Subagent(wire, tree, commands, commands_off).work()
    except HostGone:
        return HOST_GONE
    finally:
        commands.end()
