"""Approvals: what a job wants to run is shown whole, with buttons that say how long it may."""

import pytest

from tests.contract.somebody import settled
from tests.contract.stage import Stage
from tests.contract.theatre import everywhere
from tests.harness.people import labelled, one
from tests.harness.play import finish, shell, starting

pytestmark = pytest.mark.needs_system("bubblewrap")
PLACE = 24


@everywhere()
async def test_a_marked_command_waits_for_a_press_and_a_refusal_for_a_reason(on: Stage) -> None:
    part = [shell("rm -f *old*"), shell("/bin/rm -f 'n_e_w'"), finish("tidied")]
    on.plays({"tidy up": starting("sweep")}, {"sweep": part})
    asked = await on.anna.ask("tidy up", PLACE)
    first = await labelled(on.anna, asked, "For this job")
    assert {"Once", "For this job", "Always", "No", "No, because"} <= set(first.buttons)
    assert "rm -f *old*" in first.text
    await on.anna.press(first, "Once")
    await one(on.anna, asked, "allowed it")
    second = await labelled(on.anna, asked, "For this job", but=first)
    assert "/bin/rm -f 'n_e_w'" in second.text
    await on.anna.fill(second, "No, because", "it is <mine>")
    await one(on.anna, asked, "tidied")
    await settled(on.anna, asked)
    assert not [s for s in on.anna.shown(asked) if "For this job" in s.buttons]
    last = [r for r in on.model.asked if "finish" in r.tools and "sweep" in str(r.messages)][-1]
    assert "says: it is <mine>" in str(last.messages)
    assert "exit code 0" in str(last.messages)


@everywhere()
async def test_a_long_request_is_one_message_to_read_and_whole_in_a_file(on: Stage) -> None:
    lines = "\n".join(f": line {number} of *many* lines" for number in range(400))
    command = f"rm -f old\n{lines}\nrm -f last"
    on.plays({"sort out": starting("order")}, {"order": [shell(command), finish("sorted")]})
    asked = await on.anna.ask("sort out", PLACE + 1)
    request = await labelled(on.anna, asked, "For this job")
    assert f"{len(command):,} characters in 402 lines" in request.text
    assert "sha256 of this" in request.text
    assert "rm -f old" in request.text

    def whole() -> bool:
        held = [content.decode() for content in on.anna.files(asked).values()]
        return any(command in text for text in (request.text, *held))

    await on.anna.until(whole)
    await on.anna.press(request, "Once")
    decided = await one(on.anna, asked, "allowed it")
    assert "rm -f old" in decided.text
    await one(on.anna, asked, "sorted")
