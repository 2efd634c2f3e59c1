from bot.health import Health
from bot.metrics import exposition


def test_each_platform_has_a_line_in_each_metric() -> None:
    up = Health(
        name="slack", connected=True, last_event=1_763_000_000.25, queue=3, sends=1_000_000,
        retries=2, throttled_s=1.5,
    )  # fmt: skip
    lines = exposition([up, Health(name="discord", problem="down")]).splitlines()
    assert 'thaw_platform_connected{platform="slack"} 1' in lines
    assert 'thaw_platform_connected{platform="discord"} 0' in lines
    assert 'thaw_platform_sends_total{platform="slack"} 1000000' in lines
    assert 'thaw_platform_throttled_seconds_total{platform="slack"} 1.500' in lines
    assert 'thaw_platform_queue{platform="slack"} 3' in lines
    assert 'thaw_platform_retries_total{platform="slack"} 2' in lines
    name = "thaw_platform_last_event_timestamp_seconds"
    assert [line for line in lines if line.startswith(name)] == [
        f'{name}{{platform="slack"}} 1763000000.250'
    ]


def test_every_line_is_of_a_metric_that_is_introduced_before() -> None:
    introduced: set[str] = set()
    for line in exposition([Health(name="telegram")]).splitlines():
        if line.startswith("# TYPE "):
            introduced.add(line.split()[2])
        elif not line.startswith("# HELP "):
            assert line.partition("{")[0] in introduced


def test_without_platforms_nothing_is_measured() -> None:
    lines = exposition(()).splitlines()
    assert lines
    assert all(line.startswith("# ") for line in lines)
