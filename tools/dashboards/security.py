"""What Grafana shows of attempts to get in."""

from dashboards.parts import API, Board, Shown, by, one

__all__ = ["SECURITY"]

SECURITY = Board(
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
                    by("why", "actinf_refusals_total", '{action="authenticate"}'),
                    "malformed and unknown: guessed; revoked and expired: somebody still has them.",
                    limit=1,
                ),
                Shown(
                    "What a key may not do",
                    "reqps",
                    by("why", "actinf_refusals_total", '{action="authorize"}'),
                    "scope: it asks for more than it was given.",
                    limit=0.2,
                ),
                Shown(
                    "Addresses that may not try any more",
                    "reqps",
                    by("by", "actinf_rate_limited_total", '{by="address"}'),
                    "They sent too many keys that are none.",
                ),
                Shown(
                    "What the access log calls it",
                    "reqps",
                    by("word", "actinf_access_log_flagged_total"),
                    "The words that `grep -i` of the runbook looks for.",
                ),
                Shown(
                    "Refused, by status",
                    "reqps",
                    by("status", "actinf_http_requests_total", '{status=~"401|403|429"}'),
                    "Of the API.",
                ),
            ),
        ),
        (
            "Inside",
            (
                Shown("What was done", "ops", by("action", "actinf_audit_entries_total"), "As the audit log has it."),
                Shown(
                    "Keys made within ten minutes",
                    "none",
                    one('sum(increase(actinf_audit_entries_total{action="keys.create"}[10m]))', "made"),
                    "Above the line somebody is woken.",
                    limit=11,
                ),
                Shown(
                    "Deleted within ten minutes",
                    "none",
                    one(
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
                Shown("Entries", "none", one("max(actinf_audit_rows)", "last row"), "Of the audit log."),
                Shown(
                    "Since the last anchor",
                    "s",
                    one(f"time() - max(actinf_audit_anchored_timestamp_seconds{API})", "ago"),
                    "Every ten seconds the head is signed and written down elsewhere.",
                    limit=60,
                ),
                Shown(
                    "Contradictions",
                    "none",
                    one("sum(actinf_audit_contradicted_total)", "found"),
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
                    one("sum by (severity) (trivy_image_vulnerabilities)", "{{severity}}"),
                    "Where Trivy's operator runs.",
                ),
            ),
        ),
    ),
)
