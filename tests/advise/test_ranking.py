"""The ranking is that of the engine, and says what it is made of."""

import numpy as np
import pytest

from actinf.advise.counts import Counts
from actinf.advise.knowledge import CAUSE, STEP, TYPES, knowledge
from actinf.advise.ranking import advise, led, tried
from actinf.agent import Agent
from actinf.errors import AdviceError
from actinf.inference.exact import Exact
from actinf.learning.dirichlet import Learning
from actinf.model import Model
from actinf.planning.exhaustive import Exhaustive

SEEN = [("health", "no-replica"), ("pods", "restarting"), ("resources", "memory-full")]


@pytest.mark.parametrize("kind", TYPES)
def test_every_model_has_a_way_to_tell_each_cause_and_to_treat_it(kind: str) -> None:
    known = knowledge(kind)
    assert known.causes[-1] == "other"
    assert 7 <= len(known.causes) <= 11
    assert known.resolutions[-1] == "escalate"
    for step in known.steps:
        assert 2 <= len(known.outcomes(step)) <= 4
        assert (known.likelihood[step] > 0.0).all(), f"{step}: what people report may be wrong"
        assert np.allclose(known.likelihood[step].sum(axis=0), 1.0)
    helps = {
        cause: max(known.likelihood[step][0, at] for step in known.resolutions[:-1])
        for at, cause in enumerate(known.causes[:-1])
    }
    assert min(helps.values()) > 0.5, helps
    for step in known.checks:
        assert known.minutes[step] <= 11
    assert set(known.needs) < set(known.resolutions)
    assert set(known.needs.values()) < set(known.checks)
    assert known.harm_minutes == pytest.approx(30.0)


def test_beliefs_are_those_of_bayes_whatever_the_order() -> None:
    known = knowledge("api_down")
    expected = np.array(known.model.D[CAUSE])
    for step, outcome in SEEN:
        expected = expected * known.likelihood[step][known.outcomes(step).index(outcome)]
    expected = expected / expected.sum()
    for order in (SEEN, SEEN[::-1]):
        beliefs = advise(known, order).beliefs
        assert [beliefs[cause] for cause in known.causes] == pytest.approx(expected.tolist(), abs=1e-12)
    assert next(iter(beliefs)) == "memory"


def test_what_a_check_tells_is_the_mutual_information_of_cause_and_outcome() -> None:
    known = knowledge("api_down")
    belief = np.array(led(known, SEEN[:1]).qs[CAUSE])
    for one in advise(known, SEEN[:1]).checks:
        table = known.likelihood[one.step]
        expected = table @ belief
        told = sum(table[o, s] * belief[s] * np.log(table[o, s] / expected[o]) for o, s in np.ndindex(table.shape))
        assert one.information == pytest.approx(told, abs=1e-12)


def test_expected_free_energy_is_cost_less_information_but_for_a_constant() -> None:
    advice = advise(knowledge("api_down"), SEEN[:1])
    rest = [one.G - (one.cost - one.information) for one in advice.checks]
    assert rest == pytest.approx([rest[0]] * len(rest))
    assert [one.remaining for one in advice.checks] == sorted(one.remaining for one in advice.checks)
    assert all(one.cost == pytest.approx(0.03 * one.minutes + 0.9 * one.harm) for one in advice.checks)


def test_what_was_looked_at_is_not_advised_again() -> None:
    advice = advise(knowledge("api_down"), [*SEEN, ("restart", "unchanged")])
    assert {"health", "pods", "resources"}.isdisjoint(one.step for one in advice.checks)
    assert "restart" not in {one.step for one in advice.resolutions}


def test_something_is_tried_when_that_ends_it_sooner_or_nothing_is_left_to_look_at() -> None:
    known = knowledge("api_down")
    assert advise(known, []).treat is None
    seen = [("health", "failing"), ("database-health", "failing")]
    sure = advise(known, seen)
    assert sure.treat == "mend-database" == sure.resolutions[0].step
    assert sure.resolutions[0].remaining < min(one.remaining for one in sure.checks)
    assert (sure.resolutions[0].against, sure.checks[0].against) == ("database", None)
    looked = [(step, known.outcomes(step)[0]) for step in known.checks]
    assert advise(known, looked).treat is not None
    assert advise(known, [*looked, *((step, "unchanged") for step in known.resolutions)]).treat is None


