"""`actinf status` on the store of this machine, where no server runs."""

import json
from pathlib import Path
from typing import Any

import pytest

HOSTILE = "\x1b[31mred\u202e [bold] <b>"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "ada")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "store"


def opened(actinf: Any, severity: str, *more: str) -> str:
    return str(
        actinf(
            "incident", "open", "--severity", severity, "--component", "api", "--impact", "secret", *more, "--json"
        ).plain["id"]
    )


def test_a_grave_incident_is_on_the_page_that_the_command_writes(actinf: Any, store: Path) -> None:
    name = opened(actinf, "P1")
    document = json.loads((store / "status" / "site" / "status.json").read_bytes())
    assert [one["key"] for one in document["current"]] == [name]
    index = (store / "status" / "site" / "index.html").read_text(encoding="utf-8")
    assert "Problems with Inference API" in index
    assert "secret" not in index
    said = actinf("status", "preview", name)
    assert f"{name} is on the status page\n  Problems with Inference API\n  investigating, partial outage" in said.out
    actinf("status", "update", name, HOSTILE, "--state", "monitoring", "--impact", "degraded")
    shown = actinf("status", "show").out
    assert "Inference API: degraded" in shown
    assert f"{name}  monitoring, since" in shown
    told = actinf("status", "preview", name).out
    assert "red [bold] <b>" in told
    assert not {"\x1b", "\u202e"} & set(told)
    index = (store / "status" / "site" / "index.html").read_text(encoding="utf-8")
    assert "red [bold] &lt;b&gt;" in index


def test_what_is_not_told_by_itself_is_told_with_a_reason(actinf: Any) -> None:
    name = opened(actinf, "P3")
    assert "P3 is told only with --override; this would be published:" in actinf("status", "preview", name).out
    refused = actinf("status", "publish", name)
    assert (refused.code, "--override REASON" in refused.err) == (2, True)
    done = actinf("status", "publish", name, "--override", "many ask", "--component", "simulations", "--json")
    assert done.plain["notice"]["components"] == ["worker"]
    private = opened(actinf, "P0", "--private")
    assert "nothing is told of it by itself, for it is private" in actinf("status", "preview", private).out
    kept = actinf("status", "withhold", private, "--reason", "nobody needs to know")
    assert "withheld by ada: nobody needs to know" in kept.out
    assert actinf("status", "withhold", private, "--reason", "x").code == 2
    assert [one["key"] for one in actinf("status", "show", "--json").plain["current"]] == [name]


def test_work_is_planned_begun_and_ended(actinf: Any) -> None:
    assert actinf("status", "maintenance", "list").out == "no work is planned\n"
    words = ("status", "maintenance", "announce", "Upgrade", "--from", "1h", "--until", "2h", "--component", "api")
    made = actinf(*words, "--expect", "component=db", "--json").plain
    assert (made["number"], made["state"], made["components"]) == (1, "scheduled", ["api"])
    assert made["window"] in actinf("maintenance", "list").out
    shown = actinf("status", "show").out
    assert "maintenance-1  scheduled, from " in shown
    assert "Inference API: operational, uptime not known yet" in shown
    assert "planned\n  maintenance-1  scheduled" in actinf("status", "show").out
    assert "1  under way: Upgrade" in actinf("status", "maintenance", "start", "1").out
    assert "Inference API: maintenance" in actinf("status", "show").out
    actinf("status", "maintenance", "end", "1", "--text", "done")
    assert "completed: Upgrade" in actinf("status", "maintenance", "list", "--all").out
    refused = actinf("status", "maintenance", "cancel", "1")
    assert (refused.code, "no planned work 1 is to come or goes on" in refused.err) == (2, True)
    wrong = actinf("status", "maintenance", "announce", "x" * 151, "--from", "1h", "--until", "2h")
    assert (wrong.code, "title" in wrong.err) == (2, True)
