import pytest

from core.approvals.rules import ApprovalRule, ApprovalRules
from core.messages import ChannelRef
from core.state.operations import Json

HERE = ChannelRef(platform="slack", workspace="T1", channel="C1")
THERE = ChannelRef(platform="web", workspace="local", channel="general")


def why(rule: ApprovalRule, tool: str, **arguments: Json) -> str | None:
    return ApprovalRules([rule]).reason(HERE, tool, arguments)


def test_every_call_of_a_tool_waits_and_no_other_tool_s() -> None:
    rule = ApprovalRule(tools=("python", "mcp__github__*"))
    assert why(rule, "python", code="1") == "every call of python asks here"
    assert why(rule, "mcp__github__merge") == "every call of mcp__github__merge asks here"
    assert why(rule, "shell", command="python") is None
    assert why(rule, "mcp__files__read") is None


def test_of_shell_only_what_the_commands_name_waits() -> None:
    rule = ApprovalRule(tools=("*",), commands=("git push",))
    assert why(rule, "shell", command="git push") == "it matches 'git push'"
    assert why(rule, "shell", command="git pull") is None
    assert why(rule, "python", code="1") == "every call of python asks here"


@pytest.mark.parametrize(
    ("url", "waits"),
    [
        ("https://a.example.org/x", True),
        ("https://A.Example.ORG./x", True),
        ("https://a.example.org:8443/x", True),
        ("https://example.org/x", False),
        ("https://a.example.org.evil.test/x", False),
        ("http://[bad", True),
    ],
)
def test_of_fetch_only_what_goes_to_the_hosts_waits(url: str, waits: bool) -> None:
    rule = ApprovalRule(tools=("fetch",), hosts=("*.example.org",))
    assert (why(rule, "fetch", url=url) is not None) is waits


def test_hosts_are_about_fetch_and_about_no_other_tool_of_the_rule() -> None:
    rule = ApprovalRule(tools=("fetch", "python"), hosts=("*.example.org",))
    assert why(rule, "fetch", url="https://elsewhere.test/") is None
    assert why(rule, "python", code="1") == "every call of python asks here"


def test_a_rule_holds_where_it_is_to_and_the_first_that_fits_says_why() -> None:
    rules = ApprovalRules(
        [
            ApprovalRule(tools=("shell",), commands=("rm",), channels=("slack/*",)),
            ApprovalRule(tools=("shell",), channels=("slack/T1/C1",)),
        ]
    )
    assert rules.reason(HERE, "shell", {"command": "rm x"}) == "it matches 'rm'"
    assert rules.reason(HERE, "shell", {"command": "ls"}) == "every call of shell asks here"
    assert rules.reason(THERE, "shell", {"command": "rm x"}) is None


def test_a_rule_about_what_others_wrote_holds_only_for_jobs_that_have_read_some() -> None:
    rules = ApprovalRules([ApprovalRule(tools=("mcp__*",), untrusted=True)])
    assert rules.reason(HERE, "mcp__a__b", {}, tainted=False) is None
    assert rules.reason(HERE, "mcp__a__b", {}, tainted=True) is not None
    always = ApprovalRules([ApprovalRule(tools=("mcp__*",))])
    assert always.reason(HERE, "mcp__a__b", {}, tainted=False) is not None


def test_without_rules_nothing_waits() -> None:
    assert ApprovalRules().reason(HERE, "shell", {"command": "rm -rf /"}) is None
