"""Prometheus as a source of measurements: what it says when it is dead, slow, or says nonsense."""

import http.server
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.loopback import answering
from support.ports import free_port

from actinf.errors import NotMeasured
from actinf.responder.measuring.patience import Patience
from actinf.responder.measuring.port import NoMeasurements, Sample
from actinf.responder.measuring.prometheus import Prometheus


@contextmanager
def saying(body: bytes, status: int = 200, *, before: Callable[[], None] = lambda: None) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            before()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with answering(Handler) as port:
        yield f"http://127.0.0.1:{port}"


VECTOR = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1,"0.5"]}]}}'


def test_a_vector_and_a_scalar_are_read() -> None:
    with saying(VECTOR) as url:
        assert Prometheus(url).ask("up") == (Sample({"job": "a"}, 0.5),)
    with saying(b'{"status":"success","data":{"resultType":"scalar","result":[1,"+Inf"]}}') as url:
        assert Prometheus(url).ask("1/0") == (Sample({}, float("inf")),)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b"<html>bad gateway</html>", 502),
        (b"[]", 200),
        (b'{"status":"success"}', 200),
        (b'{"status":"success","data":{"resultType":"matrix","result":[]}}', 200),
        (b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}', 200),
        (b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}', 200),
        (b"[" * 100_000, 200),
        (b"\xff\xfe", 200),
        (b"1" * 5_000_000, 200),
    ],
)
def test_nonsense_is_no_measurement_and_says_so(body: bytes, status: int) -> None:
    with saying(body, status) as url, pytest.raises(NotMeasured, match="nothing that Prometheus would say"):
        Prometheus(url).ask("up")


def test_a_query_that_is_refused_says_why() -> None:
    with (
        saying(b'{"status":"error","error":"parse error"}', 400) as url,
        pytest.raises(NotMeasured, match="parse error"),
    ):
        Prometheus(url).ask("up{")


def test_one_that_is_dead_or_slow_is_waited_for_no_longer_than_it_was_said() -> None:
    with pytest.raises(NotMeasured, match="cannot be asked: ConnectError"):
        Prometheus(f"http://user:secret@127.0.0.1:{free_port()}").ask("up")
    with (
        saying(VECTOR, before=lambda: time.sleep(0.5)) as url,
        pytest.raises(NotMeasured, match=r"does not answer within 0\.1 s") as caught,
    ):
        Prometheus(url.replace("//", "//user:secret@"), seconds=0.1).ask("up")
    assert "secret" not in str(caught.value)


def test_without_an_address_nobody_is_asked() -> None:
    with pytest.raises(NotMeasured, match="ACTINF_RESPOND_PROMETHEUS_URL"):
        NoMeasurements().ask("up")


def test_who_did_not_answer_once_is_not_asked_again() -> None:
    times = 0

    class Counting(NoMeasurements):
        def ask(self, query: str) -> tuple[Sample, ...]:
            nonlocal times
            times += 1
            return super().ask(query)

    asked = Patience(Counting())
    for _ in range(3):
        with pytest.raises(NotMeasured):
            asked.ask("up")
    assert times == 1


def test_all_questions_share_one_time_limit() -> None:
    seconds = iter([0.0, 1.0, 99.0])

    class Answering:
        def ask(self, query: str) -> tuple[Sample, ...]:
            return (Sample({}, 1.0),)

    asked = Patience(Answering(), count=lambda: next(seconds))
    assert asked.number("up") == 1
    with pytest.raises(NotMeasured, match="within 15 s"):
        asked.number("up")
