from core.state.merge import (
    NOTHING,
    Case,
    Facts,
    Merging,
    Stamp,
    Standing,
    Verdict,
    plan,
    step,
)
from core.state.operations import Kind
from core.state.write import Item, Write, compose


def job(commit: int, base: int, *items: tuple[str, str | None], number: int = 1) -> Write:
    return made(commit, base, items, order=(base, number), person=False)


def person(commit: int, base: int, *items: tuple[str, str | None]) -> Write:
    return made(commit, base, items, order=(commit - 1, 2**62), person=True)


def made(
    commit: int,
    base: int,
    items: tuple[tuple[str, str | None], ...],
    *,
    order: tuple[int, int],
    person: bool,
) -> Write:
    rows = [Item(commit * 100 + n, op, text) for n, (op, text) in enumerate(items)]
    return compose("k", rows, commit=commit, base=base, order=order, person=person)


def standing(write: Write, before: Standing = NOTHING) -> Standing:
    return step(Facts(standing=before), write, before, Merging.ASK).standing


def verdict(before: Standing, write: Write, seen: Standing, rule: Merging = Merging.ASK) -> Verdict:
    return step(Facts(standing=before), write, seen, rule).verdict


A = job(1, 0, ("put", '"a"'))
B = job(2, 0, ("put", '"b"'), number=2)


def test_a_put_that_saw_what_stands_replaces_it() -> None:
    after = standing(job(2, 1, ("put", '"b"')), standing(A))
    assert (after.kind, after.body, after.changed) == (Kind.VALUE, '"b"', 2)


def test_two_puts_that_did_not_see_each_other_become_a_conflict() -> None:
    done = step(Facts(standing=standing(A)), B, NOTHING, Merging.ASK)
    assert done.verdict is Verdict.CANDIDATE
    assert done.standing == standing(A)
    assert done.candidates == (B,)


def test_the_same_put_on_both_sides_is_no_conflict() -> None:
    same = job(2, 0, ("put", '"a"'), number=2)
    assert verdict(standing(A), same, NOTHING) is Verdict.SAME


def test_objects_are_the_same_whatever_the_order_of_their_fields() -> None:
    one = standing(job(1, 0, ("put", '{"a":1,"b":2}')))
    other = job(2, 0, ("put", '{"b":2,"a":1}'))
    assert verdict(one, other, NOTHING) is Verdict.SAME


def test_putting_what_was_seen_again_changes_nothing_that_others_wrote() -> None:
    seen = standing(A)
    moved = standing(job(2, 1, ("put", '"b"')), seen)
    assert verdict(moved, job(3, 1, ("put", '"a"')), seen) is Verdict.SAME


def test_a_person_outranks_a_job_that_wrote_meanwhile() -> None:
    assert verdict(standing(A), person(2, 0, ("put", '"p"')), NOTHING) is Verdict.APPLIED


def test_a_job_does_not_outrank_a_person_who_wrote_meanwhile() -> None:
    by_hand = standing(person(1, 0, ("put", '"p"')))
    done = step(Facts(standing=by_hand), job(2, 0, ("put", '"j"')), NOTHING, Merging.ASK)
    assert done.verdict is Verdict.OUTRANKED
    assert done.candidates == ()


def test_two_persons_who_did_not_see_each_other_have_a_conflict() -> None:
    by_hand = standing(person(1, 0, ("put", '"p"')))
    assert verdict(by_hand, person(2, 0, ("put", '"q"')), NOTHING) is Verdict.CANDIDATE


def test_a_persons_put_settles_the_conflict_and_a_jobs_does_not() -> None:
    open_now = Facts(standing=standing(A), candidates=(B,))
    assert step(open_now, person(3, 2, ("put", '"p"')), standing(A), Merging.ASK).candidates == ()
    by_job = step(open_now, job(3, 2, ("put", '"j"')), standing(A), Merging.ASK)
    assert by_job.verdict is Verdict.APPLIED
    assert by_job.candidates == (B,)


def test_a_persons_addition_settles_no_conflict() -> None:
    counter = standing(job(1, 0, ("add", "1")))
    gone = job(2, 0, ("delete", None))
    open_now = Facts(standing=counter, candidates=(gone,))
    assert step(open_now, person(3, 2, ("add", "1")), counter, Merging.ASK).candidates == (gone,)


def test_a_conflict_closes_when_what_stands_becomes_the_candidate() -> None:
    open_now = Facts(standing=standing(A), candidates=(B,))
    done = step(open_now, job(3, 2, ("put", '"b"')), standing(A), Merging.ASK)
    assert done.candidates == ()


def test_a_second_wish_for_the_same_is_no_second_candidate() -> None:
    open_now = Facts(standing=standing(A), candidates=(B,))
    done = step(open_now, job(3, 0, ("put", '"b"'), number=3), NOTHING, Merging.ASK)
    assert done.verdict is Verdict.CANDIDATE
    assert done.candidates == (B,)


def test_latest_goes_by_base_and_number_and_not_by_who_ended_first() -> None:
    late = standing(job(1, 0, ("put", '"late"'), number=7))
    assert verdict(late, job(2, 0, ("put", '"b"'), number=3), NOTHING, Merging.LATEST) is (
        Verdict.BEATEN
    )
    assert verdict(late, job(2, 0, ("put", '"b"'), number=8), NOTHING, Merging.LATEST) is (
        Verdict.APPLIED
    )


