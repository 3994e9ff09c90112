"""What Grafana shows of memory: of all pods, and where it runs out."""

from dashboards.parts import API, Board, Shown, by, one

__all__ = ["HIGH_MEMORY", "POD_MEMORY"]

_PODS = '{namespace="active-inference",pod=~"$pod",container!="",container!="POD"}'
_LIMITS = '{namespace="active-inference",pod=~"$pod",resource="memory"}'

POD_MEMORY = Board(
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
                    one(
                        f"max by (pod, container) (container_memory_working_set_bytes{_PODS})", "{{pod}} {{container}}"
                    ),
                    "What would be needed to go on: this is held against the limit.",
                ),
                Shown(
                    "Share of the limit",
                    "percentunit",
                    one(
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
                    one(
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
                    one('process_resident_memory_bytes{job=~"active-inference-.*"}', "{{job}} {{instance}}"),
                    "Of API and workers, as they say themselves.",
                ),
                Shown("Files that are open", "none", one("process_open_fds", "{{job}} {{instance}}"), "Now."),
            ),
        ),
        (
            "Ends",
            (
                Shown(
                    "Restarts",
                    "none",
                    one(
                        'sum by (pod, container) (kube_pod_container_status_restarts_total{pod=~"$pod"})',
                        "{{pod}} {{container}}",
                    ),
                    "Since the pod was made.",
                ),
                Shown(
                    "Ended for want of memory",
                    "none",
                    one(
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

HIGH_MEMORY = Board(
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
                    one("sum by (instance, by) (actinf_memory_held_bytes)", "{{instance}} {{by}}"),
                    "By agents that are kept ready, and by work that runs.",
                ),
                Shown(
                    "Agents kept ready",
                    "none",
                    one(f"actinf_hot_agents{API}", "{{instance}}"),
                    "They give way to work.",
                ),
                Shown(
                    "Refused",
                    "ops",
                    by("reason", "actinf_admission_refused_total"),
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
                    one('process_resident_memory_bytes{job=~"active-inference-.*"}', "{{job}} {{instance}}"),
                    "The dashboard Pod Memory Usage says what the kernel counts.",
                ),
                Shown(
                    "Growth",
                    "Bps",
                    one(
                        'clamp_min(deriv(process_resident_memory_bytes{job=~"active-inference-.*"}[15m]), 0)',
                        "{{job}} {{instance}}",
                    ),
                    "Of the last quarter of an hour: what stays above zero for hours is a leak.",
                ),
                Shown(
                    "The breaker around large work",
                    "none",
                    one(f'max(actinf_breaker_state{{breaker="memory",{API[1:]})', "state"),
                    "0 closed, 1 being tried, 2 open. `PUT /v1/switches/memory` holds it.",
                    limit=2,
                ),
            ),
        ),
    ),
)
