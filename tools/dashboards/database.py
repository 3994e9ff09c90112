"""What Grafana shows of the database."""

from dashboards.parts import API, Board, Query, Shown, by, one, quantiles, rate

__all__ = ["DATABASE"]

DATABASE = Board(
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
                    quantiles("actinf_connection_wait_seconds"),
                    "Above the line (95th percentile) somebody is woken.",
                    limit=0.5,
                ),
                Shown("Writing a commit", "s", quantiles("actinf_commit_seconds"), "As above.", limit=0.5),
                Shown(
                    "Connections of the pools in use",
                    "none",
                    one(f"actinf_connections_in_use{API}", "{{instance}}"),
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
                        Query(f"sum({rate('pg_stat_database_xact_commit')})", "committed"),
                        Query(f"sum({rate('pg_stat_database_xact_rollback')})", "rolled back"),
                    ),
                    "A second, over all databases.",
                ),
                Shown(
                    "Sessions that wait for a lock",
                    "none",
                    one("max(pg_blocked_sessions)", "waiting"),
                    "`SELECT * FROM ops.blocking` says for whom.",
                ),
                Shown(
                    "Longest wait for a lock",
                    "s",
                    one("max(pg_blocked_sessions_max_seconds)", "waited"),
                    "Above the line somebody is woken.",
                    limit=5,
                ),
                Shown(
                    "Oldest transaction",
                    "s",
                    one("max(pg_long_running_transactions_seconds)", "open for"),
                    "It holds its locks, and keeps old rows from being cleaned up.",
                    limit=300,
                ),
                Shown(
                    "Read from memory",
                    "percentunit",
                    one(
                        f"sum({rate('pg_stat_database_blks_hit')}) / (sum({rate('pg_stat_database_blks_hit')}) + "
                        f"sum({rate('pg_stat_database_blks_read')}))",
                        "of all blocks",
                    ),
                    "Below the line the working set has outgrown the memory.",
                    limit=0.9,
                    below=True,
                ),
                Shown(
                    "Spilt to disk",
                    "Bps",
                    one(f"sum({rate('pg_stat_database_temp_bytes')})", "temporary files"),
                    "By sorts and joins that did not fit.",
                    limit=10e6,
                ),
                Shown("Deadlocks", "ops", by("datname", "pg_stat_database_deadlocks"), "Transactions ended for one."),
            ),
        ),
        (
            "What fills up",
            (
                Shown(
                    "Log of changes that waits for the archive",
                    "s",
                    one("max(pg_archive_waiting_seconds)", "the oldest segment"),
                    "A restore would lose as much.",
                    limit=120,
                ),
                Shown(
                    "Transactions since the last freeze",
                    "none",
                    one("max(pg_wraparound_age)", "age"),
                    "At two thousand million the server takes no writes any more.",
                    limit=1e9,
                ),
                Shown("Written", "Bps", one(f"sum({rate('pg_wal_bytes')})", "log of changes"), "A second."),
            ),
        ),
        (
            "Its pod",
            (
                Shown(
                    "Processors",
                    "none",
                    one(
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
