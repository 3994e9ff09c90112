"""What the responder counts and times: the metrics of `/metrics`, each defined once."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

__all__ = [
    "ALERTS_ACCEPTED",
    "ALERTS_QUIETED",
    "ALERTS_WAITING",
    "CHANGES_ACCEPTED",
    "CLOCK_STEP",
    "DELIVERIES",
    "HEARD_AT",
    "HEARTBEATS",
    "HOOKS_REFUSED",
    "HOOKS_REPEATED",
    "OPEN_INCIDENTS",
    "OUTBOX_WAITING",
    "PAGE_SECONDS",
    "PUBLIC_SECONDS",
    "REGISTRY",
    "REQUESTS",
    "REQUEST_SECONDS",
    "STATUS_PAGE_FAILED",
    "STATUS_PAGE_WRITTEN_AT",
    "TRUNCATED",
    "UNESCALATED",
    "WORK_FAILED",
    "WORK_RESTARTED",
]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_WEB = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter(
    "actinf_respond_http_requests_total", "Requests that were answered.", ("route", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "actinf_respond_http_request_seconds",
    "From a request's head to its answer.",
    ("route",),
    buckets=_WEB,
    registry=REGISTRY,
)
ALERTS_ACCEPTED = Counter(
    "actinf_respond_alerts_accepted_total", "Alerts that were taken and are durable.", ("hook",), registry=REGISTRY
)
ALERTS_QUIETED = Counter(
    "actinf_respond_alerts_quieted_total",
    "How often an alert began to be kept from being told: by a silence, or by a window of maintenance.",
    ("by",),
    registry=REGISTRY,
)
CHANGES_ACCEPTED = Counter(
    "actinf_respond_changes_accepted_total", "Changes that were taken and are durable.", registry=REGISTRY
)
HOOKS_REFUSED = Counter(
    "actinf_respond_hooks_refused_total",
    "Webhooks that were refused: missing, wrong, stale, not_set_up, malformed, too_large, too_many, unavailable.",
    ("hook", "why"),
    registry=REGISTRY,
)
HOOKS_REPEATED = Counter(
    "actinf_respond_hooks_repeated_total", "Signed webhooks that had been taken before.", registry=REGISTRY
)
TRUNCATED = Counter(
    "actinf_respond_alerts_truncated_total",
    "Alerts that Alertmanager left out of its messages because of its max_alerts.",
    registry=REGISTRY,
)
ALERTS_WAITING = Gauge(
    "actinf_respond_alerts_waiting", "Alerts that were taken and not looked at yet.", registry=REGISTRY
)
OPEN_INCIDENTS = Gauge("actinf_respond_incidents_open", "Incidents that are open.", ("severity",), registry=REGISTRY)
OUTBOX_WAITING = Gauge(
    "actinf_respond_outbox_waiting", "Messages that have not gone out yet.", ("channel",), registry=REGISTRY
)
PAGE_SECONDS = Histogram(
    "actinf_respond_page_seconds",
    "From the decision to page somebody to a provider that has the page.",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
    registry=REGISTRY,
)
DELIVERIES = Counter(
    "actinf_respond_deliveries_total",
    "Attempts to deliver a message: sent, delayed, given_up.",
    ("channel", "outcome"),
    registry=REGISTRY,
)
PUBLIC_SECONDS = Histogram(
    "actinf_respond_public_seconds",
    "From an update for the public to the status page that shows it.",
    buckets=(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
    registry=REGISTRY,
)
STATUS_PAGE_WRITTEN_AT = Gauge(
    "actinf_respond_status_page_written_timestamp_seconds", "When the status page was last written.", registry=REGISTRY
)
STATUS_PAGE_FAILED = Counter(
    "actinf_respond_status_page_failed_total", "How often the status page could not be written.", registry=REGISTRY
)
UNESCALATED = Counter(
    "actinf_respond_unescalated_total",
    "Open incidents that nobody attended to, and whose escalation had stopped, when the auditor looked.",
    registry=REGISTRY,
)
CLOCK_STEP = Gauge(
    "actinf_respond_clock_step_seconds",
    "How far the wall clock is ahead of the time that is counted, because it was set; 0: it was not.",
    registry=REGISTRY,
)
HEARTBEATS = Counter(
    "actinf_respond_heartbeats_total",
    "Signs of life to the dead-man's switch: sent, failed, withheld because something stands still.",
    ("outcome",),
    registry=REGISTRY,
)
HEARD_AT = Gauge(
    "actinf_respond_heard_timestamp_seconds",
    "When those outside whose word is expected were last heard of: watcher, heartbeat, watchdog.",
    ("outsider",),
    registry=REGISTRY,
)
WORK_FAILED = Counter(
    "actinf_respond_work_failed_total", "Turns of background work that failed.", ("work",), registry=REGISTRY
)
WORK_RESTARTED = Counter(
    "actinf_respond_work_restarted_total", "Threads of background work that died.", ("work",), registry=REGISTRY
)
