"""The alerts that are shipped, as the responder will get them."""

from pathlib import Path

import pytest
import yaml

from actinf.responder.incident.severity import Severity, classify, signals_of

ALERTS = Path(__file__).parents[3] / "deploy" / "alerts"
SHIPPED = [
    rule
    for path in sorted(ALERTS.glob("*.rules.yml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda rule: rule["alert"])
def test_the_responder_finds_an_alert_as_severe_as_its_rule_says(rule: dict[str, dict]) -> None:
    """Else Alertmanager would page for what the responder lets wait, or the other way round."""
    judgement = classify(signals_of(rule["labels"], rule["annotations"]))
    assert judgement.severity == Severity(rule["labels"]["severity"])


def test_evidence_of_a_breach_is_told_from_what_may_be_one() -> None:
    evidence = {rule["alert"] for rule in SHIPPED if signals_of(rule["labels"], rule["annotations"]).security}
    assert evidence == {"AuditContradicted"}
