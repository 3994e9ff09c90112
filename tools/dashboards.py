"""What Grafana shows: one dashboard for each kind of incident, one of the memory of pods, one of the engine.

`write_dashboards.py` makes files of it.
"""

from dataclasses import dataclass

__all__ = ["BOARDS", "Board", "Query", "Shown"]


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


def _one(expression: str, legend: str = "") -> tuple[Query, ...]:
    return (Query(expression, legend),)


def _rate(metric: str, where: str = "") -> str:
    return f"rate({metric}{where}[$__rate_interval])"


def _by(label: str, metric: str, where: str = "") -> tuple[Query, ...]:
    """A rate for each value of a label."""
    return _one(f"sum by ({label}) ({_rate(metric, where)})", f"{{{{{label}}}}}")


def _quantiles(histogram: str, where: str = "") -> tuple[Query, ...]:
    rate = _rate(f"{histogram}_bucket", where)
    return tuple(
        Query(f"histogram_quantile({quantile}, sum by (le) ({rate}))", f"p{quantile * 100:g}")
        for quantile in (0.5, 0.95, 0.99)
    )


def _mean(histogram: str) -> str:
    return f"sum({_rate(histogram + '_sum')}) / sum({_rate(histogram + '_count')})"


_QUIET = '{route!~"/(health|ready|live|metrics)"}'
_CALLS = '{route=~"/v1/.*"}'
_API = '{job="active-inference-api"}'

_API_DOWN = Board(
    "api-down",
    "API down",
    "Does the API answer, does it answer well, and is anything missing before or beside it?",
    "api_down",
    (
        (
            "As its users see it",
            (
                Shown("Requests", "reqps", _by("status", "actinf_http_requests_total", _QUIET), "Answers by status."),
                Shown(
                    "Share of requests that fail",
                    "percentunit",
                    _one("actinf:errors:ratio_rate1m", "answered with a 5xx"),
                    "Above the line somebody is woken.",
                    limit=0.05,
                ),
                Shown(
                    "How long requests take",
                    "s",
                    _quantiles("actinf_http_request_seconds", _CALLS),
                    "Where more than one in twenty takes longer than the line, somebody is woken.",
                    limit=5,
                ),
                Shown("At the door", "reqps", _by("status", "actinf_access_log_requests_total"), "What nginx answers."),
                Shown(
                    "Budget of errors",
                    "none",
                    tuple(
                        Query(f"actinf:errors:ratio_rate{window} / 0.001", window)
                        for window in ("5m", "30m", "1h", "6h", "3d")
                    ),
                    "How many times faster than allowed it is spent: 14.4 over an hour is 2 % of a month's.",
                    limit=14.4,
                ),
                Shown(
                    "Budget of slow steps",
                    "none",
                    tuple(
                        Query(f"actinf:slow_steps:ratio_rate{window} / 0.01", window)
                        for window in ("5m", "30m", "1h", "6h", "3d")
                    ),
                    "Steps that take longer than 250 ms; one in a hundred may.",
                    limit=14.4,
                ),
            ),
        ),
        (
            "The replicas",
            (
                Shown("Answer", "none", _one(f"up{_API}", "{{instance}}"), "1 where the scrape is answered."),
                Shown(
                    "Work",
                    "none",
                    _one(f"actinf_healthy{_API}", "{{instance}}"),
                    "1 where /health says 200: the database can be written.",
                ),
                Shown(
                    "Requests that are being answered",
                    "none",
                    _one(f"actinf_http_requests_in_flight{_API}", "{{instance}}"),
                    "More than 512 are turned away.",
                ),
                Shown(
                    "Turned away",
                    "reqps",
                    (
                        *_by("reason", "actinf_shed_total"),
                        Query(f"sum by (by) ({_rate('actinf_rate_limited_total')})", "rate limit: {{by}}"),
                    ),
                    "503 to stay up, 429 for those who ask too often.",
                    limit=1,
                ),
                Shown(
                    "Breakers",
                    "none",
                    _one(f"max by (breaker) (actinf_breaker_state{_API})", "{{breaker}}"),
                    "0 closed, 1 being tried, 2 open.",
                    limit=2,
                ),
                Shown(
                    "Done without",
                    "none",
                    _one("max by (part) (actinf_degraded)", "{{part}}"),
                    "1 while a part is away that the API can do without.",
                ),
            ),
        ),
        (
            "In the cluster",
            (
                Shown(
                    "Replicas",
                    "none",
                    (
                        Query('kube_deployment_spec_replicas{deployment="active-inference-api"}', "wanted"),
                        Query(
                            'kube_deployment_status_replicas_available{deployment="active-inference-api"}', "available"
                        ),
                    ),
                    "Fewer available than wanted for five minutes is an alert.",
                ),
                Shown("nginx", "none", _one("nginx_up", "{{instance}}"), "1 where it answers."),
                Shown(
                    "Cache",
                    "none",
                    (Query("redis_up", "answers"), Query("redis_healthy", "takes what it is given")),
                    "Nothing is lost without it.",
                ),
            ),
        ),
    ),
)

