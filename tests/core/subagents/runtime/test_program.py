from pathlib import Path

import pytest

from core.subagents.protocol import (
    Answer,
    AskModel,
    Begin,
    CallTool,
    Finish,
    Proceed,
    Refused,
    Stop,
)
from core.subagents.sandbox import Sandbox, choose
from tests.core.subagents.host import Host, hosted, spec

_OTHERS = (
    "list_files, read_file, write_file, edit_file, finish, search, read_state, change_state, "
    "read_result, progress, ask"
)


async def test_an_answer_without_calls_is_the_finish(host: Host) -> None:
    await host.say(Answer(text="all done", calls=()))
    finish = await host.decide()
    assert (finish.call, finish.result, finish.files) == (None, "all done", ())
    assert (await host.process.wait()).code == 0


async def test_an_accepted_finish_ends_with_code_0(host: Host) -> None:
    finish = await host.finish(result="here it is", files=["a.txt"])
    assert (finish.result, finish.files) == ("here it is", ("a.txt",))
    assert await host.process.receive() is None
    exit_ = await host.process.wait()
    assert (exit_.code, exit_.signal, exit_.killed, exit_.stderr) == (0, None, None, "")


async def test_a_refused_finish_goes_on_with_the_loop(host: Host) -> None:
    await host.finish(error="a.txt does not exist", result="here it is", files=["a.txt"])
    assert "exit code 0" in await host.shell("true")
    await host.finish(result="here it is")
    assert (await host.process.wait()).code == 0


async def test_a_refused_answer_without_calls_goes_on_with_the_loop(host: Host) -> None:
    await host.say(Answer(text="done", calls=()))
    await host.decide(error="not yet")
    await host.finish(result="now")
    assert (await host.process.wait()).code == 0


async def test_stop_ends_with_code_3(host: Host) -> None:
    await host.say(Stop(reason="the budget is used up"))
    assert (await host.process.wait()).code == 3


async def test_several_calls_of_one_answer_run_in_order(host: Host, workspace: Path) -> None:
    calls = (
        host.tool_call("write_file", '{"path": "a", "content": "1"}'),
        host.tool_call("shell", '{"command": "cat a; printf 2 > a"}'),
        host.tool_call("read_file", '{"path": "a"}'),
    )
    await host.say(Answer(text="", calls=calls))
    for call in calls:
        begin = await host.frame()
        assert isinstance(begin, Begin)
        assert (begin.call, begin.tool) == (call.id, call.name)
        await host.reply(begin, Refused(error="no") if call is calls[1] else Proceed())
        if call is not calls[1]:
            await host.frame()
    assert (workspace / "a").read_text() == "1"
    assert isinstance(await host.frame(), AskModel)


async def test_calls_after_an_accepted_finish_are_not_run(host: Host, workspace: Path) -> None:
    calls = (
        host.tool_call("finish", '{"result": "done"}'),
        host.tool_call("write_file", '{"path": "late", "content": "1"}'),
    )
    await host.say(Answer(text="", calls=calls))
    await host.decide()
    assert (await host.process.wait()).code == 0
    assert not (workspace / "late").exists()


