from core.state.fold import NO_GROUND, Folded, Ground, Wanted, fold, recount
from core.state.merge import NOTHING, Merging
from core.state.operations import Kind
from core.state.standing import Standing
from core.state.write import Write
from tests.core.state.test_merge import A, B, job


def folded(*writes: tuple[Write, Standing], ground: Ground = NO_GROUND) -> Folded:
    return fold(([Wanted("k", write, seen)] for write, seen in writes), {"k": ground})["k"]


def test_folding_without_the_winner_brings_the_loser_back() -> None:
    both = folded((A, NOTHING), (B, NOTHING))
    assert (both.standing.body, both.candidates, set(both.losers)) == ('"a"', (B,), {2})
    rest = folded((B, NOTHING))
    assert (rest.standing.body, rest.candidates, rest.losers) == ('"b"', (), {})


def test_a_fold_begins_with_its_ground() -> None:
    log = Standing(kind=Kind.LOG, body="1", changed=1, born=1)
    ground = Ground(standing=log, lines=frozenset({7}))
    more = job(2, 1, ("append", '"x"'))
    done = folded((more, log), ground=ground)
    assert (done.standing.body, done.lines) == ("2", frozenset({7, 200}))


def test_keys_of_a_group_wait_and_are_settled_together() -> None:
    def wanted(key: str, write: Write) -> Wanted:
        return Wanted(key, write, NOTHING, Merging.TOGETHER, group="k*")

    other = job(2, 0, ("put", '"c"'), number=2)
    commits = [[wanted("k1", A)], [wanted("k1", B), wanted("k2", other)]]
    grounds = {"k1": NO_GROUND, "k2": NO_GROUND}
    found = fold(commits, grounds)
    assert found["k2"].standing == NOTHING
    assert (found["k1"].joined, found["k2"].candidates) == (frozenset({"k1", "k2"}), (other,))
    settles = job(3, 2, ("settle", None))
    found = fold([*commits, [wanted("k1", settles)]], grounds)
    assert [found[key].candidates for key in found] == [(), ()]


def test_a_sum_with_one_write_taken_out_is_the_sum_of_the_others() -> None:
    total = Standing(kind=Kind.COUNTER, body="0.3", changed=2, born=1)
    write = job(2, 1, ("add", "0.1"))
    assert recount(total, write, 1, back=False) == total._replace(body="0.2", changed=1)


def test_a_fold_that_has_shown_what_was_asked_reads_no_further() -> None:
    third = job(3, 0, ("put", '"c"'), number=3)
    commits = iter([[Wanted("k", write, NOTHING)] for write in (A, B, third)])
    found = fold(commits, {"k": NO_GROUND}, ends=lambda write: write is B)
    assert set(found["k"].losers) == {2}
    assert [one.write for (one,) in commits] == [third]
    found = fold([[Wanted("k", A, NOTHING)]], {"k": NO_GROUND}, ends=lambda write: True)
    assert found["k"].standing.body == '"a"'
