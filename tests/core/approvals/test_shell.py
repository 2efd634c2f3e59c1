import pytest

from core.approvals.shell import asks

PATTERNS = ("rm", "git push", "curl -d", "dd of=*", "git commit --amend")


@pytest.mark.parametrize(
    "command",
    [
        "rm x",
        "rm  -rf   /",
        "\trm x",
        "/bin/rm x",
        "/usr/bin/rm x",
        "r''m x",
        '"rm" x',
        "'r'm x",
        "\\rm x",
        "r\\m x",
        "r\\\nm x",
        "ls; rm x",
        "ls && rm x",
        "ls || rm x",
        "ls | rm x",
        "ls & rm x",
        "ls\nrm x",
        "ls;rm x",
        "(rm x)",
        "{ rm x; }",
        "! rm x",
        "A=1 rm x",
        "A=1 B='2 3' rm x",
        "env rm x",
        "env -i A=1 rm x",
        "env -S 'rm x'",
        "sudo -u bob rm x",
        "nohup nice -n 5 rm x",
        "timeout 5 rm x",
        "command rm x",
        "exec rm x",
        "time -p rm x",
        "busybox rm x",
        "find . -name '*.o' -exec rm {} +",
        "find . -okdir rm {} ;",
        "ls | xargs rm",
        "ls | xargs -I{} rm {}",
        "sh -c 'rm x'",
        "bash -ec 'ls; rm x'",
        "sh -c \"sh -c 'rm x'\"",
        "eval rm x",
        "eval 'r''m' x",
        "trap 'rm x' EXIT",
        "if rm x; then ls; fi",
        "if true; then rm x; fi",
        "while rm x; do ls; done",
        "for f in a b; do rm $f; done",
        "for f do rm $f; done",
        "case a in a) rm x;; esac",
        "f() { rm x; }; f",
        "2>/dev/null rm x",
        "2>&- rm x",
        ">a rm x",
        "<a rm x",
        "ls >a;rm x",
        "ls &>a; rm x",
        "cat <(rm x)",
        "ls # rest\nrm x",
        "sh <<EOF\nrm x\nEOF",
        "ssh host 'rm x'",
        "git -C repo push origin main",
        "git push",
        "git  'push'",
        "git $VERB origin",
        "curl -sd @secret http://x",
        "curl -X POST -d x http://x",
        "dd if=a of=/dev/sda",
        "git commit --amen -m x",
        "git commit --amend=x",
    ],
)  # fmt: skip
def test_what_runs_a_named_command_asks_however_it_is_written(command: str) -> None:
    why = asks(command, PATTERNS)
    assert why is not None
    assert "it matches" in why or "sh <<" in command


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("$X -rf /", "not written out"),
        ("${X} y", "not written out"),
        ("r$X x", "not written out"),
        ("/bin/r? x", "not written out"),
        ("{rm,-rf,x}", "not written out"),
        ("$(echo rm) x", "what another command prints"),
        ("echo $(rm x)", "what another command prints"),
        ('echo "$(rm x)"', "what another command prints"),
        ("`echo rm` x", "what another command prints"),
        ("$'\\x72m' x", "can spell anything"),
        ("echo rm x | sh", "runs what it reads"),
        ("bash script.sh", "runs what it reads"),
        ("sh -c \"$X\"", "not written out"),
        ("eval $X", "not written out"),
        ("xargs $X", "not written out"),
        ("env $X", "not written out"),
        (". ./x", "runs a file"),
        ("source x", "runs a file"),
        ("alias ls=rm", "changes what later words mean"),
        ("function f { rm x; }", "changes what later words mean"),
        ("./x", "no program of the system"),
        ("/workspace/x", "no program of the system"),
        ("bin/x", "no program of the system"),
        ("PATH=.:$PATH x", "where programs are looked for"),
        ("export LD_PRELOAD=./x.so", "where programs are looked for"),
        ("echo 'x", "not closed"),
        ('echo "x', "not closed"),
        ("echo x\\", "ends with a backslash"),
        ("ls " + "x" * 100_001, "longer than"),
        ("ls\0rm", "the sign that ends"),
        ("eval " * 8 + "ls", "nested too deeply"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_asks_and_says_why(command: str, why: str) -> None:
    found = asks(command, PATTERNS)
    assert found is not None
    assert found.startswith("it cannot be told what it runs: ")
    assert why in found


@pytest.mark.parametrize(
    "command",
    [
        "ls -la",
        "echo rm",
        "echo 'rm -rf /'",
        'echo "rm $HOME"',
        "grep -rn rm src",
        "git status && git log --oneline",
        "git commit -m 'push rm'",
        "git pull",
        "curl -s http://x",
        "find . -name '*.py' -newer x",
        "for f in a b; do wc -l $f; done",
        "make test 2>&1 | tail -n 5",
        "cat > a.txt <<'EOF'\nhello\nEOF",
        "if [ -f x ]; then cat x; fi",
        "A=1 B=2",
        "# rm x",
        "ls # rm x",
        "",
        "warm x; rmdir y; farm",
        "timeout 5 make -j2",
        "cat /bin/rm",
    ],
)
def test_what_runs_nothing_named_does_not_ask(command: str) -> None:
    assert asks(command, PATTERNS) is None


def test_options_are_found_in_any_bundle_and_order() -> None:
    for command in ("rm -rf x", "rm -fr x", "rm -r -f x", "rm x -f -r", "rm -vrf x"):
        assert asks(command, ("rm -rf",)) == "it matches 'rm -rf'"
    assert asks("rm -r x", ("rm -rf",)) is None


def test_a_star_names_every_program_that_is_run() -> None:
    assert asks("ls", ("*",)) == "it matches '*'"
    assert asks("git log", ("git *",)) == "it matches 'git *'"
    assert asks("A=1", ("*",)) is None