async def test_a_brokered_tool_is_asked_of_the_host_with_the_models_own_words(host: Host) -> None:
    arguments = '{"query": "caf\\u00e9", "more": [1, {}]}'
    assert await host.call_raw("search", arguments) == "search of the host"
    call = host.frames[-2]
    assert isinstance(call, CallTool)
    assert (call.tool, call.arguments) == ("search", arguments)


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("shell", "{", "the arguments are not JSON"),
        ("shell", '{"command": "ls"} x', "more text after its end"),
        ("shell", "[]", "must be a JSON object"),
        ("shell", "{}", "command is missing. Right is shell(command, timeout?)"),
        ("shell", "", "command is missing"),
        ("shell", '{"command": 5}', "command must be text"),
        ("shell", '{"command": "ls", "timeout": "5"}', "timeout must be seconds, a number"),
        ("shell", '{"command": "ls", "timeout": true}', "timeout must be seconds, a number"),
        ("shell", '{"command": "ls", "timeout": -1}', "more than 0"),
        ("shell", '{"command": "ls", "timeout": 1e999}', "at most 3600"),
        ("shell", '{"command": "ls", "timeout": NaN}', "NaN is not JSON"),
        ("shell", '{"command": "ls", "cwd": "/"}', "does not take 'cwd'"),
        ("shell", '{"command": "a\\u0000b"}', "could not be started"),
        ("python", '{"code": null}', "code is missing"),
        ("read_file", '{"path": "a", "start": 1.5}', "start must be a whole number"),
        ("read_file", '{"path": "a", "start": 0}', "counted from 1"),
        ("finish", "{}", "result is missing"),
        ("finish", '{"result": "x", "files": "a"}', "files must be a list of texts"),
        ("finish", '{"result": "x", "files": [1]}', "files must be a list of texts"),
        ("dance", "{}", "there is no tool 'dance'; the tools are shell, python, " + _OTHERS),
        ("shell", "[" * 100_000, "nested too deeply"),
        ("shell", '{"command": ' + "9" * 10_000 + "}", "not JSON"),
    ],
)
async def test_a_wrong_call_gets_an_error_to_act_on(
    host: Host, tool: str, arguments: str, expected: str
) -> None:
    result = await host.call_raw(tool, arguments)
    assert result.startswith("error: ") or "could not" in result
    assert expected in result
    assert "exit code 0" in await host.shell("true")  # it goes on


async def test_text_that_is_no_unicode_does_not_break_the_line(host: Host) -> None:
    assert "wrote" in await host.call_raw("write_file", '{"path": "a", "content": "\\ud800"}')
    finish = await host.finish(result="\ud800 end")
    assert finish.result == "? end"


async def test_too_long_a_result_is_refused_with_what_to_do(host: Host) -> None:
    assert "write it to a file" in await host.call("finish", result="x" * (1 << 20))
    assert "shorten" in await host.call("search", query="x" * (1 << 20))


async def test_too_long_an_answer_without_calls_is_cut(host: Host) -> None:
    await host.say(Answer(text="x" * (1 << 20), calls=()))
    assert len((await host.decide()).result) == 50_000


async def test_an_answer_of_several_megabytes_arrives(host: Host, workspace: Path) -> None:
    content = "größer\n" * 500_000
    assert "wrote" in await host.call("write_file", path="big.txt", content=content)
    assert (workspace / "big.txt").read_text() == content


async def test_when_the_host_is_gone_the_program_ends_with_code_4(host: Host) -> None:
    await host.start_call("shell", command="sleep 1000")
    host.process.lines.close()  # type: ignore[attr-defined]
    assert (await host.process.wait()).code == 4


async def test_shell_and_python_are_off_when_the_host_says_so(
    plain: Sandbox, workspace: Path
) -> None:
    process = await plain.start(spec(workspace))
    host = await Host(process).welcome(shell=False, reason="bubblewrap is missing")
    for tool, arguments in (("shell", {"command": "id"}), ("python", {"code": "1"})):
        assert (
            await host.call(tool, **arguments)
            == f"error: {tool} is off here: bubblewrap is missing"
        )
    assert (await host.call("dance")).endswith(f"the tools are {_OTHERS}")
    assert "wrote" in await host.call("write_file", path="a", content="1")
    await host.finish(result="x")
    assert (await process.wait()).code == 0


async def test_shell_is_off_without_isolation_even_if_the_host_says_it_is_on(
    tmp_path: Path, workspace: Path
) -> None:
    choice = await choose("auto", tmp_path / "run", program="no-such-bwrap")
    assert choice.sandbox is not None
    process = await choice.sandbox.start(spec(workspace))
    host = await Host(process).welcome(shell=True)
    assert "shell is off here: there is no sandbox" in await host.call("shell", command="id")
    await host.finish(result="x")
    assert (await process.wait()).code == 0


async def test_a_line_for_people_says_what_a_call_is_about(host: Host) -> None:
    await host.shell("echo one\necho two")
    begins = [frame.detail for frame in host.frames if isinstance(frame, Begin)]
    assert begins == ["echo one"]


@pytest.mark.needs_system("bubblewrap")
async def test_the_program_is_the_same_in_the_sandbox(bubblewrap: Sandbox, workspace: Path) -> None:
    async with hosted(bubblewrap, spec(workspace)) as host:
        assert "uid=1000" in await host.shell("id")
        assert isinstance(await host.finish(result="x"), Finish)
        assert (await host.process.wait()).code == 0
