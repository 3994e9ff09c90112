"""Whatever the child does, whoever asks gets an answer or a reason, in time."""

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from actinf.responder.advising.child import ChildAdviser, Limits
from actinf.responder.advising.port import Absent, Question, Told
from actinf.responder.children import for_advice

ASKED = Question(kind="api_down", seen=(("health", "failing"),), counts={})
SHORT = Limits(first=0.4, answer=0.4, idle=60, rest=60)
PATIENT = Limits(first=60, answer=60, idle=60, rest=60)

TALKS = """
import json, sys, time
RATED = {"step": "pods", "G": 1, "information": 1, "cost": 1, "minutes": 2, "harm": 0, "expected": {"ready": 1},
         "separates": [], "helps": None,
         "against": None, "enables": [], "remaining": 30.0}
ADVICE = {"causes": [{"cause": "release", "belief": 1}], "checks": [RATED], "resolutions": [], "treat": None}
def say(number, **said): print(json.dumps({"id": number, **said}), flush=True)
for count, line in enumerate(sys.stdin):
    asked = json.loads(line)
    number = asked["id"]
    """

Make = Callable[..., ChildAdviser]


@pytest.fixture
def child() -> Iterator[Make]:
    """A child that does as it is told: `child("say(number, advice=ADVICE)")`."""
    made: list[ChildAdviser] = []

    def make(does: str, limits: Limits = PATIENT) -> ChildAdviser:
        made.append(ChildAdviser(limits, [sys.executable, "-I", "-S", "-c", TALKS + does], environment=os.environ))
        return made[-1]

    yield make
    for one in made:
        one.close()


def gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_an_answer_is_told_and_remembered(child: Make) -> None:
    adviser = child("say(number, advice={**ADVICE, 'treat': None if count == 0 else 'again'})")
    told = adviser.ask(ASKED, patience=60)
    assert isinstance(told, Told)
    assert (told.causes, told.checks[0].step, told.treat) == ({"release": 1.0}, "pods", None)
    assert adviser.ask(ASKED, patience=60) is told
    other = adviser.ask(replace(ASKED, seen=()), patience=60)
    assert isinstance(other, Told)
    assert other.treat == "again", "the child stays"


def test_a_child_that_does_not_listen_keeps_nobody_waiting() -> None:
    """Its pipe is full after a few questions: who writes into it would wait for ever, and all others with them."""
    sleeps = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
    deaf = ChildAdviser(replace(SHORT, first=1.0), sleeps, environment={})
    counts = {"causes": {f"cause {number}": 1.0 for number in range(2000)}}
    told: list[Told | Absent] = []

    def ask(number: int) -> None:
        told.append(deaf.ask(replace(ASKED, seen=(("step", str(number)),), counts=counts), patience=0.2))

    asking = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(80)]
    try:
        for one in asking:
            one.start()
        for one in asking:
            one.join(30)
        assert [one for one in told if isinstance(one, Absent)] == told
        assert len(told) == len(asking)
        time.sleep(1.0)
        late = deaf.ask(replace(ASKED, seen=(("step", "0"),), counts=counts), patience=0.2)
        assert isinstance(late, Absent)
        assert "did not answer within 1 s" in late.why
    finally:
        if (there := deaf._child) is not None:
            there.process.kill()  # first, and not asking: where it fails, somebody holds the lock until then
        deaf.close()


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("print('{', flush=True)", "answers nothing that can be understood"),
        ("print('[' * 100_000, flush=True)", "answers nothing that can be understood"),
        ("print('null', flush=True)", "answers nothing that can be understood"),
        ("say(number, advice=7)", "answers nothing that can be understood"),
        ("say(number, advice={**ADVICE, 'checks': [{}]})", "answers nothing that can be understood"),
        ("say(number + 1, advice=ADVICE)", "answers nothing that can be understood"),
        ("sys.stdout.write('x' * (3 << 20)); sys.stdout.flush()", "answers nothing that can be understood"),
        ("sys.exit(3)", r"ended \(exit status 3\)"),
        ("import os; os.kill(os.getpid(), 9)", r"ended \(signal 9\)"),
        ("time.sleep(600)", r"did not answer within 0\.4 s"),
    ],
)
def test_what_goes_wrong_is_a_reason_and_ends_the_child(child: Make, does: str, why: str) -> None:
    # Only what hangs may be found out by its time: the machine may be busy.
    adviser = child(does, SHORT if "sleep" in does else PATIENT)
    adviser.warm("api_down")
    pid = adviser.pid
    assert pid is not None
    absent = adviser.ask(replace(ASKED, seen=()), patience=60 if "sleep" not in does else 0.5)
    assert isinstance(absent, Absent)
    assert re.search(why, absent.why), absent.why
    assert gone(pid)
    began = time.monotonic()
    assert adviser.ask(ASKED, patience=60) == absent, "it rests"
    assert time.monotonic() - began < 5
    assert adviser.pid is None


def test_after_its_rest_it_is_begun_again(child: Make) -> None:
    adviser = child("sys.exit(3)", replace(PATIENT, rest=0.0))
    first = adviser.ask(ASKED, patience=60)
    second = adviser.ask(ASKED, patience=60)
    assert isinstance(first, Absent)
    assert isinstance(second, Absent)
    assert "exit status 3" in second.why


def test_a_first_answer_may_take_its_time_and_is_there_later(child: Make) -> None:
    adviser = child("time.sleep(0.3); say(number, advice=ADVICE)", PATIENT)
    assert adviser.ask(ASKED, patience=0.01) == Absent("it is being prepared, and is there in a moment", preparing=True)
    assert isinstance(adviser.ask(ASKED, patience=60), Told)


def test_a_refusal_is_told_and_the_child_goes_on(child: Make) -> None:
    adviser = child("say(number, refused='no such step') if asked['seen'] else say(number, advice=ADVICE)")
    assert adviser.ask(ASKED, patience=60) == Absent("it refuses: no such step")
    assert isinstance(adviser.ask(replace(ASKED, seen=()), patience=60), Told)


def test_a_child_that_is_not_asked_ends(child: Make) -> None:
    adviser = child("say(number, advice=ADVICE)", replace(PATIENT, idle=0.3))
    assert isinstance(adviser.ask(ASKED, patience=60), Told)
    pid = adviser.pid
    if pid is not None:
        assert gone(pid)
    assert adviser.pid is None


def test_a_program_that_is_not_there_is_a_reason() -> None:
    adviser = ChildAdviser(SHORT, ["/nowhere/python"], environment={})
    absent = adviser.ask(ASKED, patience=1)
    assert absent == Absent("its process could not be asked (No such file or directory)")
    adviser.close()


def test_the_engine_itself_answers_within_its_bounds() -> None:
    adviser = ChildAdviser(environment=for_advice(os.environ))
    try:
        told = adviser.ask(ASKED, patience=120)
        assert isinstance(told, Told), told
        assert next(iter(told.causes)) == "database"
        assert "health" not in {one.step for one in told.checks}
        taught = adviser.ask(replace(ASKED, counts={"causes": {"rain": 1}}), patience=60)
        assert isinstance(taught, Absent)
        assert "has no cause 'rain'" in taught.why
    finally:
        adviser.close()
