"""`actinf incident advise` and `looked`: with the engine, and without it."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actinf.responder.advising import child


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands keep incidents."""
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_RESPOND_ADVICE", "false")
    monkeypatch.setenv("ACTINF_USER", "ada")
    return tmp_path / "store"


def opened(actinf: Any, kind: str = "api_down") -> str:
    answer = actinf(
        "incident", "open", "--component", "API", "--impact", "x", "--severity", "P1", "--type", kind, "--json"
    )
    assert answer.code == 0, answer.err
    return str(answer.plain["id"])


def test_the_engine_says_what_to_look_at_next(actinf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(actinf)
    said = actinf("incident", "looked", "001", "health", "failing", "--note", "[bold]\x1b[31mred")
    assert said.out.startswith("health: failing\n")
    monkeypatch.setenv("ACTINF_RESPOND_ADVICE", "true")
    # On a machine that is busy with other tests an answer may take longer than who is on call would wait.
    monkeypatch.setattr(child, "Limits", partial(child.Limits, answer=60.0))
    told = actinf("incident", "advise", "001")
    assert told.code == 0, told.err
    assert "look next\n  1. " in told.out
    assert "     $ curl -f https://database.internal/health\n" in told.out
    assert "database         the database is away or refuses" in told.out
    assert "health             failing          by ada: [bold]red" in told.out
    assert "actinf incident looked 2" in told.out
    plain = actinf("incident", "advise", "--json").plain
    assert (plain["absent"], plain["causes"][0]["cause"]) == (None, "database")


def test_without_the_engine_it_says_so_and_has_the_order_of_the_runbook(actinf: Any) -> None:
    opened(actinf, "security")
    told = actinf("incident", "advise")
    assert told.out.startswith(
        "no advice: it is switched off (ACTINF_RESPOND_ADVICE); in the runbook's order:\nKeep the evidence before"
    )
    assert "  1. audit-verify: see whether the audit log itself was touched\n" in told.out
    everything = actinf("incident", "advise", "--all").out
    assert "to make it better\n  1. call-noise" in everything


def test_the_names_are_listed_and_a_wrong_one_says_which_there_are(actinf: Any) -> None:
    opened(actinf)
    listed = actinf("incident", "looked", "001", "--list").out
    assert "  pods               list the pods of the API\n      ready" in listed
    assert "causes, for --cause\n  release" in listed
    plain = actinf("incident", "looked", "001", "--list", "--json").plain
    assert plain["steps"][0]["outcomes"]["failing"] == "failing, with a reason"
    for words, message in (
        (("001",), "looked needs a STEP and its OUTCOME"),
        (("001", "pods", "green"), "expected one of ready, restarting, unready, absent"),
        (("001", "pods", "--list"), "leave STEP and OUTCOME out"),
    ):
        refused = actinf("incident", "looked", *words)
        assert (refused.code, message in refused.err) == (2, True), refused.err
    opened(actinf, "other")
    assert "no steps and causes with names" in actinf("incident", "looked", "002", "--list").err


def test_the_cause_is_said_with_the_root_cause_or_at_the_end(actinf: Any) -> None:
    opened(actinf)
    reached = actinf("incident", "milestone", "001", "root-cause", "the pool", "--cause", "release", "--json").plain
    assert reached["cause"] == "release"
    assert "expected one of release, database" in actinf("incident", "resolve", "001", "--cause", "rain").err
    resolved = actinf("incident", "resolve", "001", "--how", "rolled back", "--cause", "memory", "--json").plain
    assert (resolved["cause"], resolved["status"]) == ("memory", "Resolved")
