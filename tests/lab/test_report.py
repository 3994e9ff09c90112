"""The report: one file that needs nothing else, and says what was run, what was done and how to do it again."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from actinf.lab.experiment import Experiment
from actinf.lab.experiment_file import read_experiment
from actinf.lab.report import write_report
from actinf.lab.report.page import page, table, text
from actinf.lab.running import load_run, run
from actinf.lab.summary import summarise
from actinf.lab.trace import open_trace
from actinf.model import Model

from .conftest import write_small_experiment

VOID = {"meta", "path", "use", "image", "rect", "br"}


class Reader(HTMLParser):
    """Gathers what a page refers to, its ids, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.refers: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href"):
                self.refers.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")

    def report(staging: Path, experiment: Experiment, agent, record) -> None:  # type: ignore[no-untyped-def]
        with open_trace(staging) as trace:
            write_report(
                staging,
                experiment=experiment,
                agent=agent,
                record=record,
                trace=trace,
                summary=summarise(trace, experiment, record.seconds),
                index=1,
            )

    experiment = read_experiment(write_small_experiment(place))
    run(experiment, place / "mine", command=["actinf", "run", "<b>"], finish=report)
    return place / "mine"


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_report_needs_no_other_file_and_no_network(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    assert all(reference.startswith(("#", "data:")) for reference in reader.refers)
    assert not {"script", "link", "iframe"} & set(reader.tags)
    outside = set(re.findall(r"https?://[^\s\"'<>)]+", html))
    assert outside <= {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}
    assert "@import" not in html


def test_the_report_is_well_formed_and_its_ids_are_unique(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert {reference[1:] for reference in reader.refers if reference.startswith("#")} <= set(reader.ids)


def test_the_report_says_what_was_run_and_done(html: str) -> None:
    assert "3 agents lived 2 episodes of 4 steps" in html
    assert "Their actions: " in html
    assert "Mean free energy of a step: " in html
    assert "time per agent-step" in html
    assert re.search(r"Run on \d{4}-\d\d-\d\d at \d\d:\d\d:\d\d UTC with actinf", html)


def test_the_report_shows_the_settings_the_model_and_how_to_run_it_again(html: str, folder: Path) -> None:
    record, experiment = load_run(folder)
    assert "Exhaustive(horizon=2" in html
    assert "A: hint given location, context" in html
    assert "actinf rerun" in html
    assert record.trace_sha256 in html
    assert experiment.model.hash in html


def test_what_the_user_wrote_cannot_become_markup(html: str) -> None:
    assert "actinf run &lt;b&gt;" in html
    assert "<b>" not in html


def test_the_report_follows_the_light_and_the_dark_theme(html: str) -> None:
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert "var(--ink)" in html


def test_every_plot_is_also_a_png(folder: Path) -> None:
    names = {path.stem for path in (folder / "plots").iterdir()}
    assert {"actions", "free-energy", "learning", "learned", "beliefs", "policies", "why-step-0"} <= names
    for path in (folder / "plots").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_one_agent_is_told_step_by_step(html: str) -> None:
    assert "Agent 1 by itself" in html
    assert "saw: hint" in html
    assert "did: location" in html


def test_a_model_with_large_tables_is_told_by_its_sizes() -> None:
    from actinf.lab.report.model_tables import model_tables

    model = Model(
        factors={"cell": 3000},
        modalities={"cell": 3000},
        A={"cell": "identity"},
        B={"cell": "identity"},
        C={"cell": {"0": 1.0}},
    )
    html = model_tables(model)
    assert "Too large to be shown here" in html
    assert len(html) < 20_000


def test_the_tables_of_a_model_show_its_numbers(model: Model) -> None:
    from actinf.lab.report.model_tables import model_tables

    html = model_tables(model)
    assert "0.333" in html
    assert "from centre" in html or "<h3>go centre</h3>" in html
    assert "uniform" in html


def test_pieces_of_a_page_escape_what_they_are_given() -> None:
    assert text("<&>") == "&lt;&amp;&gt;"
    assert "&lt;td&gt;" in table(["a"], [["<td>"]])
    assert "<title>&lt;x&gt;</title>" in page("<x>", "")
