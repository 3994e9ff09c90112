"""A line in, a line out, whatever the line."""

import io
import json
import subprocess
import sys

import pytest

from actinf.advise import __main__ as process
from actinf.advise import exchange
from actinf.advise.exchange import answer


def asked(**question) -> dict:
    return json.loads(answer(json.dumps(question)))


def test_a_question_is_answered_with_causes_checks_and_resolutions() -> None:
    told = asked(id=7, type="api_down", seen=[["health", "failing"]])
    assert told["id"] == 7
    assert told["advice"]["causes"][0]["cause"] == "database"
    first = told["advice"]["checks"][0]
    assert set(first) >= {
        "step",
        "remaining",
        "enables",
        "G",
        "information",
        "cost",
        "minutes",
        "harm",
        "expected",
        "separates",
    }
    assert "health" not in [one["step"] for one in told["advice"]["checks"]]
    assert told["advice"]["treat"] is None


def test_what_was_learnt_changes_the_answer() -> None:
    plain = asked(type="api_down", seen=[])
    taught = asked(type="api_down", seen=[], counts={"causes": {"switch": 50}})
    assert plain["advice"]["causes"][0]["cause"] != "switch"
    assert taught["advice"]["causes"][0] == {"cause": "switch", "belief": pytest.approx(50.36 / 62, abs=1e-6)}


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no object of"),
        ('{"type": "api_down", "also": 1}', "no object of"),
        ('{"type": 3}', "type is '3': expected a text"),
        ('{"type": "rain"}', "nothing is known of incidents of type 'rain'"),
        ('{"type": "../../etc/passwd"}', "nothing is known of incidents of type"),
        ('{"type": "api_down", "seen": {}}', "seen is no list"),
        ('{"type": "api_down", "seen": [["pods"]]}', "seen is no list"),
        ('{"type": "api_down", "seen": [["pods", "green"]]}', "does not show 'green'"),
        ('{"type": "api_down", "counts": []}', "counts is"),
        ('{"type": "api_down", "counts": {"causes": {"release": -1}}}', "expected a number from 0"),
        ('{"type": "api_down", "counts": {"causes": {"release": NaN}}}', "expected a number from 0"),
        ('{"type": "api_down", "counts": {"causes": {"rain": 1}}}', "api_down has no cause 'rain'"),
        ('{"type": "api_down", "counts": {"outcomes": {"pods": {"release": {"green": 1}}}}}', "no outcome of 'pods'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_the_answer(line: str, refusal: str) -> None:
    told = json.loads(answer(line))
    assert set(told) == {"id", "refused"}
    assert refusal in told["refused"]
    assert len(told["refused"]) < 600


def test_the_process_answers_until_its_input_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "actinf.advise"],
        input=b'{"id": 1, "type": "api_down"}\n\xff\xfe\n{"id": "b", "type": "api_down"}\n',
        capture_output=True,
        check=True,
        timeout=120,
    )
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert first["advice"] == third["advice"]
    assert (first["id"], third["id"]) == (1, "b")
    assert "no JSON" in second["refused"]


def test_a_process_that_is_bounded_fails_and_is_the_first_to_be_ended() -> None:
    look = "import resource; print(resource.getrlimit(resource.RLIMIT_AS)[0], open('/proc/self/oom_score_adj').read())"
    bounds = "from actinf.advise.__main__ import bounded, expendable; from pathlib import Path; bounded(512); "
    told = "expendable(Path('/proc/self/oom_score_adj')); expendable(Path('/nowhere/at/all')); "
    done = subprocess.run([sys.executable, "-c", bounds + told + look], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(512 * 2**20), "1000"]


def test_a_line_without_an_end_ends_the_process(monkeypatch) -> None:
    class Standard:
        def __init__(self, content: bytes = b""):
            self.buffer = io.BytesIO(content)

    monkeypatch.setattr(exchange, "LONGEST_LINE", 10)
    monkeypatch.setattr(sys, "stdin", Standard(b"x" * 100))
    monkeypatch.setattr(sys, "stdout", Standard())
    assert process.main([]) == 1