_DATABASE = Board(
    "database-performance",
    "Database performance",
    "Is the database there, does it answer in time, and who waits for whom?",
    "database_performance",
    (
        (
            "As the API sees it",
            (
                Shown(
                    "Waiting for a connection",
                    "s",
                    _quantiles("actinf_connection_wait_seconds"),
                    "Above the line (95th percentile) somebody is woken.",
                    limit=0.5,
                ),
                Shown("Writing a commit", "s", _quantiles("actinf_commit_seconds"), "As above.", limit=0.5),
                Shown(
                    "Connections of the pools in use",
                    "none",
                    _one(f"actinf_connections_in_use{_API}", "{{instance}}"),
                    "Of ACTINF_POOL_SIZE for each replica.",
                ),
            ),
        ),
        (
            "The server",
            (
                Shown(
                    "Answers and works", "none", (Query("pg_up", "answers"), Query("pg_healthy", "works")), "1 and 1."
                ),
                Shown(
                    "Connections",
                    "none",
                    (
                        Query("sum by (state) (pg_stat_activity_count)", "{{state}}"),
                        Query("max(pg_settings_max_connections)", "admitted"),
                    ),
                    "At 85 % of those that are admitted somebody is woken.",
                ),
                Shown(
                    "Transactions",
                    "ops",
                    (
                        Query(f"sum({_rate('pg_stat_database_xact_commit')})", "committed"),
                        Query(f"sum({_rate('pg_stat_database_xact_rollback')})", "rolled back"),
                    ),
                    "A second, over all databases.",
                ),
                Shown(
                    "Sessions that wait for a lock",
                    "none",
                    _one("max(pg_blocked_sessions)", "waiting"),
                    "`SELECT * FROM ops.blocking` says for whom.",
                ),
                Shown(
                    "Longest wait for a lock",
                    "s",
                    _one("max(pg_blocked_sessions_max_seconds)", "waited"),
                    "Above the line somebody is woken.",
                    limit=5,
                ),
                Shown(
                    "Oldest transaction",
                    "s",
                    _one("max(pg_long_running_transactions_seconds)", "open for"),
                    "It holds its locks, and keeps old rows from being cleaned up.",
                    limit=300,
                ),
                Shown(
                    "Read from memory",
                    "percentunit",
                    _one(
                        f"sum({_rate('pg_stat_database_blks_hit')}) / (sum({_rate('pg_stat_database_blks_hit')}) + "
                        f"sum({_rate('pg_stat_database_blks_read')}))",
                        "of all blocks",
                    ),
                    "Below the line the working set has outgrown the memory.",
                    limit=0.9,
                    below=True,
                ),
                Shown(
                    "Spilt to disk",
                    "Bps",
                    _one(f"sum({_rate('pg_stat_database_temp_bytes')})", "temporary files"),
                    "By sorts and joins that did not fit.",
                    limit=10e6,
                ),
                Shown("Deadlocks", "ops", _by("datname", "pg_stat_database_deadlocks"), "Transactions ended for one."),
            ),
        ),
        (
            "What fills up",
            (
                Shown(
                    "Log of changes that waits for the archive",
                    "s",
                    _one("max(pg_archive_waiting_seconds)", "the oldest segment"),
                    "A restore would lose as much.",
                    limit=120,
                ),
                Shown(
                    "Transactions since the last freeze",
                    "none",
                    _one("max(pg_wraparound_age)", "age"),
                    "At two thousand million the server takes no writes any more.",
                    limit=1e9,
                ),
                Shown("Written", "Bps", _one(f"sum({_rate('pg_wal_bytes')})", "log of changes"), "A second."),
            ),
        ),
        (
            "Its pod",
            (
                Shown(
                    "Processors",
                    "none",
                    _one(
                        'sum by (pod) (rate(container_cpu_usage_seconds_total{pod=~"postgres-.*",container="postgres"}'
                        "[$__rate_interval]))",
                        "{{pod}}",
                    ),
                    "In use.",
                ),
                Shown(
                    "Memory",
                    "bytes",
                    (
                        Query(
                            'max(container_memory_working_set_bytes{pod=~"postgres-.*",container="postgres"})',
                            "working set",
                        ),
                        Query(
                            'max(kube_pod_container_resource_limits{container="postgres",resource="memory"})', "limit"
                        ),
                    ),
                    "Beyond the limit the kernel ends it.",
                ),
            ),
        ),
    ),
)

