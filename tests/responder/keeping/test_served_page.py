"""Whether anybody serves the status page, as doctor finds it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.mailed import page_with
from support.status_site import answering, publish

from actinf.responder.keeping.doctor import Finding, State, examine
from actinf.responder.parts import Parts, make_parts
from actinf.responder.publishing.serving import FOLDER, PageServer, serving
from actinf.responder.settings import RespondSettings
from actinf.web.status.generations import Site
from actinf.web.status.server import StatusServer


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = make_parts(RespondSettings(data_dir=tmp_path))
    (tmp_path / FOLDER).mkdir(exist_ok=True)
    yield made
    made.close()


def _found(parts: Parts) -> Finding:
    (one,) = [one for one in examine(parts) if one.what == "page's server"]
    return one


@contextmanager
def _served(folder: Path, address: str) -> Iterator[None]:
    with serving(folder, PageServer(pid=os.getpid(), address=address, started_as=None)):
        yield


def test_that_nobody_serves_it_is_worth_a_look_unless_it_is_meant(parts: Parts, tmp_path: Path) -> None:
    assert (_found(parts).state, _found(parts).said) == (State.WARN, "no process serves the status page")
    elsewhere = make_parts(RespondSettings(data_dir=tmp_path, status_port="none"))
    assert _found(elsewhere).state is State.OK
    elsewhere.close()


def test_what_serves_it_is_asked_how_it_is(parts: Parts, tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    site = Site(folder / "site")
    with answering(StatusServer(site, metrics="loopback")) as address, _served(folder, address):
        assert "it has read no page yet" in _found(parts).said
        publish(folder, {"index.html": "page"}, page_with())
        site.look()
        one = _found(parts)
        assert one.state is State.OK
        assert f"process {os.getpid()} serves the page on {address}, and takes no subscriptions" in one.said


def test_one_that_does_not_answer_is_named(parts: Parts, tmp_path: Path) -> None:
    with _served(tmp_path / FOLDER, "http://127.0.0.1:9"):
        assert (_found(parts).state, "it does not say how it is" in _found(parts).said) == (State.WARN, True)
