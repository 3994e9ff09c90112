"""What Grafana shows of the API, and of what stands before it."""

from dashboards.parts import API, CALLS, QUIET, Board, Query, Shown, by, one, quantiles, rate

__all__ = ["API_DOWN"]

API_DOWN = Board(
    "api-down",
    "API down",
    "Does the API answer, does it answer well, and is anything missing before or beside it?",
    "api_down",
    (
        (
            "As its users see it",
            (
                Shown("Requests", "reqps", by("status", "actinf_http_requests_total", QUIET), "Answers by status."),
                Shown(
                    "Share of requests that fail",
                    "percentunit",
                    one("actinf:errors:ratio_rate1m", "answered with a 5xx"),
                    "Above the line somebody is woken.",
                    limit=0.05,
                ),
                Shown(
                    "How long requests take",
                    "s",
                    quantiles("actinf_http_request_seconds", CALLS),
                    "Where more than one in twenty takes longer than the line, somebody is woken.",
                    limit=5,
                ),
                Shown("At the door", "reqps", by("status", "actinf_access_log_requests_total"), "What nginx answers."),
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
                Shown("Answer", "none", one(f"up{API}", "{{instance}}"), "1 where the scrape is answered."),
                Shown(
                    "Work",
                    "none",
                    one(f"actinf_healthy{API}", "{{instance}}"),
                    "1 where /health says 200: the database can be written.",
                ),
                Shown(
                    "Requests that are being answered",
                    "none",
                    one(f"actinf_http_requests_in_flight{API}", "{{instance}}"),
                    "More than 512 are turned away.",
                ),
                Shown(
                    "Turned away",
                    "reqps",
                    (
                        *by("reason", "actinf_shed_total"),
                        Query(f"sum by (by) ({rate('actinf_rate_limited_total')})", "rate limit: {{by}}"),
                    ),
                    "503 to stay up, 429 for those who ask too often.",
                    limit=1,
                ),
                Shown(
                    "Breakers",
                    "none",
                    one(f"max by (breaker) (actinf_breaker_state{API})", "{{breaker}}"),
                    "0 closed, 1 being tried, 2 open.",
                    limit=2,
                ),
                Shown(
                    "Done without",
                    "none",
                    one("max by (part) (actinf_degraded)", "{{part}}"),
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
                Shown("nginx", "none", one("nginx_up", "{{instance}}"), "1 where it answers."),
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
