import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.subagents.runtime import reader

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_it_reads_what_json_writes(value: reader.Json) -> None:
    assert reader.read(json.dumps(value)) == json.loads(json.dumps(value))
    assert reader.read(json.dumps(value, ensure_ascii=False, indent=1)) == value


@given(st.text(alphabet='{}[]",:\\ntrue1. \x00é'))
def test_it_refuses_what_json_refuses_and_nothing_else(text: str) -> None:
    try:
        expected = json.loads(text, strict=False)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            reader.read(text)
    else:
        assert reader.read(text) == expected


def test_a_line_break_inside_a_text_is_forgiven() -> None:
    assert reader.read('{"a": "1\n2"}') == {"a": "1\n2"}


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_what_json_has_no_word_for_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        reader.read(text)


def test_errors_are_told_also_where_json_was_never_imported() -> None:
    program = (
        "import sys; from runtime.reader import read; assert 'json' not in sys.modules\n"
        "for text in ('{', '[1,', '', '\"a', '{1:2}', '\"\\\\x\"'):\n"
        "    try: read(text)\n"
        "    except ValueError as error: print(type(error).__name__, error)\n"
    )
    folder = Path(reader.__file__).parent.parent
    ended = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 6
