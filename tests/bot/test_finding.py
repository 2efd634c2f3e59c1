from bot.finding import Finding, Level


def test_a_finding_is_a_line_and_its_advice_another() -> None:
    found = Finding(level=Level.NOTE, about="page", text="in use", advice="do this")
    assert str(found) == "note     page      in use\n                   -> do this"


def test_no_escape_reaches_a_terminal() -> None:
    found = Finding(level=Level.OK, about="source", text="a\x1b[2Jb", advice="c\x9bd\ne")
    assert "".join(str(found).splitlines()).isprintable()
    assert "a\\u001b[2Jb" in str(found)
