"""A command line that is called in this process, and a small experiment to call it on."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actinf.cli.app import run
from actinf.model import Model


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def plain(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Answer]


@pytest.fixture
def actinf(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """`actinf("run", "tmaze")` as on the command line, with what was printed."""
    monkeypatch.setenv("COLUMNS", "160")
    root = logging.getLogger()
    handlers, level = root.handlers, root.level

    def call(*arguments: object) -> Answer:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Answer(code, said.out, said.err)

    yield call
    root.handlers = handlers  # a command that serves sends them to its own standard output, which is gone by now
    root.setLevel(level)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """An experiment with a weather model: two agents, three steps."""
    Model(
        factors={"weather": ["dry", "wet"]},
        modalities={"sky": ["clear", "grey"]},
        controls={"weather": ["wait", "dance"]},
        A={"sky": [[0.9, 0.2], [0.1, 0.8]]},
        B={"weather": [[[0.8, 0.5], [0.3, 0.1]], [[0.2, 0.5], [0.7, 0.9]]]},
        C={"sky": {"grey": 1.0}},
        name="weather",
    ).save(tmp_path / "weather.yaml")
    path = tmp_path / "small.yaml"
    path.write_text("actinf: 1\nkind: experiment\nname: rain\nmodel: weather.yaml\nagents: 2\nsteps: 3\nseed: 4\n")
    return path


@pytest.fixture
def recorded(actinf: Call, small: Path, tmp_path: Path) -> Path:
    """The folder of a finished run."""
    answer = actinf("run", small, "--out", tmp_path / "mine", "--no-report", "--quiet")
    assert answer.code == 0, answer.err
    return tmp_path / "mine"
