"""Inference without an agent: Bayes' rule written out, the library's own numbers, and refusals that name the index."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest
from support.service import RunningService

import actinf as ai
from actinf.service.models.schemas import WEATHER

SKY = {"clear": 0, "dark": 1}


def inferred(api: httpx.Client, **asked: Any) -> dict[str, Any]:
    reply: dict[str, Any] = api.post("/v1/inference", json=asked).raise_for_status().json()
    return reply


def filtered(observed: list[str | None]) -> tuple[list[list[float]], list[float]]:
    """The posteriors and −ln p(o_t | o_<t) of the weather, by Bayes' rule."""
    A, B = np.array(WEATHER["A"]["sky"]), np.array(WEATHER["B"]["weather"])
    prior, posteriors, surprises = np.array([0.5, 0.5]), [], []
    for sky in observed:
        joint = prior if sky is None else A[SKY[sky]] * prior
        posteriors.append((joint / joint.sum()).tolist())
        surprises.append(-np.log(joint.sum()))
        prior = B @ posteriors[-1]
    return posteriors, surprises


def test_the_posteriors_and_the_evidence_are_those_of_bayes(api: httpx.Client) -> None:
    observed = ["dark", "dark", None, "clear", "dark"]
    reply = inferred(api, model=WEATHER, observations=[{"sky": sky} for sky in observed])
    posteriors, surprises = filtered(observed)
    np.testing.assert_allclose(reply["qs"]["weather"], posteriors, rtol=1e-12)
    np.testing.assert_allclose(reply["F"], surprises, rtol=1e-12, atol=1e-15)
    assert reply["log_evidence"] == pytest.approx(-sum(surprises), rel=1e-12)
    assert reply["total_F"] == -reply["log_evidence"]
    assert reply["model"] == ai.Model.from_dict(WEATHER).hash


@pytest.mark.parametrize("inference", ["exact", "fixed_point", {"fixed_point": {"max_iterations": 3}}])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_numbers_are_those_of_an_agent(api: httpx.Client, inference: Any, dtype: str) -> None:
    observations: list[Any] = [{"where": "centre", "cue": "none"}, {"where": "cue", "cue": "left"}, {"where": "left"}]
    actions = [{"location": "cue"}, {"location": "left"}]
    reply = inferred(api, model="tmaze", observations=observations, actions=actions, inference=inference, dtype=dtype)
    settings = {"exact": ai.Exact(), "fixed_point": ai.FixedPoint()}
    how = ai.FixedPoint(max_iterations=3) if isinstance(inference, dict) else settings[inference]
    session = ai.Agent(ai.envs.BUNDLED["tmaze"]().model(), inference=how, dtype=dtype).start()
    steps = [session.step(o, executed=a) for o, a in zip(observations, [None, *actions], strict=True)]
    assert reply["F"] == [step.F for step in steps]
    assert reply["qs"] == {name: [step.qs[name].tolist() for step in steps] for name in steps[0].qs}
    assert (reply["log_evidence"] is None) == (inference != "exact")


def test_an_impossible_observation_is_named_by_its_index(api: httpx.Client) -> None:
    asked = {
        "model": "tmaze",
        "observations": [{"where": "centre", "cue": "none"}, {"where": "centre"}],
        "actions": [{"location": "cue"}],
    }
    for _ in range(2):  # what was refused leaves nothing behind
        refused = api.post("/v1/inference", json=asked)
        assert refused.status_code == 422
        assert refused.json()["type"] == "/problems/impossible-observation"
        assert refused.json()["detail"].startswith("observations[1]: ")
    assert inferred(api, model="tmaze", observations=asked["observations"][:1])["F"] == [0.0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actions": None}, "there are no actions between the 2 observations"),
        ({"actions": []}, "0 actions and 2 observations: expected 1 actions"),
        ({"actions": [{"location": "nowhere"}]}, "observations[1]"),
        ({"observations": [{"were": "centre"}, {}]}, "observations[0]"),
        ({"model": "tmase"}, "did you mean 'tmaze'"),
        ({"inference": "guess"}, "expected one of"),
        ({"model": {"actinf": 1, "kind": "model"}}, "factors"),
    ],
)
def test_what_does_not_fit_is_refused(api: httpx.Client, change: dict[str, Any], said: str) -> None:
    asked = {"model": "tmaze", "observations": [{}, {}], "actions": [{"location": "cue"}]}
    refused = api.post("/v1/inference", json=asked | change)
    assert refused.status_code in (404, 422)
    assert said in refused.json()["detail"]


def test_a_reply_that_would_be_too_large_is_refused_before_anything_is_done(api: httpx.Client) -> None:
    names = [f"s{at}" for at in range(300)]
    model = {
        "actinf": 1,
        "kind": "model",
        "factors": {"place": names},
        "modalities": {"sight": {"outcomes": names, "depends_on": ["place"]}},
        "A": {"sight": "identity"},
        "B": {"place": "identity"},
    }
    refused = api.post("/v1/inference", json={"model": model, "observations": [{}] * 4000})
    assert refused.status_code == 422
    assert "1,200,000 numbers" in refused.json()["detail"], refused.json()


def test_habits_do_not_stand_in_the_way(api: httpx.Client) -> None:
    model = ai.Model.load("tmaze.yaml").to_dict() | {"E": [0.1, 0.2, 0.3, 0.4]}
    assert inferred(api, model=model, observations=[{"where": "centre", "cue": "none"}])["F"] == [0.0]


def test_many_at_once_do_not_disturb_one_another(api: httpx.Client) -> None:
    courses = [["dark" if at >> bit & 1 else "clear" for bit in range(6)] for at in range(64)]

    def ask(course: list[str]) -> list[float]:
        F: list[float] = inferred(api, model=WEATHER, observations=[{"sky": sky} for sky in course])["F"]
        return F

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, courses))
    np.testing.assert_allclose(found, [filtered(list(course))[1] for course in courses], rtol=1e-12)


def test_a_document_is_parsed_once(api: httpx.Client, service: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    document = WEATHER | {"name": "parsed once"}
    parsed = []
    genuine = ai.Model.from_dict
    monkeypatch.setattr(ai.Model, "from_dict", lambda data: parsed.append(data) or genuine(data))
    for _ in range(3):
        inferred(api, model=document, observations=[{"sky": "dark"}])
    assert len(parsed) == 1


def test_a_key_that_may_only_read_may_ask(service: RunningService) -> None:
    with service.client(service.new_key("read")) as reader:
        inferred(reader, model="tmaze", observations=[{}])
    with service.client(service.new_key("operate")) as other:
        assert other.post("/v1/inference", json={"model": "tmaze", "observations": [{}]}).status_code == 403
