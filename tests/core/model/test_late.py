"""Packages that are read when something is asked of them, and what the model's library leaves."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from core.model.late import late

OUTER = "from outer_x.inner import value\nfrom outer_x.inner.leaf import LEAF\nown = value + LEAF\n"
INNER = "import outer_x\nouter_x.read.append('inner')\nvalue = 40\n"
# What a request loads has to be loaded before it, so that none of it waits.
CALL = """
import asyncio, sys
from core.model.faults import Place
from core.model.transport import Transport
from core.errors import ModelUnreachable

def types():
    return {name for name in sys.modules if name.startswith("openai.types")}

async def main():
    transport = Transport(base_url="http://127.0.0.1:9/v1", key=None, timeout_s=5)
    before = types()
    place = Place(base_url="http://127.0.0.1:9/v1", model="m", key_env="K", secret=None)
    try:
        await transport.exchange(b"{}", place, print)
    except ModelUnreachable:
        print("asked", len(types() - before))
    await transport.close()

asyncio.run(main())
print("responses" if "openai.types.responses.response" in sys.modules else "no responses")
from openai.types.responses import Response
from openai.types.chat import ChatCompletion
import openai
print(Response.__name__, openai.types.chat.ChatCompletion is ChatCompletion)
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`outer_x`, of which `read` says what was read, with `inner` and its module `leaf`."""
    inner = tmp_path / "outer_x" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "outer_x" / "__init__.py").write_text("read = []\n" + OUTER)
    (inner / "__init__.py").write_text(INNER)
    (inner / "leaf.py").write_text("LEAF = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "outer_x"]:
        del sys.modules[name]


@pytest.mark.usefixtures("packages")
def test_a_late_package_is_read_when_a_name_is_asked_of_it() -> None:
    with late("outer_x.inner"):
        outer = import_module("outer_x.inner.leaf")
    assert outer.LEAF == 2
    package = import_module("outer_x")
    # `from outer_x.inner import value` has asked.
    assert package.read == ["inner"]
    assert package.own == 42


@pytest.mark.usefixtures("packages")
def test_a_module_of_a_late_package_is_found_without_reading_the_package() -> None:
    with late("outer_x"):
        leaf = import_module("outer_x.inner.leaf")
    assert leaf.LEAF == 2
    assert "read" not in vars(sys.modules["outer_x"])
    assert import_module("outer_x").own == 42
    assert sys.modules["outer_x"].read == ["inner"]


@pytest.mark.usefixtures("packages")
def test_a_late_package_lacks_what_it_lacks() -> None:
    with late("outer_x"):
        package = import_module("outer_x")
    assert not hasattr(package, "__wrapped__")
    assert not hasattr(package, "nothing_of_the_kind")
    assert package.own == 42


@pytest.mark.usefixtures("packages")
def test_what_is_loaded_stays_and_later_imports_are_as_ever() -> None:
    with late("outer_x.inner"):
        pass
    assert import_module("outer_x").read == ["inner"]
    with late("outer_x"):
        assert import_module("outer_x").read == ["inner"]


def test_a_call_needs_none_of_the_library_s_types_and_they_can_be_had() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split("\n")[:3] == ["asked 0", "no responses", "Response True"]
