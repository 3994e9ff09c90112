"""Reasons: G taken apart, two policies compared part by part, and what is said about it in words."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from actinf.agent import Explanation
from actinf.lab.explain import Reasons, Terms
from actinf.lab.trace_layout import policy_labels
from actinf.model import Model


@pytest.fixture
def explanation(model: Model) -> Explanation:
    random = np.random.default_rng(1)
    policies = np.array(list(product(product(range(4)), repeat=2)))
    risk, ambiguity = random.gamma(1.0, 0.5, (16, 2, 2)), random.gamma(1.0, 0.2, (16, 2, 2))
    novelty = random.gamma(1.0, 0.1, (16, 2, 2))
    G = (risk + ambiguity - novelty).sum(axis=(1, 2))
    q_pi = np.exp(-G) / np.exp(-G).sum()
    return Explanation(
        policies=policies,
        names=list(policy_labels(policies, model)),
        modalities=("where", "hint"),
        risk=risk,
        ambiguity=ambiguity,
        novelty_A=novelty,
        novelty_B=np.zeros((16, 2)),
        log_E=np.zeros(16),
        gamma=1.0,
        G=G,
        q_pi=q_pi,
        q_action=q_pi.reshape(4, 4).sum(axis=1),
        action={"location": "go cue"},
    )


@pytest.fixture
def terms(explanation: Explanation) -> Terms:
    return Terms.of(explanation)


def reasons(terms: Terms, action: int = 1) -> Reasons:
    names = ("go centre", "go cue", "go left", "go right")
    return Reasons(
        agent=3,
        episode=0,
        step=1,
        observed={"where": "cue", "hint": None},
        believed={"location": {"centre": 0.001, "cue": 0.999}, "context": {"reward left": 0.5, "reward right": 0.5}},
        action={"location": names[action]},
        action_index=(action,),
        q_action={"go cue": 0.75},
        terms=terms,
        F=0.1,
    )


def test_the_parts_of_g_sum_to_g(terms: Terms) -> None:
    np.testing.assert_allclose(sum(terms.parts.values()), terms.G)
    np.testing.assert_allclose(sum(part.values for part in terms.details), terms.G)


def test_a_part_that_is_zero_for_all_policies_is_left_out(terms: Terms) -> None:
    assert list(terms.parts) == ["risk", "ambiguity", "novelty of A"]


def test_novelty_lowers_g(terms: Terms) -> None:
    assert np.all(terms.parts["novelty of A"] <= 0)


def test_policies_are_named_after_the_model(terms: Terms) -> None:
    assert terms.labels[1] == "go centre > go cue"


def test_the_best_policies_come_first_and_ties_keep_their_order(terms: Terms) -> None:
    assert terms.best(16).tolist() == np.argsort(terms.G, kind="stable").tolist()
    tied = replace(terms, q_pi=np.full(16, 1 / 16), G=np.zeros(16))
    assert tied.best(3).tolist() == [0, 1, 2]


def test_two_policies_differ_by_their_parts(terms: Terms) -> None:
    differences = terms.contrast(2, 9)
    assert sum(difference for difference, _ in differences) == pytest.approx(terms.G[9] - terms.G[2])
    sizes = [abs(difference) for difference, _ in differences]
    assert sizes == sorted(sizes, reverse=True)


def test_the_rival_is_the_best_policy_that_starts_otherwise(terms: Terms) -> None:
    mine, rival = terms.best_starting_with((1,)), terms.best_starting_otherwise((1,))
    assert mine == 4 + int(np.argmin(terms.G[4:8]))
    others = [policy for policy in range(16) if not 4 <= policy < 8]
    assert rival == min(others, key=lambda policy: terms.G[policy])


def test_words_say_what_was_seen_believed_and_done(terms: Terms) -> None:
    saw, believed, did, _ = reasons(terms).in_words()
    assert saw == "At step 1 agent 3 saw where = cue, hint = missing."
    assert believed == "It then believed: location cue 99.90%; context reward left 50%, reward right 50%."
    assert did == "It did 'go cue', to which its policies gave 75% of the probability."


def test_words_say_that_what_was_seen_may_be_impossible_where_that_was_not_tested(terms: Terms) -> None:
    *_, untested, did, _ = replace(reasons(terms), impossibility_tested=False).in_words()
    assert untested == "That all of it is possible together was not tested: too many joint states are left."
    assert did.startswith("It did")


def test_words_name_the_part_that_decided(explanation: Explanation) -> None:
    risk = np.zeros((16, 2, 2))
    risk[:, 0, 1] = np.repeat([3.0, 1.0, 2.5, 2.0], 4)
    only = replace(
        explanation,
        risk=risk,
        ambiguity=0 * risk,
        novelty_A=0 * risk,
        G=risk.sum(axis=(1, 2)),
        q_pi=np.full(16, 1 / 16),
    )
    said = reasons(Terms.of(only)).in_words()[-1]
    assert "'go cue > go centre', has G = 1.000 nats" in said
    assert said.endswith("has 2.000: 1.000 worse, of which risk of hint next (+1.000).")


def test_an_agent_that_took_a_worse_action_is_said_to_have(terms: Terms) -> None:
    worst = int(terms.best(16)[-1]) // 4
    mine, other = terms.best_starting_with((worst,)), terms.best_starting_otherwise((worst,))
    assert mine is not None
    assert other is not None
    if terms.G[other] < terms.G[mine]:
        assert " better, of which" in reasons(terms, worst).in_words()[-1]
