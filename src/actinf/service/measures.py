"""What the service counts and times: the metrics of `/metrics`, each defined once."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

__all__ = [
    "ADMISSION_REFUSED",
    "AUDIT_ANCHORED",
    "AUDIT_CONTRADICTED",
    "AUDIT_ENTRIES",
    "AUDIT_ROWS",
    "BACKLOG",
    "BREAKER_FORCED",
    "BREAKER_REJECTED",
    "BREAKER_STATE",
    "BREAKER_TRANSITIONS",
    "CACHE_READS",
    "CACHE_WRITES",
    "CHUNK_SECONDS",
    "COMMIT_SECONDS",
    "COMMIT_SIZE",
    "CONNECTIONS",
    "CONNECTION_WAIT",
    "DEGRADED",
    "ENTROPY",
    "FAILING_USERS",
    "FREE_ENERGY",
    "HEALTHY",
    "HOT_AGENTS",
    "IN_FLIGHT",
    "MEMORY_HELD",
    "OLDEST_QUEUED",
    "PLAN_SECONDS",
    "QUEUED_WORK",
    "RATE_LIMITED",
    "REFUSALS",
    "REGISTRY",
    "REQUESTS",
    "REQUEST_SECONDS",
    "SHED",
    "SIMULATIONS",
    "STEP_SECONDS",
    "STREAMS",
    "WORKERS",
]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_FAST = (0.00005, 0.0002, 0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
_WEB = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter(
    "actinf_http_requests_total", "Requests that were answered.", ("method", "route", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "actinf_http_request_seconds",
    "From a request's head to its answer.",
    ("method", "route"),
    buckets=_WEB,
    registry=REGISTRY,
)
FAILING_USERS = Gauge(
    "actinf_users_failing",
    "Keys of which a request was answered with a 5xx within the last five minutes.",
    registry=REGISTRY,
)
IN_FLIGHT = Gauge("actinf_http_requests_in_flight", "Requests that are being answered.", registry=REGISTRY)
STEP_SECONDS = Histogram(
    "actinf_step_seconds", "Inference, planning and choice of one step.", buckets=_FAST, registry=REGISTRY
)
PLAN_SECONDS = Histogram(
    "actinf_plan_seconds", "Planning and choice, of one step of eight.", buckets=_FAST, registry=REGISTRY
)
FREE_ENERGY = Histogram(
    "actinf_step_free_energy_nats",
    "Variational free energy of the observations: how much they surprise.",
    buckets=(0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
    registry=REGISTRY,
)
ENTROPY = Histogram(
    "actinf_step_belief_entropy_nats",
    "Entropy of the beliefs after a step, summed over factors: how uncertain the agents are. One step of eight.",
    buckets=(0.01, 0.1, 0.3, 1.0, 3.0, 10.0),
    registry=REGISTRY,
)
COMMIT_SECONDS = Histogram(
    "actinf_commit_seconds", "To write the steps of one commit.", buckets=_WEB, registry=REGISTRY
)
COMMIT_SIZE = Histogram(
    "actinf_commit_steps", "Steps in one commit.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256), registry=REGISTRY
)
CONNECTION_WAIT = Histogram(
    "actinf_connection_wait_seconds",
    "To be given a connection to the database: from the pool, or a new one.",
    buckets=_WEB,
    registry=REGISTRY,
)
CONNECTIONS = Gauge("actinf_connections_in_use", "Connections of the pool that requests hold.", registry=REGISTRY)
BACKLOG = Gauge("actinf_steps_waiting", "Steps that wait for the next commit.", registry=REGISTRY)
HOT_AGENTS = Gauge("actinf_hot_agents", "Agents kept ready in memory.", registry=REGISTRY)
HEALTHY = Gauge("actinf_healthy", "1 while /health says 200.", registry=REGISTRY)
DEGRADED = Gauge("actinf_degraded", "1 while a part that can be done without is away.", ("part",), registry=REGISTRY)
CACHE_READS = Counter(
    "actinf_cache_reads_total",
    "Agents looked for in the shared cache: hit, miss, refused (no entry of ours), failed.",
    ("result",),
    registry=REGISTRY,
)
CACHE_WRITES = Counter(
    "actinf_cache_writes_total",
    "Agents noted in the shared cache: written, failed, left_out (more than fit).",
    ("result",),
    registry=REGISTRY,
)
STREAMS = Gauge("actinf_event_streams", "Streams of events that are open.", registry=REGISTRY)
BREAKER_STATE = Gauge(
    "actinf_breaker_state", "0 closed, 1 half-open: it is being tried, 2 open.", ("breaker",), registry=REGISTRY
)
BREAKER_FORCED = Gauge(
    "actinf_breaker_forced", "1 while an operator holds it open or closed.", ("breaker",), registry=REGISTRY
)
BREAKER_TRANSITIONS = Counter(
    "actinf_breaker_transitions_total", "Changes of a breaker's state.", ("breaker", "to"), registry=REGISTRY
)
BREAKER_REJECTED = Counter(
    "actinf_breaker_rejected_total", "What was refused because a breaker was open.", ("breaker",), registry=REGISTRY
)
RATE_LIMITED = Counter(
    "actinf_rate_limited_total",
    "Requests that were refused with 429: of a key that makes too many, of an address that has no valid key.",
    ("by",),
    registry=REGISTRY,
)
SHED = Counter(
    "actinf_shed_total",
    "Requests that were refused with 503 to stay up: too many at once, too much of large bodies, a full queue.",
    ("reason",),
    registry=REGISTRY,
)
ADMISSION_REFUSED = Counter(
    "actinf_admission_refused_total",
    "Work that was refused by its estimate: too large or too slow for any worker, no room now, or a breaker was open.",
    ("reason",),
    registry=REGISTRY,
)
MEMORY_HELD = Gauge(
    "actinf_memory_held_bytes",
    "Memory by estimate: of agents kept ready, of work that runs.",
    ("by",),
    registry=REGISTRY,
)
QUEUED_WORK = Gauge("actinf_queued_work", "Slow pieces of work that run or wait for a thread.", registry=REGISTRY)
AUDIT_ROWS = Gauge("actinf_audit_rows", "Number of the audit log's last row.", registry=REGISTRY)
AUDIT_ANCHORED = Gauge(
    "actinf_audit_anchored_timestamp_seconds", "When the head of the audit log was anchored last.", registry=REGISTRY
)
AUDIT_CONTRADICTED = Counter(
    "actinf_audit_contradicted_total", "Times that the audit log had not what was anchored before.", registry=REGISTRY
)
AUDIT_ENTRIES = Counter(
    "actinf_audit_entries_total",
    "What was done by requests and stands on the audit log, by action.",
    ("action",),
    registry=REGISTRY,
)
REFUSALS = Counter(
    "actinf_refusals_total",
    "Requests that were refused for who sent them: authenticate (401), authorize (403), and why.",
    ("action", "why"),
    registry=REGISTRY,
)
SIMULATIONS = Gauge("actinf_simulations", "Simulations by status, of all workspaces.", ("status",), registry=REGISTRY)
OLDEST_QUEUED = Gauge(
    "actinf_oldest_queued_simulation_seconds",
    "How long the simulation has waited that has waited for a worker the longest; 0: none waits.",
    registry=REGISTRY,
)
WORKERS = Gauge("actinf_workers", "Workers that have said within the last seconds that they live.", registry=REGISTRY)
CHUNK_SECONDS = Histogram(
    "actinf_chunk_seconds",
    "To compute one chunk of a simulation; told by workers.",
    buckets=(0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 16.0, 60.0, 300.0),
    registry=REGISTRY,
)

# What alerts and dashboards look at is there from the beginning: the first key that is refused is a rise from zero, not
# a new series; and a panel of what never happened shows zero, not that it has no data.
_FROM_THE_BEGINNING: tuple[tuple[Counter, tuple[tuple[str, ...], ...]], ...] = (
    (
        REFUSALS,
        (
            *(("authenticate", why) for why in ("no_key", "malformed", "unknown", "revoked", "expired", "no_session")),
            *(("authorize", why) for why in ("scope", "other_site")),
        ),
    ),
    (AUDIT_ENTRIES, (("keys.create",), ("agents.delete",), ("models.delete",), ("simulations.delete",))),
    (RATE_LIMITED, (("key",), ("address",))),
    (SHED, (("requests",), ("bodies",), ("streams",), ("queue",))),
    (ADMISSION_REFUSED, (("too_slow",), ("too_large",), ("no_room",), ("breaker",))),
    (CACHE_READS, (("hit",), ("miss",), ("refused",), ("failed",))),
)
for _counter, _labels in _FROM_THE_BEGINNING:
    for _values in _labels:
        _counter.labels(*_values)
