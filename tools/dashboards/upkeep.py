"""What Grafana shows of what will be trouble when nobody looks."""

from dashboards.parts import Board, Query, Shown, one, rate

__all__ = ["UPKEEP"]

UPKEEP = Board(
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
                    one("min(probe_ssl_earliest_cert_expiry) - time()", "valid for"),
                    "Two weeks are an alert, two days wake somebody.",
                    limit=14 * 86400,
                    below=True,
                    now=True,
                ),
                Shown(
                    "Last verified backup",
                    "s",
                    one("time() - max(actinf_backup_last_verified_timestamp_seconds)", "ago"),
                    "Restored into a scratch instance, and compared.",
                    limit=36 * 3600,
                    now=True,
                ),
                Shown(
                    "Last backup",
                    "s",
                    one("time() - max(actinf_backup_last_success_timestamp_seconds)", "ago"),
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
                    one("pg_disk_free_bytes / pg_disk_size_bytes", "{{path}}"),
                    "Below the line somebody is woken.",
                    limit=0.1,
                    below=True,
                ),
                Shown(
                    "Free on the volumes",
                    "percentunit",
                    one(
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
                    one(f"sum({rate('redis_evicted_keys_total')})", "keys"),
                    "Agents that are read from the database then.",
                    limit=50,
                ),
                Shown("Backups", "none", one("max by (state) (actinf_backups)", "{{state}}"), "In the archive."),
                Shown(
                    "Jobs that failed",
                    "none",
                    one('sum by (job_name) (kube_job_status_failed{job_name=~"postgres-backup.*"})', "{{job_name}}"),
                    "Of the nightly backup.",
                ),
            ),
        ),
        (
            "The monitoring itself",
            (
                Shown("Targets", "none", one("min by (job) (up)", "{{job}}"), "0 where one cannot be scraped."),
                Shown(
                    "Rules that fail",
                    "ops",
                    one(f"sum({rate('prometheus_rule_evaluation_failures_total')})", "failures"),
                    "Their alerts cannot fire.",
                ),
                Shown(
                    "Notifications that fail",
                    "ops",
                    (
                        Query(f"sum({rate('prometheus_notifications_dropped_total')})", "to Alertmanager"),
                        Query(
                            f"sum by (integration) ({rate('alertmanager_notifications_failed_total')})",
                            "{{integration}}",
                        ),
                    ),
                    "Alerts that do not reach whom they should.",
                ),
            ),
        ),
    ),
)
