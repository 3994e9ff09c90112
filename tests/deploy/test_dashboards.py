"""The dashboards as they are shipped: written from code, accepted by a real Prometheus, and found by their names."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.dashboards import boards, expressions, panels
from support.measured import exported, names_in, recorded
from support.seeing import DEPLOY, ROOT, Prometheus, alerts, prometheus_config, read


def test_they_are_what_the_tool_writes() -> None:
    tool = ROOT / "tools" / "write_dashboards.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], check=False)
    assert done.returncode == 0, "deploy/dashboards is not up to date: run `make format`"


def test_the_titles_are_those_that_people_look_for() -> None:
    assert {board["title"] for board in boards().values()} == {
        "API down",
        "Database performance",
        "High memory",
        "Pod Memory Usage",
        "Security",
        "Upkeep",
        "Engine",
    }


def test_every_alert_leads_to_a_dashboard_that_there_is() -> None:
    led_to = {alert["annotations"]["dashboard_url"].rpartition("/d/")[2] for alert in alerts().values()}
    assert led_to <= set(boards())


@pytest.mark.parametrize("uid", boards())
def test_panels_have_numbers_of_their_own_and_do_not_lie_on_one_another(uid: str) -> None:
    board = boards()[uid]
    numbers = [panel["id"] for panel in panels(board)]
    assert all(numbers)
    assert len(numbers) == len(set(numbers))
    taken: set[tuple[int, int]] = set()
    for panel in panels(board):
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_they_ask_the_data_source_that_is_provisioned() -> None:
    provisioned = read(DEPLOY / "grafana" / "provisioning" / "datasources" / "actinf.yml")["datasources"]
    there = {(one["type"], one["uid"]) for one in provisioned}
    for board in boards().values():
        asked = {(one["datasource"]["type"], one["datasource"]["uid"]) for one in panels(board) if "datasource" in one}
        assert asked
        assert asked <= there


def test_every_panel_reads_what_is_exported() -> None:
    there = exported() | set(recorded()) | {"ALERTS"}
    unknown = {
        (uid, title, name)
        for uid, board in boards().items()
        for title, expression in expressions(board)
        for name in names_in(expression) - there
    }
    assert unknown == set()


def test_a_real_prometheus_accepts_what_every_panel_asks(tmp_path: Path) -> None:
    prometheus = Prometheus(tmp_path / "prometheus", prometheus_config({}, None))
    prometheus.start()
    try:
        for board in boards().values():
            for _, expression in expressions(board):
                prometheus.query(expression)
    finally:
        prometheus.stop()
