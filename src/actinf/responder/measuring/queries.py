"""What is asked of Prometheus, all of it in one place, with the reasons.

The names are those that the API, its adapters and kube-state-metrics export, and that `deploy/alerts` records; a test
holds each query against a real Prometheus with these rules.
"""

from dataclasses import dataclass

__all__ = ["DEPENDENCIES", "FIRING", "PAST", "Dependency", "Impact", "Performance", "Stability"]

_API = 'job="active-inference-api"'
_SECONDS_OF_A_STEP = 15


@dataclass(frozen=True, slots=True)
class Stability:
    """Whether the service has been there all the time; `window` in seconds.

    What holds at this moment is no recovery: a process that dies every minute is well between two deaths.
    """

    window: int = 300

    @property
    def answering(self) -> str:
        """The fewest replicas that answered at any moment; none at all, too, where none is there to be asked."""
        return f"min_over_time((sum(up{{{_API}}}) or vector(0)){self._range})"

    @property
    def healthy(self) -> str:
        """1 where every replica that answered said each time that it works: that is what /health says."""
        return f"min_over_time(min(actinf_healthy{{{_API}}}){self._range})"

    @property
    def missing(self) -> str:
        """How many replicas are wanted and not available; without Kubernetes nobody says so."""
        deployment = 'deployment="active-inference-api"'
        return (
            f"sum(kube_deployment_spec_replicas{{{deployment}}})"
            f" - sum(kube_deployment_status_replicas_available{{{deployment}}})"
        )

    @property
    def _range(self) -> str:
        return f"[{self.window}s:{max(1, min(_SECONDS_OF_A_STEP, self.window // 5))}s]"


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something that the service stands on.

    Attributes:
        name: in a sentence.
        working: 1 while it works; of several, the worst.
        asked: 0 where whoever tells of it does not answer: then `working` is not there at all.
        is_needed: whether nothing can be said without it.
    """

    name: str
    working: str
    asked: str
    is_needed: bool = False


DEPENDENCIES = (
    # Healthy is more than up: it can be written, its disk is not full, its archive is not behind.
    Dependency("the database", "min(pg_healthy)", 'min(up{job="postgres"})', is_needed=True),
    Dependency("the cache", "min(redis_healthy)", 'min(up{job="cache"})'),
    Dependency("nginx", "min(nginx_up)", 'min(up{job="nginx"})'),
    # A simulation waits for ever where no worker is.
    Dependency("the workers", f"max(actinf_workers{{{_API}}} > bool 0)", 'min(up{job="active-inference-worker"})'),
    # What a replica itself says of the parts that it can do without.
    Dependency("the parts of the API", f"1 - max(actinf_degraded{{{_API}}})", f"min(up{{{_API}}})"),
)

#: Every alert that fires; which of them matter is decided where the incident is known.
FIRING = 'ALERTS{alertstate="firing"}'

#: The shipped alerts that look back for hours (deploy/alerts/objectives.rules.yml): an outage that is over keeps them
#: near their limit, and they say nothing of now.
PAST = tuple(
    f"{kind}Budget{how}"
    for kind in ("Error", "Latency")
    for how in ("BurnsFast", "Burns", "BurnsSlowly", "WillBeSpent")
)


@dataclass(frozen=True, slots=True)
class Performance:
    """Whether it is as good as the objectives want it (deploy/alerts/objectives.rules.yml), over five minutes.

    The objective itself, not the multiple of it at which an alert fires: an alert that is silent may mean that the
    budget is spent more slowly, and that is no normal performance.
    """

    errors: str = "actinf:errors:ratio_rate5m"
    most_errors: float = 0.001
    slow: str = "actinf:slow_steps:ratio_rate5m"
    most_slow: float = 0.01


@dataclass(frozen=True, slots=True)
class Impact:
    """How much is lost against good times: those of `baseline`, which ended `offset` ago, so that the trouble itself
    is no part of them.  Both as Prometheus writes lengths."""

    baseline: str = "1d"
    offset: str = "1h"

    #: Nobody answers: none of the replicas that Prometheus knows, or all say that they do not work.
    answering: str = f"sum(up{{{_API}}})"
    healthy: str = f"max(actinf_healthy{{{_API}}})"
    #: The shortest window that does not jump with single requests.
    errors: str = "actinf:errors:ratio_rate1m"
    latency: str = (
        'histogram_quantile(0.95, sum by (le) (rate(actinf_http_request_seconds_bucket{route=~"/v1/.*"}[2m])))'
    )
    #: Keys whose requests failed lately.  A client that tries again meets several replicas, so that their sum would
    #: count it more than once: it is at least the largest.
    users: str = f"max(actinf_users_failing{{{_API}}})"

    @property
    def usual_errors(self) -> str:
        """The share of requests that fails in good times."""
        return f"avg_over_time(actinf:errors:ratio_rate5m[{self.baseline}] offset {self.offset})"

    @property
    def usual_latency(self) -> str:
        """The median of the same over good times: one bad hour does not move it."""
        return f"quantile_over_time(0.5, ({self.latency})[{self.baseline}:10m] offset {self.offset})"