_PODS = '{namespace="active-inference",pod=~"$pod",container!="",container!="POD"}'
_LIMITS = '{namespace="active-inference",pod=~"$pod",resource="memory"}'

_POD_MEMORY = Board(
    "pod-memory-usage",
    "Pod Memory Usage",
    "A step up at a release, a ramp that never falls, or a peak at a request?",
    None,
    (
        (
            "What the kernel counts",
            (
                Shown(
                    "Working set",
                    "bytes",
                    _one(
                        f"max by (pod, container) (container_memory_working_set_bytes{_PODS})", "{{pod}} {{container}}"
                    ),
                    "What would be needed to go on: this is held against the limit.",
                ),
                Shown(
                    "Share of the limit",
                    "percentunit",
                    _one(
                        f"max by (pod, container) (container_memory_working_set_bytes{_PODS}) / "
                        f"max by (pod, container) (kube_pod_container_resource_limits{_LIMITS})",
                        "{{pod}} {{container}}",
                    ),
                    "Above the line somebody is woken; at 1 the kernel ends the container.",
                    limit=0.9,
                ),
                Shown(
                    "Limit",
                    "bytes",
                    _one(
                        f"max by (pod, container) (kube_pod_container_resource_limits{_LIMITS})",
                        "{{pod}} {{container}}",
                    ),
                    "As it is now.",
                ),
            ),
        ),
        (
            "What the processes say",
            (
                Shown(
                    "Resident",
                    "bytes",
                    _one('process_resident_memory_bytes{job=~"active-inference-.*"}', "{{job}} {{instance}}"),
                    "Of API and workers, as they say themselves.",
                ),
                Shown("Files that are open", "none", _one("process_open_fds", "{{job}} {{instance}}"), "Now."),
            ),
        ),
        (
            "Ends",
            (
                Shown(
                    "Restarts",
                    "none",
                    _one(
                        'sum by (pod, container) (kube_pod_container_status_restarts_total{pod=~"$pod"})',
                        "{{pod}} {{container}}",
                    ),
                    "Since the pod was made.",
                ),
                Shown(
                    "Ended for want of memory",
                    "none",
                    _one(
                        "max by (pod, container) "
                        '(kube_pod_container_status_last_terminated_reason{pod=~"$pod",reason="OOMKilled"})',
                        "{{pod}} {{container}}",
                    ),
                    "1 where that was the reason of the last end.",
                ),
            ),
        ),
    ),
    of_pods=True,
)

_HIGH_MEMORY = Board(
    "high-memory",
    "High memory",
    "What of the service takes the memory, and what does it refuse to stay within it?",
    "high_memory",
    (
        (
            "By estimate",
            (
                Shown(
                    "Held",
                    "bytes",
                    _one("sum by (instance, by) (actinf_memory_held_bytes)", "{{instance}} {{by}}"),
                    "By agents that are kept ready, and by work that runs.",
                ),
                Shown(
                    "Agents kept ready",
                    "none",
                    _one(f"actinf_hot_agents{_API}", "{{instance}}"),
                    "They give way to work.",
                ),
                Shown(
                    "Refused",
                    "ops",
                    _by("reason", "actinf_admission_refused_total"),
                    "no_room: what would not fit now; breaker: somebody, or failures, opened it.",
                    limit=0.5,
                ),
            ),
        ),
        (
            "For real",
            (
                Shown(
                    "Resident",
                    "bytes",
                    _one('process_resident_memory_bytes{job=~"active-inference-.*"}', "{{job}} {{instance}}"),
                    "The dashboard Pod Memory Usage says what the kernel counts.",
                ),
                Shown(
                    "Growth",
                    "Bps",
                    _one(
                        'clamp_min(deriv(process_resident_memory_bytes{job=~"active-inference-.*"}[15m]), 0)',
                        "{{job}} {{instance}}",
                    ),
                    "Of the last quarter of an hour: what stays above zero for hours is a leak.",
                ),
                Shown(
                    "The breaker around large work",
                    "none",
                    _one(f'max(actinf_breaker_state{{breaker="memory",{_API[1:]})', "state"),
                    "0 closed, 1 being tried, 2 open. `PUT /v1/switches/memory` holds it.",
                    limit=2,
                ),
            ),
        ),
    ),
)

