"""What the server of the status page counts: the metrics of its `/metrics`, each defined once."""

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.process_collector import ProcessCollector

__all__ = ["GENERATIONS", "MAILS", "REGISTRY", "REQUESTS", "SITE_WRITTEN_AT", "SUBSCRIBERS"]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

REQUESTS = Counter(
    "actinf_status_http_requests_total",
    "Requests that were answered, by what was asked: site, missing, subscriptions, health, metrics, other.",
    ("what", "status"),
    registry=REGISTRY,
)
MAILS = Counter(
    "actinf_status_mails_total",
    "What became of mails that were handed over: sent, refused, not taken, later, untried, given up.",
    ("outcome",),
    registry=REGISTRY,
)
SUBSCRIBERS = Gauge(
    "actinf_status_subscribers",
    "Subscribers: confirmed, paused among them, waiting for a yes; and mails that are unsent.",
    ("state",),
    registry=REGISTRY,
)
GENERATIONS = Counter(
    "actinf_status_generations_total", "How often another generation of the site was taken.", registry=REGISTRY
)
SITE_WRITTEN_AT = Gauge(
    "actinf_status_site_written_timestamp_seconds",
    "When the site that is served says that it was written; 0: nothing was published yet.",
    registry=REGISTRY,
)
