"""Places for jobs: limits and fairness."""

from hypothesis import given
from hypothesis import strategies as st

from core.jobs.admission import Admission, Limits, Ticket
from core.messages import ChannelRef


def channel(name: str) -> ChannelRef:
    return ChannelRef(platform="web", workspace="local", channel=name)


def ticket(name: str, number: int, person: str = "ada") -> Ticket:
    return Ticket(channel=channel(name), number=number, person=person)


def admission(max_running: int = 4, per_channel: int = 4, per_person: int = 4) -> Admission:
    return Admission(
        Limits(max_running=max_running, per_channel=per_channel, per_person=per_person)
    )


def drained(places: Admission) -> list[Ticket]:
    found = []
    while (given := places.next()) is not None:
        found.append(given)
    return found


def test_no_more_run_than_there_are_places_and_the_next_starts_when_one_ends() -> None:
    places = admission(max_running=2)
    for number in (1, 2, 3):
        places.add(ticket("a", number))
    assert [one.number for one in drained(places)] == [1, 2]
    places.release(ticket("a", 1))
    assert [one.number for one in drained(places)] == [3]


def test_a_busy_channel_does_not_keep_a_quiet_one_waiting() -> None:
    places = admission(max_running=3, per_person=100)
    for number in range(1, 20):
        places.add(ticket("busy", number))
    assert places.next() == ticket("busy", 1)
    places.add(ticket("quiet", 1))
    assert places.next() == ticket("quiet", 1)
    assert places.next() == ticket("busy", 2)


def test_with_as_many_running_the_channel_served_longest_ago_is_next() -> None:
    places = admission(max_running=1)
    for name in ("a", "b", "c"):
        places.add(ticket(name, 1))
        places.add(ticket(name, 2))
    order = []
    while (given := places.next()) is not None:
        order.append(given.channel.channel)
        places.release(given)
    assert order[:3] == ["a", "b", "c"]


def test_a_person_at_the_limit_is_passed_over_for_the_next_person() -> None:
    places = admission(per_person=1)
    for number, person in ((1, "ada"), (2, "ada"), (3, "bob")):
        places.add(ticket("a", number, person))
    assert [one.number for one in drained(places)] == [1, 3]


def test_a_paused_channel_gets_no_place_until_it_resumes() -> None:
    places = admission()
    places.pause(channel("a"))
    places.add(ticket("a", 1))
    assert places.next() is None
    assert places.obstacle(ticket("a", 2)) == "this channel is paused"
    places.resume(channel("a"))
    assert places.next() == ticket("a", 1)


def test_a_withdrawn_job_never_starts_and_is_withdrawn_once() -> None:
    places = admission()
    places.add(ticket("a", 1))
    assert places.withdraw(ticket("a", 1))
    assert not places.withdraw(ticket("a", 1))
    assert places.next() is None


def test_releasing_what_does_not_run_frees_no_place() -> None:
    places = admission(max_running=1)
    places.add(ticket("a", 1))
    places.add(ticket("a", 2))
    places.next()
    places.release(ticket("a", 2))
    assert places.next() is None


def test_the_obstacle_counts_jobs_asked_for_together() -> None:
    places = admission(max_running=2)
    assert places.obstacle(ticket("a", 1)) is None
    assert places.obstacle(ticket("a", 3), more=2) == "all 2 places are taken"


Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(st.sampled_from(["add", "next", "end"]), st.integers(0, 3), st.integers(0, 3))
)


@given(steps)
def test_limits_hold_and_nothing_is_dropped_whatever_happens(steps: list[Step]) -> None:
    limits = Limits(max_running=4, per_channel=2, per_person=3)
    places, running, added, ended = Admission(limits), list[Ticket](), 0, 0
    for number, (what, where, who) in enumerate(steps):
        if what == "add":
            places.add(ticket(str(where), number, str(who)))
            added += 1
        elif what == "next" and (given := places.next()) is not None:
            running.append(given)
        elif what == "end" and running:
            places.release(running.pop(where % len(running)))
            ended += 1
        assert len(running) <= limits.max_running
        for one in running:
            assert sum(r.channel == one.channel for r in running) <= limits.per_channel
            assert sum(r.person == one.person for r in running) <= limits.per_person
    running += drained(places)
    while running:
        places.release(running.pop())
        ended += 1
        running += drained(places)
    assert ended == added


def test_a_ticket_that_is_added_twice_waits_once_and_runs_once() -> None:
    places = admission(max_running=9)
    places.add(ticket("a", 1))
    places.add(ticket("a", 1))
    assert places.next() == ticket("a", 1)
    places.add(ticket("a", 1))
    assert places.next() is None


def test_who_was_passed_over_is_served_when_a_place_of_theirs_is_free_in_another_channel() -> None:
    places = admission(max_running=9, per_person=1)
    places.add(ticket("a", 1))
    places.add(ticket("b", 2))
    assert places.next() == ticket("a", 1)
    assert places.next() is None
    places.release(ticket("a", 1))
    assert places.next() == ticket("b", 2)