def test_latest_lets_an_equal_but_later_write_count() -> None:
    first = standing(job(1, 0, ("put", '"x"'), number=1))
    again = step(
        Facts(standing=first), job(2, 0, ("put", '"x"'), number=9), NOTHING, Merging.LATEST
    )
    assert again.standing.order == (0, 9)
    between = job(3, 0, ("put", '"y"'), number=5)
    assert verdict(again.standing, between, NOTHING, Merging.LATEST) is Verdict.BEATEN


def test_by_order_a_person_comes_after_all_that_began_before() -> None:
    by_hand = standing(person(5, 4, ("put", '"p"')))
    assert verdict(by_hand, job(6, 4, ("put", '"j"'), number=99), NOTHING, Merging.LATEST) is (
        Verdict.BEATEN
    )


def test_additions_all_count() -> None:
    one = standing(job(1, 0, ("add", "0.1"), ("add", "2")))
    both = step(Facts(standing=one), job(2, 0, ("add", "0.2")), NOTHING, Merging.ASK)
    assert both.standing.body == "2.3"


def test_a_delete_against_a_change_is_a_conflict() -> None:
    seen = standing(job(1, 0, ("add", "1")))
    changed = step(Facts(standing=seen), job(2, 1, ("add", "1")), seen, Merging.ASK).standing
    assert verdict(changed, job(3, 1, ("delete", None)), seen) is Verdict.CANDIDATE


def test_a_change_against_a_delete_is_a_conflict_for_every_kind() -> None:
    for op, text in (("add", "1"), ("append", '"x"'), ("include", '"x"'), ("put", '"x"')):
        seen = standing(job(1, 0, (op, text)))
        gone = step(Facts(standing=seen), job(2, 1, ("delete", None)), seen, Merging.ASK).standing
        changed = job(3, 1, (op, "2" if op == "add" else '"y"'))
        assert verdict(gone, changed, seen) is Verdict.CANDIDATE
        assert verdict(gone, changed, seen, Merging.LATEST) is Verdict.CANDIDATE


def test_a_key_made_anew_after_a_delete_still_clashes_with_who_knew_the_old_one() -> None:
    seen = standing(job(1, 0, ("add", "5")))
    anew = standing(job(2, 1, ("delete", None), ("add", "2")), seen)
    assert (anew.body, anew.born, anew.cleared) == ("2", 2, 2)
    assert verdict(anew, job(3, 1, ("add", "1")), seen) is Verdict.CANDIDATE
    assert verdict(anew, job(3, 2, ("add", "1")), anew) is Verdict.APPLIED


def test_deleting_on_both_sides_is_the_same() -> None:
    seen = standing(A)
    gone = standing(job(2, 1, ("delete", None)), seen)
    assert verdict(gone, job(3, 1, ("delete", None)), seen) is Verdict.SAME


def test_two_kinds_under_one_key_are_a_conflict() -> None:
    counter = standing(job(1, 0, ("add", "1")))
    assert verdict(counter, job(2, 0, ("append", '"x"')), NOTHING) is Verdict.CANDIDATE
    assert verdict(counter, job(2, 0, ("put", "1")), NOTHING) is Verdict.CANDIDATE
    assert verdict(counter, job(2, 1, ("put", "1")), counter) is Verdict.CANDIDATE


def test_lines_say_when_they_go_in_above_others() -> None:
    log = standing(job(1, 0, ("append", '"x"'), number=5))
    early = job(2, 0, ("append", '"y"'), ("append", '"z"'), number=3)
    done = step(Facts(standing=log, last_line=(0, 5)), early, NOTHING, Merging.ASK)
    assert done.above
    assert (done.standing.body, done.adds) == ("3", (200, 201))
    assert not step(Facts(standing=log, last_line=(0, 2)), early, NOTHING, Merging.ASK).above


def test_an_exclusion_ends_only_the_stamps_that_were_seen() -> None:
    tags = Standing(kind=Kind.SET, body="1", changed=3)
    stamps = {'"a"': (Stamp(10, 1), Stamp(30, 3))}
    out = job(4, 2, ("exclude", '"a"'))
    done = step(Facts(standing=tags, stamps=stamps), out, tags, Merging.ASK)
    assert done.drops == (('"a"', 10),)
    assert done.standing.body == "1"


def test_an_exclusion_ends_what_the_same_write_included() -> None:
    done = step(Facts(), job(1, 0, ("include", '"a"'), ("exclude", '"a"')), NOTHING, Merging.ASK)
    assert (done.adds, done.drops, done.standing.body) == ((), (), "0")


def test_including_what_is_there_leaves_a_stamp_but_counts_once() -> None:
    tags = Standing(kind=Kind.SET, body="1", changed=1)
    again = job(2, 1, ("include", '"a"'))
    done = step(Facts(standing=tags, stamps={'"a"': (Stamp(1, 1),)}), again, tags, Merging.ASK)
    assert (done.adds, done.standing.body) == ((200,), "1")


def test_starting_anew_ends_all_lines() -> None:
    log = standing(job(1, 0, ("append", '"x"')))
    anew = step(
        Facts(standing=log), job(2, 1, ("delete", None), ("append", '"y"')), log, Merging.ASK
    )
    assert anew.wipes
    assert anew.standing.body == "1"


def test_a_blocked_file_waits_also_when_nothing_stands_there() -> None:
    blocked = job(1, 0, ("put", "{}"), ("blocked", None))
    assert verdict(NOTHING, blocked, NOTHING) is Verdict.CANDIDATE


def test_keys_of_a_plan_do_not_look_at_each_other() -> None:
    cases = [
        Case(key=key, write=write, facts=Facts(), seen=NOTHING, merging=Merging.ASK)
        for key, write in (("x", A), ("y", B))
    ]
    assert [done.verdict for _, done in plan(cases)] == [Verdict.APPLIED, Verdict.APPLIED]
