"""Calls that are given up."""

import threading

import pytest

from actinf.responder.channels.deadline import Deadline


def test_a_call_in_time_gives_what_it_returns_or_raises():
    deadline = Deadline(30)
    assert deadline.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        deadline.run(lambda: 1 // 0)


def test_a_call_that_does_not_end_is_given_up():
    end = threading.Event()
    with pytest.raises(TimeoutError):
        Deadline(0.01).run(lambda: end.wait(30))
    end.set()


def test_calls_that_were_given_up_do_not_pile_up():
    end = threading.Event()
    deadline = Deadline(0.01, most=2)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            deadline.run(lambda: end.wait(30))
    started = []
    with pytest.raises(TimeoutError, match="2 earlier attempts are still waiting"):
        deadline.run(lambda: started.append(1))
    assert started == []
    end.set()
    patient = Deadline(30, most=1)
    assert [patient.run(lambda: 1) for _ in range(3)] == [1, 1, 1]