_SECURITY = Board(
    "security",
    "Security",
    "Who tries to get in, who does what is unusual, and is the evidence whole?",
    "security",
    (
        (
            "At the door",
            (
                Shown(
                    "Keys that are refused",
                    "reqps",
                    _by("why", "actinf_refusals_total", '{action="authenticate"}'),
                    "malformed and unknown: guessed; revoked and expired: somebody still has them.",
                    limit=1,
                ),
                Shown(
                    "What a key may not do",
                    "reqps",
                    _by("why", "actinf_refusals_total", '{action="authorize"}'),
                    "scope: it asks for more than it was given.",
                    limit=0.2,
                ),
                Shown(
                    "Addresses that may not try any more",
                    "reqps",
                    _by("by", "actinf_rate_limited_total", '{by="address"}'),
                    "They sent too many keys that are none.",
                ),
                Shown(
                    "What the access log calls it",
                    "reqps",
                    _by("word", "actinf_access_log_flagged_total"),
                    "The words that `grep -i` of the runbook looks for.",
                ),
                Shown(
                    "Refused, by status",
                    "reqps",
                    _by("status", "actinf_http_requests_total", '{status=~"401|403|429"}'),
                    "Of the API.",
                ),
            ),
        ),
        (
            "Inside",
            (
                Shown("What was done", "ops", _by("action", "actinf_audit_entries_total"), "As the audit log has it."),
                Shown(
                    "Keys made within ten minutes",
                    "none",
                    _one('sum(increase(actinf_audit_entries_total{action="keys.create"}[10m]))', "made"),
                    "Above the line somebody is woken.",
                    limit=11,
                ),
                Shown(
                    "Deleted within ten minutes",
                    "none",
                    _one(
                        'sum by (action) (increase(actinf_audit_entries_total{action=~".*[.]delete"}[10m]))',
                        "{{action}}",
                    ),
                    "By kind.",
                    limit=200,
                ),
            ),
        ),
        (
            "The evidence",
            (
                Shown("Entries", "none", _one("max(actinf_audit_rows)", "last row"), "Of the audit log."),
                Shown(
                    "Since the last anchor",
                    "s",
                    _one(f"time() - max(actinf_audit_anchored_timestamp_seconds{_API})", "ago"),
                    "Every ten seconds the head is signed and written down elsewhere.",
                    limit=60,
                ),
                Shown(
                    "Contradictions",
                    "none",
                    _one("sum(actinf_audit_contradicted_total)", "found"),
                    "Rows were changed, or cut off: `actinf audit verify` says which.",
                    limit=1,
                ),
            ),
        ),
        (
            "The image",
            (
                Shown(
                    "Vulnerabilities",
                    "none",
                    _one("sum by (severity) (trivy_image_vulnerabilities)", "{{severity}}"),
                    "Where Trivy's operator runs.",
                ),
            ),
        ),
    ),
)

_UPKEEP = Board(
    "upkeep",
    "Upkeep",
    "What quietly ends a service: certificates, disks, backups, and a monitoring that sees nothing any more.",
    "upkeep",
    (
        (
            "Now",
            (
                Shown(
                    "Certificate",
                    "s",
                    _one("min(probe_ssl_earliest_cert_expiry) - time()", "valid for"),
                    "Two weeks are an alert, two days wake somebody.",
                    limit=14 * 86400,
                    below=True,
                    now=True,
                ),
                Shown(
                    "Last verified backup",
                    "s",
                    _one("time() - max(actinf_backup_last_verified_timestamp_seconds)", "ago"),
                    "Restored into a scratch instance, and compared.",
                    limit=36 * 3600,
                    now=True,
                ),
                Shown(
                    "Last backup",
                    "s",
                    _one("time() - max(actinf_backup_last_success_timestamp_seconds)", "ago"),
                    "One is taken each night.",
                    limit=26 * 3600,
                    now=True,
                ),
            ),
        ),
        (
            "What fills up",
            (
                Shown(
                    "Free on the disks beside the database",
                    "percentunit",
                    _one("pg_disk_free_bytes / pg_disk_size_bytes", "{{path}}"),
                    "Below the line somebody is woken.",
                    limit=0.1,
                    below=True,
                ),
                Shown(
                    "Free on the volumes",
                    "percentunit",
                    _one(
                        "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes",
                        "{{persistentvolumeclaim}}",
                    ),
                    "As the nodes say.",
                    limit=0.1,
                    below=True,
                ),
                Shown(
                    "The cache",
                    "bytes",
                    (Query("redis_memory_used_bytes", "used"), Query("redis_memory_max_bytes", "allowed")),
                    "What does not fit is forgotten.",
                ),
                Shown(
                    "Given up by the cache",
                    "ops",
                    _one(f"sum({_rate('redis_evicted_keys_total')})", "keys"),
                    "Agents that are read from the database then.",
                    limit=50,
                ),
                Shown("Backups", "none", _one("max by (state) (actinf_backups)", "{{state}}"), "In the archive."),
                Shown(
                    "Jobs that failed",
                    "none",
                    _one('sum by (job_name) (kube_job_status_failed{job_name=~"postgres-backup.*"})', "{{job_name}}"),
                    "Of the nightly backup.",
                ),
            ),
        ),
        (
            "The monitoring itself",
            (
                Shown("Targets", "none", _one("min by (job) (up)", "{{job}}"), "0 where one cannot be scraped."),
                Shown(
                    "Rules that fail",
                    "ops",
                    _one(f"sum({_rate('prometheus_rule_evaluation_failures_total')})", "failures"),
                    "Their alerts cannot fire.",
                ),
                Shown(
                    "Notifications that fail",
                    "ops",
                    (
                        Query(f"sum({_rate('prometheus_notifications_dropped_total')})", "to Alertmanager"),
                        Query(
                            f"sum by (integration) ({_rate('alertmanager_notifications_failed_total')})",
                            "{{integration}}",
                        ),
                    ),
                    "Alerts that do not reach whom they should.",
                ),
            ),
        ),
    ),
)

