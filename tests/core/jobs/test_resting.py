import pytest

from core.errors import DiskFull, SandboxUnavailable, StoreError
from core.jobs.job import Failed, FailureKind
from core.jobs.resting import MOST_RESTS, MOST_SANDBOXLESS, given_up, rest_s
from core.subagents.broker_resume import MOST_IDLE


@pytest.mark.parametrize(
    ("error", "most", "kind"),
    [
        (DiskFull("no room"), MOST_RESTS, FailureKind.STORE),
        (SandboxUnavailable("no room"), MOST_SANDBOXLESS, FailureKind.SANDBOX),
    ],
)
def test_a_job_rests_so_often_and_then_fails_with_the_reason(
    error: StoreError | SandboxUnavailable, most: int, kind: FailureKind
) -> None:
    assert given_up(error, most - 1) is None
    assert given_up(error, most) == Failed(kind=kind, reason="no room")


def test_each_rest_is_longer_up_to_minutes() -> None:
    rests = [rest_s(number, 5.0) for number in range(MOST_RESTS + 1)]
    assert rests == [5, 10, 20, 40, 80, 160]
    assert rest_s(100, 5.0) == 160


def test_a_sandbox_that_never_starts_is_told_as_that_and_not_as_interruptions() -> None:
    assert MOST_SANDBOXLESS < MOST_IDLE
