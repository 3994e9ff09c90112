"""What a dashboard is made of, and the expressions that come again and again."""

from dataclasses import dataclass

__all__ = ["API", "CALLS", "QUIET", "Board", "Query", "Shown", "by", "mean", "one", "quantiles", "rate"]

QUIET = '{route!~"/(health|ready|live|metrics)"}'
CALLS = '{route=~"/v1/.*"}'
API = '{job="active-inference-api"}'


@dataclass(frozen=True)
class Query:
    """An expression, and what its series are called: `{{name}}` is a label."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Shown:
    """A panel.

    Attributes:
        title: what it shows.
        unit: as Grafana calls it.
        queries: whose series it shows together.
        said: what it means.
        limit: from where on an alert fires: a line, or, for the value of now, where it turns red.
        below: the alert fires below the limit.
        now: show the value of now, large.
    """

    title: str
    unit: str
    queries: tuple[Query, ...]
    said: str
    limit: float | None = None
    below: bool = False
    now: bool = False


@dataclass(frozen=True)
class Board:
    """A dashboard.

    Attributes:
        uid: the name in its address, to which alerts link.
        title: its title.
        said: what it answers.
        kind: of the incidents whose alerts it begins with; None: it shows none.
        rows: titled rows of panels.
        of_pods: it can be narrowed to some pods.
    """

    uid: str
    title: str
    said: str
    kind: str | None
    rows: tuple[tuple[str, tuple[Shown, ...]], ...]
    of_pods: bool = False


def one(expression: str, legend: str = "") -> tuple[Query, ...]:
    """One expression."""
    return (Query(expression, legend),)


def rate(metric: str, where: str = "") -> str:
    """How fast a counter grows, in the time that a point of the panel stands for."""
    return f"rate({metric}{where}[$__rate_interval])"


def by(label: str, metric: str, where: str = "") -> tuple[Query, ...]:
    """A rate for each value of a label."""
    return one(f"sum by ({label}) ({rate(metric, where)})", f"{{{{{label}}}}}")


def quantiles(histogram: str, where: str = "") -> tuple[Query, ...]:
    """The middle, the 95th and the 99th percentile of a histogram."""
    buckets = rate(f"{histogram}_bucket", where)
    return tuple(
        Query(f"histogram_quantile({quantile}, sum by (le) ({buckets}))", f"p{quantile * 100:g}")
        for quantile in (0.5, 0.95, 0.99)
    )


def mean(histogram: str) -> str:
    """The mean of a histogram."""
    return f"sum({rate(histogram + '_sum')}) / sum({rate(histogram + '_count')})"