_ENGINE = Board(
    "engine",
    "Engine",
    "What the agents do, how surprised they are, and how long it takes to think.",
    None,
    (
        (
            "Steps",
            (
                Shown("Steps", "ops", _one(f"sum({_rate('actinf_step_seconds_count')})", "steps"), "A second."),
                Shown("One step", "s", _quantiles("actinf_step_seconds"), "Inference, planning and choice."),
                Shown("Planning", "s", _quantiles("actinf_plan_seconds"), "And choice; of one step of eight."),
                Shown(
                    "Steps in one commit",
                    "none",
                    _one(_mean("actinf_commit_steps"), "mean"),
                    "Steps that wait for the disk together.",
                ),
                Shown(
                    "Steps that wait for the next commit",
                    "none",
                    _one(f"actinf_steps_waiting{_API}", "{{instance}}"),
                    "More than a few hundred for long: the database does not keep up.",
                ),
                Shown(
                    "Slow pieces of work",
                    "none",
                    _one(f"actinf_queued_work{_API}", "{{instance}}"),
                    "That run, or wait for a thread.",
                ),
            ),
        ),
        (
            "Minds",
            (
                Shown(
                    "Surprise",
                    "none",
                    (*_quantiles("actinf_step_free_energy_nats"), Query(_mean("actinf_step_free_energy_nats"), "mean")),
                    "Variational free energy of the observations, in nats: a rise says that the models no longer fit.",
                ),
                Shown(
                    "Uncertainty",
                    "none",
                    (
                        *_quantiles("actinf_step_belief_entropy_nats"),
                        Query(_mean("actinf_step_belief_entropy_nats"), "mean"),
                    ),
                    "Entropy of the beliefs after a step, in nats, summed over factors.",
                ),
                Shown(
                    "Agents in the cache",
                    "ops",
                    _by("result", "actinf_cache_reads_total"),
                    "Agents that come to another replica: found, or read from the database.",
                ),
            ),
        ),
        (
            "Simulations",
            (
                Shown(
                    "By status",
                    "none",
                    _one("max by (status) (actinf_simulations)", "{{status}}"),
                    "Of all workspaces.",
                ),
                Shown(
                    "The longest wait for a worker",
                    "s",
                    _one("max(actinf_oldest_queued_simulation_seconds)", "waited"),
                    "Above the line it is an alert.",
                    limit=900,
                ),
                Shown("Workers", "none", _one(f"max(actinf_workers{_API})", "alive"), "As the database knows them."),
                Shown(
                    "One chunk",
                    "s",
                    _quantiles("actinf_chunk_seconds"),
                    "Of a simulation; told by the workers.",
                ),
                Shown("Streams", "none", _one(f"actinf_event_streams{_API}", "{{instance}}"), "Of events, open now."),
            ),
        ),
    ),
)

#: All of them.
BOARDS = (_API_DOWN, _DATABASE, _HIGH_MEMORY, _POD_MEMORY, _SECURITY, _UPKEEP, _ENGINE)
