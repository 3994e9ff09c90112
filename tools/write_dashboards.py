"""Write deploy/dashboards/*.json, Grafana's dashboards, from the folder `dashboards` beside this file.

python tools/write_dashboards.py            write them
python tools/write_dashboards.py --check    exit with 1 when a file is not what would be written

A dashboard of a kind of incident begins with the alerts of that kind that fire.  Grafana finds Prometheus by the
identity that deploy/grafana/provisioning gives it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from dashboards import BOARDS, Board, Query, Shown
from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    GridPos,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from writing import write_or_check

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "dashboards"
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")
TAG = "active-inference"

ACROSS = 24  # columns of Grafana's grid
WIDTH, HEIGHT = 8, 8


def query(asked: Query, letter: str) -> prometheus.Dataquery:
    """One expression of a panel."""
    return prometheus.Dataquery().expr(asked.expression).legend_format(asked.legend or "__auto").ref_id(letter)


def thresholds(shown: Shown) -> dashboard.ThresholdsConfig:
    """Green, and red from the limit on, or below it."""
    before, after = ("red", "green") if shown.below else ("green", "red")
    steps = [Threshold(value=None, color=before)]
    if shown.limit is not None:
        steps.append(Threshold(value=shown.limit, color=after))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def series(shown: Shown) -> timeseries.Panel:
    """Values over time."""
    style = GraphTresholdsStyleMode.OFF if shown.limit is None else GraphTresholdsStyleMode.DASHED
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    return (
        timeseries.Panel()
        .fill_opacity(8)
        .legend(legend.show_legend(True))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
    )


def latest() -> stat.Panel:
    """The value of now."""
    return (
        stat.Panel()
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def panel(shown: Shown, number: int, place: GridPos) -> timeseries.Panel | stat.Panel:
    """A panel at its place."""
    made = latest() if shown.now else series(shown)
    made = made.id(number).title(shown.title).description(shown.said).unit(shown.unit).min(0)
    made = made.datasource(PROMETHEUS).grid_pos(place).thresholds(thresholds(shown))
    for letter, asked in zip("ABCDEFGH", shown.queries, strict=False):
        made = made.with_target(query(asked, letter))
    return made


def firing(kind: str, number: int, place: GridPos) -> table.Panel:
    """The alerts of a kind that fire."""
    asked = Query(f'ALERTS{{alertstate="firing",incident_type="{kind}"}}')
    return (
        table.Panel()
        .id(number)
        .title("Alerts that fire")
        .description(f"docs/runbooks/{kind.replace('_', '-')}.md says what to do.")
        .no_value("none")
        .show_header(True)  # a panel without any option would say `options: null`, which Grafana's schema forbids
        .datasource(PROMETHEUS)
        .grid_pos(place)
        .with_target(query(asked, "A").format(PromQueryFormat.TABLE).instant())
    )


def places(count: int, top: int) -> Iterator[GridPos]:
    """Where panels of one row stand, from left to right and further down."""
    for at in range(count):
        down, right = divmod(at * WIDTH, ACROSS)
        yield GridPos(x=right, y=top + down * HEIGHT, w=WIDTH, h=HEIGHT)


def built(board: Board) -> dashboard.Dashboard:
    """A dashboard with all its panels, numbered."""
    link = dashboard.DashboardLink("Others").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.said)
        .tags([TAG])
        .readonly()
        .timezone("utc")
        .time("now-1h", "now")
        .refresh("10s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(link.keep_time(True))
    )
    if board.of_pods:
        pods = dashboard.QueryVariable("pod").label("Pod").datasource(PROMETHEUS)
        pods = pods.query('label_values(kube_pod_container_resource_limits{namespace="active-inference"}, pod)')
        made = made.with_variable(
            pods.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).multi(True).include_all(True).all_value(".*")
        )
    number, top = 1, 0
    if board.kind is not None:
        made = made.with_panel(firing(board.kind, number, GridPos(x=0, y=0, w=ACROSS, h=5)))
        number, top = 2, 5
    for title, row in board.rows:
        made = made.with_row(dashboard.Row(title).id(number).grid_pos(GridPos(x=0, y=top, w=ACROSS, h=1)))
        number, top = number + 1, top + 1
        for shown, place in zip(row, places(len(row), top), strict=True):
            made = made.with_panel(panel(shown, number, place))
            number += 1
        top += -(-len(row) * WIDTH // ACROSS) * HEIGHT
    return made


def render() -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        f"{board.uid}.json": JSONEncoder(sort_keys=True, indent=2).encode(built(board).build()) + "\n"
        for board in BOARDS
    }


if __name__ == "__main__":
    sys.exit(write_or_check({FOLDER / name: text for name, text in render().items()}, there=FOLDER.glob("*.json")))
