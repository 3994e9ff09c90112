"""Minutes until an incident is over are those of a recursion that is written out, and of arithmetic."""

import numpy as np
import pytest

from actinf.advise.counts import Counts
from actinf.advise.foresight import AT_LAST, Foresight
from actinf.advise.knowledge import CAUSE, TYPES, Knowledge, knowledge
from actinf.advise.ranking import advise, tried


def cost(known: Knowledge, step: str, belief: np.ndarray) -> float:
    return known.minutes[step] + 30.0 * float(known.harm[step] @ belief)


def with_its_check(
    known: Knowledge, step: str, belief: np.ndarray, left: frozenset[str]
) -> tuple[float, frozenset[str]]:
    """What a step costs with what it needs, and what is left after it."""
    made = {step, known.needs.get(step, step)} & left
    return sum(cost(known, one, belief) for one in made), left - made


def planned(known: Knowledge, belief: np.ndarray, left: frozenset[str]) -> float:
    """Resolutions only, one after another, what helps most for its minutes first, as long as that is worth them."""
    untried = [step for step in known.resolutions if step in left]
    if not untried:
        return AT_LAST
    best = max(untried, key=lambda one: known.likelihood[one][0] @ belief / with_its_check(known, one, belief, left)[0])
    price, rest = with_its_check(known, best, belief, left)
    if AT_LAST * (known.likelihood[best][0] @ belief) <= price:
        return AT_LAST
    failed = known.likelihood[best][1] * belief
    return price + failed.sum() * planned(known, failed / failed.sum(), rest)


def then(known: Knowledge, step: str, belief: np.ndarray, left: frozenset[str], depth: int) -> float:
    """Minutes until it is over where a step is next."""
    total, rest = with_its_check(known, step, belief, left)
    for place, shown in enumerate(known.likelihood[step] * belief):
        if step in known.resolutions and known.outcomes(step)[place] == "better":
            continue
        after = shown / shown.sum()
        least = planned(known, after, rest)
        if depth > 1:
            least = min([least, *(then(known, one, after, rest, depth - 1) for one in rest)])
        total += shown.sum() * least
    return total


@pytest.mark.parametrize(("kind", "kept"), [("security", 7), ("database_performance", 8), ("api_down", 8)])
def test_minutes_are_those_of_the_recursion_written_out(kind: str, kept: int) -> None:
    known, random = knowledge(kind), np.random.default_rng(4)
    for depth in (1, 2):
        belief = random.dirichlet(np.ones(len(known.causes)))
        left = frozenset(random.permutation(known.steps)[:kept].tolist())
        minutes = Foresight(known).minutes_left(belief, set(known.steps) - left, depth=depth)
        assert set(minutes) == left
        for step in left:
            assert minutes[step] == pytest.approx(then(known, step, belief, left, depth), abs=1e-9)


def test_minutes_are_those_of_arithmetic_where_one_thing_is_left() -> None:
    known = knowledge("api_down")
    belief = np.eye(len(known.causes))[known.causes.index("proxy")]
    done = set(known.steps) - {"restart-proxy"}
    minutes = Foresight(known).minutes_left(belief, done)
    assert minutes == {"restart-proxy": pytest.approx(5.4 + 30 * 0.1 + (1 - 0.88) * AT_LAST)}
    assert Foresight(known).minutes_left(belief, set(known.steps)) == {}
    assert Foresight(known).minutes_left(belief, set(known.steps) - {"pods"}) == {"pods": pytest.approx(2.4 + AT_LAST)}


@pytest.mark.parametrize(
    ("kind", "harmful", "harm"),
    [("security", "isolate", 0.5), ("security", "restore", 0.2), ("database_performance", "restart-database", 0.3)],
)
def test_what_seldom_helps_and_does_harm_is_not_to_be_done_now_though_nothing_else_is_left(
    kind: str, harmful: str, harm: float
) -> None:
    """Others were called, and all else was tried and looked at: the model believes in what it does not know."""
    known = knowledge(kind)
    seen = [(step, "unchanged") for step in known.resolutions if step != harmful]
    left = advise(known, [*seen, *((step, known.outcomes(step)[0]) for step in known.checks)])
    (one,) = left.resolutions
    assert (one.step, one.harm) == (harmful, pytest.approx(harm))
    saves = AT_LAST * (one.helps or 0.0) - one.minutes - 30.0 * one.harm
    assert saves < 0.0
    assert one.remaining == pytest.approx(AT_LAST - saves)
    assert left.treat is None
    believed = np.eye(len(known.causes))[known.likelihood[harmful][0].argmax()]
    sure = Foresight(known).minutes_left(believed, {*known.steps} - {harmful})
    assert sure[harmful] < AT_LAST, "where it is likely to help it is worth its harm"
    assert tried(known, sure) == harmful


@pytest.mark.parametrize("kind", TYPES)
def test_who_looks_further_ahead_finds_nothing_worse_and_to_know_the_cause_is_better(kind: str) -> None:
    known = knowledge(kind)
    belief, ahead = np.array(known.model.D[CAUSE]), Foresight(known)
    near, far = (ahead.minutes_left(belief, set(), depth=depth) for depth in (1, 2))
    assert all(far[step] <= near[step] + 1e-9 for step in known.steps)
    each = [min(ahead.minutes_left(one, set(), depth=1).values()) for one in np.eye(len(known.causes))]
    assert belief @ np.array(each) < min(far.values())


def test_what_was_learned_changes_what_is_foreseen() -> None:
    known = knowledge("api_down")
    often = known.taught(Counts(causes={"proxy": 200.0}))
    plain, taught = (
        Foresight(one).minutes_left(np.array(one.model.D[CAUSE]), set())["restart-proxy"] for one in (known, often)
    )
    assert taught < plain / 2
    assert often.needs == known.needs


def test_what_was_learned_beyond_measure_and_seen_against_it_is_still_foreseen() -> None:
    known, random = knowledge("security"), np.random.default_rng(2)
    for _ in range(4):
        sure = known.taught(
            Counts(
                causes={random.choice(known.causes): 1e6},
                outcomes={
                    step: {random.choice(known.causes): {random.choice(known.outcomes(step)): 1e6}}
                    for step in known.steps
                },
            )
        )
        made = random.permutation(known.steps)[: random.integers(len(known.steps))].tolist()
        advice = advise(sure, [(step, str(random.choice(known.outcomes(step)))) for step in made])
        remaining = [one.remaining for one in (*advice.checks, *advice.resolutions)]
        assert np.isfinite(remaining).all()
        assert min(remaining) > 0.0
