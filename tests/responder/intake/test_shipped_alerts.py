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
def test_an_alert_is_as_severe_as_its_rule_says_and_what_may_be_a_breach_is_critical(rule: dict[str, dict]) -> None:
    judgement = classify(signals_of(rule["labels"], rule["annotations"]))
    is_security = rule["labels"]["incident_type"] == "security"
    assert judgement.severity == (Severity.P0 if is_security else Severity(rule["labels"]["severity"]))