def test_nothing_is_tried_before_the_check_that_says_what_it_is_done_to() -> None:
    known = knowledge("security")
    seen = [("audit-log", "one-key"), ("addresses", "one-strange"), ("proxy-log", "answered")]
    before = advise(known, seen)
    assert next(iter(before.beliefs)) == "stolen-key"
    assert before.resolutions[0].step == "revoke-key"
    assert before.treat is None
    assert (before.checks[0].step, before.checks[0].enables) == ("keys", ("revoke-key", "mend-client"))
    assert advise(known, [*seen, ("keys", known.outcomes("keys")[0])]).treat == "revoke-key"


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_is_tried_before_anything_was_seen(kind: str) -> None:
    assert advise(knowledge(kind), []).treat is None


def test_only_what_may_be_tried_is() -> None:
    known = knowledge("security")
    assert tried(known, {"keys": 9.0, "revoke-key": 5.0, "isolate": 8.0}) == "isolate"
    assert tried(known, {"revoke-key": 5.0, "isolate": 8.0}) == "revoke-key"
    assert tried(known, {"keys": 8.4, "isolate": 8.0}) is None, "where it is nearly the same, one looks"
    assert tried(known, {"keys": 8.6, "isolate": 8.0}) == "isolate"
    assert tried(known, {"keys": 8.0}) is None


def test_to_call_noise_what_is_none_does_harm() -> None:
    known = knowledge("security")
    harm = dict(zip(known.causes, known.harm["call-noise"]))
    assert harm["scanner"] < 0.1 < 0.9 < harm["stolen-key"]
    noise, thief = (
        next(one for one in advise(known, [("proxy-log", shown)]).resolutions if one.step == "call-noise")
        for shown in ("refused", "answered")
    )
    assert noise.harm < 0.3 < thief.harm
    assert thief.cost - noise.cost == pytest.approx(0.9 * (thief.harm - noise.harm))


def test_a_resolution_that_did_not_help_speaks_against_its_cause() -> None:
    known = knowledge("api_down")
    assert advise(known, [("rollback", "unchanged")]).beliefs["release"] < 0.05 < advise(known, []).beliefs["release"]


def test_counts_that_are_added_are_those_that_the_engine_learns() -> None:
    """A closed incident is an episode in which the cause was told at the beginning: then the agent learns."""
    known = knowledge("api_down")
    taught = known.taught(
        Counts(causes={"memory": 1.0}, outcomes={step: {"memory": {outcome: 1.0}} for step, outcome in SEEN})
    )
    m = known.model
    told = Model(
        factors=list(m.factors),
        modalities={**{one.name: list(one.outcomes) for one in m.modalities}, "told": list(known.causes)},
        controls=list(m.controls),
        A={**dict(zip(m.modalities.names, m.A)), "told": "identity"},
        B=dict(zip(m.factors.names, m.B)),
        D=dict(zip(m.factors.names, m.D)),
        pA={name: table for name, table in zip(m.pA.names, m.pA) if table is not None},
        pD={CAUSE: m.pD[CAUSE]},
        A_dependencies={
            name: [m.factors.names[at] for at in places] for name, places in zip(m.modalities.names, m.A_dependencies)
        }
        | {"told": [CAUSE]},
    )
    learner = Agent(told, inference=Exact(), planner=Exhaustive(), learning=Learning(A=True, D=True))
    session = learner.start(seed=0)
    session.perceive({"told": "memory"})
    for step, outcome in SEEN:
        session.perceive({step: outcome}, executed={STEP: step})
    session.next_episode()
    session.perceive({})
    for step, outcome in SEEN[:1]:
        believed = session.perceive({step: outcome}, executed={STEP: step}).qs[CAUSE]
    assert led(taught, SEEN[:1]).qs[CAUSE] == pytest.approx(believed, abs=1e-12)
    assert led(known, SEEN[:1]).qs[CAUSE] != pytest.approx(believed, abs=1e-3)


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        ([("podz", "ready")], "api_down has no step 'podz': expected one of health, pods"),
        ([("pods", "green")], "the step 'pods' does not show 'green': expected one of ready, restarting"),
        ([("pods", "not-looked")], "does not show 'not-looked'"),
        ([("pods", "ready"), ("pods", "absent")], "a step is there twice"),
    ],
)
def test_what_cannot_have_been_seen_is_refused(seen: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(AdviceError, match=message):
        advise(knowledge("api_down"), seen)
