from adapters.discord.pacing import Pace, Starts


def test_pauses_grow_to_a_limit_and_begin_again_after_a_good_connection() -> None:
    pace = Pace(0.5)
    pauses = [pace.next_s() for _ in range(20)]
    assert pauses[0] == 0
    assert 0 < pauses[1] <= 0.5
    assert 15 <= pauses[-1] <= 30
    pace.good()
    assert pace.next_s() == 0


def test_no_more_sessions_are_begun_in_a_day_than_discord_takes() -> None:
    now, sessions = 0.0, 0
    starts = Starts(lambda: now)
    while now < 86_400:
        if wait := starts.wait_s():
            now += wait
        else:
            starts.begun()
            sessions += 1
            now += 5  # each ends at once
    assert 500 < sessions < 1000


def test_a_bot_of_many_shards_begins_a_session_for_each() -> None:
    starts = Starts(lambda: 0.0)
    for _ in range(64):
        assert starts.wait_s(shards=64) == 0
        starts.begun()
    assert starts.wait_s(shards=1) > 0
