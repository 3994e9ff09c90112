"""`actinf incident scan` and `findings`: what scanners found, and what became of it, on a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where commands keep incidents."""
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_RESPOND_ADVICE", "false")
    monkeypatch.setenv("ACTINF_USER", "ada")


def scanned(actinf: Any, folder: Path, **scores: str) -> None:
    """Take a report, of a finding for each rule; `accepted` is no score, but suppressed."""
    results = [
        {
            "ruleId": rule,
            "message": {"text": f"[bold]{rule}\x1b[31m"},
            "properties": {"security-severity": "9.8" if score == "accepted" else score},
            "suppressions": [{"kind": "external"}] if score == "accepted" else [],
        }
        for rule, score in scores.items()
    ]
    report = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Trivy"}}, "results": results}]}
    (folder / "report.sarif").write_text(json.dumps(report))
    answer = actinf("incident", "scan", str(folder / "report.sarif"), "--target", "shop")
    assert answer.code == 0, answer.err


def test_each_finding_says_what_became_of_it(actinf: Any, tmp_path: Path) -> None:
    assert actinf("incident", "findings").out.startswith("no scan has found anything")
    scanned(actinf, tmp_path, severe="9.8", milder="9.8", lived_with="9.8", mended="9.8", little="3.0")
    assert "incident 20" in actinf("incident", "findings").out
    scanned(actinf, tmp_path, severe="9.8", milder="5.0", lived_with="accepted", little="3.0")
    now, all_of_it = (" ".join(actinf("incident", "findings", *flags).out.split()) for flags in ((), ("--past",)))
    rules = {one["rule"]: one for one in actinf("incident", "findings", "--past", "--json").plain}
    incident = rules["severe"]["incident"]
    told = {
        "severe": f"incident {incident}",
        "milder": f"listed only, was of incident {incident}",
        "lived_with": "accepted in the scanner",
        "mended": "gone since",
        "little": "listed only",
    }
    for rule, what in told.items():
        assert f"[bold]{rule}" in all_of_it
        assert f": {what}" in all_of_it, rule
        assert (f"[bold]{rule}" in now) == (rule not in ("lived_with", "mended")), rule
    assert all_of_it.count(": listed only") == 2
    assert "\x1b" not in all_of_it
