"""`actinf incident` on the store of this machine: with nothing configured and nothing running."""

import hashlib
import json
import subprocess
import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actinf.responder.incident.tasks import CHECKLIST, TASKS
from actinf.responder.runbooks import runbook_of
from actinf.responder.store.database import Store
from actinf.responder.store.lock import sole
from actinf.responder.verbs import VERBS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands keep incidents."""
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_RESPOND_ADVICE", "false")  # the engine takes a second to begin
    monkeypatch.setenv("ACTINF_USER", "ada")
    return tmp_path / "store"


@pytest.fixture
def opened(actinf: Any) -> str:
    return str(open_one(actinf)["id"])


def open_one(actinf: Any, *more: str) -> Any:
    given = more if "--severity" in more else ("--severity", "P1", *more)
    answer = actinf("incident", "open", "--component", "API", "--impact", "requests fail", "--json", *given)
    assert answer.code == 0, answer.err
    return answer.plain


def done(actinf: Any, *words: str) -> Any:
    answer = actinf("incident", *words, "--json")
    assert answer.code == 0, answer.err
    return answer.plain


def kinds(document: Any) -> list[str]:
    return [one["kind"] for one in document["timeline"]]


def test_who_opens_an_incident_is_told_what_comes_next(actinf: Any) -> None:
    answer = actinf(
        *("incident", "open", "--severity", "P1", "--component", "Active Inference API", "--type", "api_down"),
        *("--impact", "Inference requests failing", "--detected-at", "10m ago"),
    )
    assert answer.code == 0
    told = answer.out.splitlines()
    name = f"{datetime.now(UTC):%Y-%m-%d}-001"
    assert told[0] == f"{name}  P1 high  Investigating"
    assert told[1] == "Active Inference API: Inference requests failing"
    assert "  because  P1: said by hand" in told
    assert any(
        line.startswith("  response   due ") and line.endswith(("UTC, 49 min left", "UTC, 50 min left"))
        for line in told
    )
    assert "  paging   nobody: no schedule says who is on call; write one, actinf oncall schedule --set FILE" in told
    assert "  runbook  docs/runbooks/api-down.md" in told
    assert told[-1] == f"next: actinf incident ack {name}"
    assert "no server runs" in answer.err


def test_how_severe_it_is_follows_from_what_is_said_of_it(actinf: Any) -> None:
    said = ("incident", "open", "--component", "db", "--impact", "slow", "--json")
    assert actinf(*said, "--degradation", "50").plain["severity"] == "P1"
    assert actinf(*said, "--affected-users", "1").plain["severity"] == "P3"
    lost = actinf(*said, "--severity", "P2", "--data-loss").plain
    assert (lost["severity"], lost["reasons"]) == ("P0", ["P0: data is lost or corrupted, or may be"])


def test_an_incident_is_led_from_its_opening_to_its_tasks(actinf: Any, opened: str) -> None:
    assert done(actinf, "ack", "latest")["lead"] == "ada"
    assessed = done(
        actinf,
        *("assess", opened, "--severity", "P0", "--component", "API", "--component", "db"),
        *("--impact", "all requests fail", "--findings", "the pool is exhausted"),
    )
    assert (assessed["severity"], assessed["components"]) == ("P0", ["Active Inference API", "Database"])
    done(actinf, "note", opened, "restarted", "the", "pods")
    done(actinf, "milestone", opened, "root-cause", "a leak in the pool")
    done(actinf, "severity", opened, "P1", "--reason", "half of it is back")
    done(actinf, "handover", opened, "ben", "--note", "look at the pool")
    done(actinf, "assign", opened, "eve")
    done(actinf, "link", opened, "https://tickets.example.org/7", "--relation", "ticket")
    checked = done(actinf, "check", opened, "alerts", "--unknown", "--found", "Prometheus is away")
    assert next(one for one in checked["checklist"] if one["item"] == "alerts")["passed"] is None
    resolved = actinf("incident", "resolve", opened, "--how", "rolled back")
    assert resolved.out.startswith("resolved; not checked off: stable, dependencies, alerts, performance, users\n")
    done(actinf, "task", opened, "restored", "--where", "the dashboard")
    done(actinf, "action", opened, "bound", "the", "pool", "--owner", "ben", "--due", "2w")
    last = done(actinf, "action-done", opened, "1")
    assert last["actions"][0]["done_at"] is not None
    assert [kind for kind in kinds(last) if kind != "published"][-13:] == [
        *("acknowledged", "assessed", "note", "milestone", "severity", "handed over", "lead", "linked", "checked"),
        *("resolved", "task", "action", "action done"),
    ]
    assert kinds(last).count("published") == 5, "the public is told of its beginning, parts, cause, severity and end"
    assert {one["by"] for one in last["timeline"]} == {"ada", "actinf"}


def test_every_verb_of_the_responder_is_a_command(actinf: Any) -> None:
    groups = (("incident",), ("incident", "check"), ("incident", "evidence"), ("incident", "case"), ("status",))
    told = "".join(actinf(*words, "--help").out for words in groups)
    options = {"check-by-machine": "--by-machine", "evidence-hand-on": "hand-on", "evidence-remove": "remove"}
    assert "[open|note|close]" in told, "the three that are done with cases"
    others = [name for name in VERBS if not name.startswith("case-")]
    assert [name for name in others if f"  {options.get(name, name)} " not in told] == []


def test_a_machine_looks_at_the_recovery_and_says_what_it_cannot_tell(actinf: Any, opened: str) -> None:
    told = done(actinf, "check", opened, "--by-machine")
    assert {one["passed"] for one in told["checklist"]} == {None}
    assert all(one["found"] for one in told["checklist"] if one["item"] != "users")
    refused = actinf("incident", "check", opened, "stable", "--by-machine")
    assert "leave out the item" in refused.err
    assert "check needs an item" in actinf("incident", "check", opened, "--passed").err


def test_items_and_tasks_are_those_of_the_responder(actinf: Any, opened: str) -> None:
    refused = actinf("incident", "check", opened, "nothing", "--passed")
    assert all(f"'{item}'" in refused.err for item in CHECKLIST)
    refused = actinf("incident", "task", opened, "nothing")
    assert all(f"'{task}'" in refused.err for task in TASKS)


def test_what_is_told_of_the_past_stands_where_it_happened(actinf: Any) -> None:
    name = open_one(actinf, "--detected-at", "2h ago")["id"]
    document = done(actinf, "ack", name, "--at", "30m ago")
    age = datetime.now(UTC) - datetime.fromisoformat(document["acknowledged_at"])
    assert timedelta(minutes=30) <= age < timedelta(minutes=32)
    answer = actinf("incident", "note", name, "too early", "--at", "3h ago")
    assert answer.code == 2
    assert "expected a time since the detection" in answer.err


def test_a_list_shows_the_most_severe_first_with_its_clock(actinf: Any) -> None:
    open_one(actinf, "--severity", "P3")
    first = open_one(actinf, "--severity", "P0", "--detected-at", "20m ago")["id"]
    shown = actinf("incident", "list").out.splitlines()
    assert [line.split()[1] for line in shown[1:]] == ["P0", "P3"]
    assert shown[1].startswith(first)
    assert "response breached 5 min ago" in shown[1]
    assert shown[1].endswith("API: requests fail")
    assert [one["severity"] for one in done(actinf, "list")] == ["P0", "P3"]


def test_a_narrow_terminal_shows_all_of_what_counts(actinf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    name = open_one(actinf)["id"]
    shown = actinf("incident", "list").out.splitlines()
    assert shown[1].startswith(f"{name}  P1  Investigating")
    assert shown[2] == "  Active Inference API: requests fail"


def test_a_component_brings_its_type_and_where_to_look(actinf: Any) -> None:
    answer = actinf("incident", "open", "--component", "postgres-0", "--impact", "slow", "--severity", "P3")
    assert "Database: slow" in answer.out
    assert "runbook  docs/runbooks/database-performance.md" in answer.out
    assert "look at  https://monitoring.active-inference.com/d/database-performance" in answer.out
    assert "the catalogue has no" not in answer.err
    assert "perhaps Active Inference API" in actinf("incident", "show").out


def test_a_component_that_is_not_known_is_opened_with_a_hint(actinf: Any) -> None:
    answer = actinf("incident", "open", "--component", "Databse", "--impact", "slow", "--severity", "P3")
    assert answer.code == 0
    assert "the catalogue has no component 'Databse'; did you mean 'Database'?" in answer.err
    assert done(actinf, "show")["type"] == "other"


def test_the_catalogue_is_shown_checked_and_set(actinf: Any, tmp_path: Path) -> None:
    file = tmp_path / "parts.yaml"
    file.write_text("components:\n  mail:\n    name: Mail\n    type: api-down\n")
    refused = actinf("incident", "catalogue", "--check", str(file))
    assert refused.code == 2
    assert f"{file}:4: components.mail.type is 'api-down': expected one of" in refused.err
    assert actinf("incident", "catalogue", "--set", str(file)).code == 2
    assert "Active Inference API" in actinf("incident", "catalogue").out
    file.write_text(file.read_text().replace("api-down", "api_down"))
    assert actinf("incident", "catalogue", "--check", str(file)).out == "nothing is wrong with it: 1 part\n"
    answer = actinf("incident", "catalogue", "--set", str(file))
    assert answer.out.startswith("saved by ada: it holds from now on\n")
    assert actinf("incident", "catalogue", "--json").plain == {
        "components": {"mail": {"name": "Mail", "type": "api_down"}}
    }
    assert actinf("incident", "catalogue", "--set", "-", "--check", "-").code == 2


def test_a_list_says_that_there_is_more(actinf: Any) -> None:
    names = [open_one(actinf)["id"] for _ in range(3)]
    answer = actinf("incident", "list", "--limit", "2", "--json")
    assert [one["id"] for one in answer.plain] == names[:0:-1]
    assert "there are more than the 2 that are listed: --limit 20" in answer.err
    assert "there are more" not in actinf("incident", "list", "--limit", "3").err


def test_a_list_leaves_out_what_is_over_unless_it_is_asked_for(actinf: Any, opened: str) -> None:
    done(actinf, "close", opened, "--false-positive", "--reason", "a broken probe")
    assert actinf("incident", "list").out == "no incident is open\n"
    assert [one["status"] for one in done(actinf, "list", "--all")] == ["False alarm"]
    assert done(actinf, "list", "--resolved") == []
    assert done(actinf, "list", "--all", "--since", "1h")[0]["id"] == opened


def test_all_of_an_incident_is_shown(actinf: Any, opened: str) -> None:
    done(actinf, "ack", opened)
    shown = actinf("incident", "show", opened).out
    for part in ("clocks", "recovery checklist", "timeline (UTC)"):
        assert f"\n{part}\n" in shown
    assert "acknowledged by ada" in shown
    assert f"{datetime.now(UTC):%Y-%m-%d}" in shown


def test_a_text_of_a_stranger_is_harmless_on_the_screen(actinf: Any) -> None:
    hostile = "down\x1b[2J\x1b]0;owned\x07 \u202egnp\nline [bold]two[/bold] :smile:"
    name = actinf("incident", "open", "--component", "API", "--impact", hostile, "--json").plain["id"]
    done(actinf, "note", name, hostile)
    for command in ("list", "show"):
        shown = actinf("incident", command).out
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[bold]two[/bold] :smile:" in shown


# ------------------------------------------------------------------------------------------------------------- naming


def test_the_end_of_an_id_stands_for_it_where_it_is_clear(actinf: Any) -> None:
    first, second = open_one(actinf)["id"], open_one(actinf)["id"]
    assert done(actinf, "ack", "001")["id"] == first
    assert done(actinf, "show", "latest")["id"] == second
    assert done(actinf, "show")["id"] == second
    missing = actinf("incident", "ack", "007")
    assert (missing.code, missing.out) == (2, "")
    assert "no incident whose id ends with '007'" in missing.err


def test_a_command_without_any_incident_says_what_to_do(actinf: Any) -> None:
    answer = actinf("incident", "show")
    assert (answer.code, answer.err) == (2, "error: there is no incident yet: open one, actinf incident open\n")


def test_one_incident_goes_on_as_another(actinf: Any) -> None:
    first, second = open_one(actinf)["id"], open_one(actinf)["id"]
    assert done(actinf, "merge", "002", "--into", "001")["id"] == first
    assert done(actinf, "show", second)["status"] == f"Merged into {first}"
    told = " ".join(actinf("incident", "show", first).out.split())
    assert f"took up {second}, detected " in told
    assert f"{second}: opened as P1" in told
    assert f"{second} #1]" in actinf("postmortem", first).out


# ----------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("close", "latest", "--reason", "x"), "--false-positive says so; to end one, resolve it"),
        (("check", "latest", "users"), "one of --passed, --failed, --unknown"),
        (("check", "latest", "users", "--passed"), "by what users were told is not said"),
        (("check", "latest", "users", "--sent", "page-9"), "was sent: expected one of page-2 (status page, "),
        (("check", "latest", "users", "--sent", "two"), "--sent is 'two': expected a number"),
        (("check", "latest", "users", "--failed", "--sent", "1"), "leave one out"),
        (("erase", "latest", "--reason", "asked for"), "--yes does it"),
        (("erase", "latest", "--reason", "asked for", "--yes"), "resolve it before"),
        (("note", "latest", "x", "--at", "soon"), "expected 10m ago, 14:05 or"),
        (("note", "latest", "x" * 20_001), "text: expected at most 20000 characters"),
        (("action-done", "latest", "4"), "has no action item 4"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(
    actinf: Any, opened: str, words: tuple[str, ...], told: str
) -> None:
    answer = actinf("incident", *words)
    assert answer.code == 2
    assert told in answer.err
    assert len(done(actinf, "show", opened)["timeline"]) < 4


def test_a_user_who_is_no_handle_is_told_one(actinf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_USER", "Ada Lovelace")
    answer = actinf("incident", "list")
    assert answer.code == 2
    assert "'ada-lovelace'" in answer.err


def test_a_login_name_becomes_a_handle(actinf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTINF_USER")
    monkeypatch.setattr("getpass.getuser", lambda: "CORP\\Zoë Ray")
    assert open_one(actinf)["timeline"][0]["by"] == "corp-zoe-ray"


def test_a_misspelt_variable_is_told(actinf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_DATADIR", "/nowhere")
    assert "did you mean ACTINF_RESPOND_DATA_DIR?" in actinf("incident", "list").err


# ---------------------------------------------------------------------------------------------- what goes out after it


def test_a_channel_that_is_away_delays_no_command(actinf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("ACTINF_RESPOND_MAIL_FROM", "actinf@example.org")
    monkeypatch.setenv("ACTINF_RESPOND_MAIL_TO", "ops@example.org")
    answer = actinf("incident", "open", "--component", "API", "--impact", "down", "--severity", "P1")
    assert answer.code == 0
    assert "warning: 1 message waits for mail (" in answer.err
    assert "it is tried again with the next command" in answer.err


def test_where_a_server_holds_the_store_it_does_what_is_due(actinf: Any, store: Path) -> None:
    open_one(actinf)
    with sole(store) as mine:
        assert mine
        answer = actinf("incident", "open", "--component", "API", "--impact", "down", "--severity", "P1", "--json")
    assert answer.code == 0
    assert kinds(answer.plain) == ["opened", "published"]
    actinf("incident", "list")
    assert "escalated" in kinds(done(actinf, "show"))


# ------------------------------------------------------------------------------------------------------------- records


def test_evidence_is_copied_and_its_custody_is_on_the_timeline(
    actinf: Any, opened: str, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pods.log"
    file.write_text("OOMKilled\n")
    kept = done(actinf, "evidence", "add", opened, str(file), "--custody", "ada, for the post-mortem")
    assert (kept["sha256"], kept["size"]) == (hashlib.sha256(b"OOMKilled\n").hexdigest(), 10)
    copy = store / "evidence" / opened / "pods.log"
    assert copy.read_text() == "OOMKilled\n"
    assert copy.stat().st_mode & 0o777 == 0o400
    file.write_text("changed\n")
    assert done(actinf, "evidence", "add", opened, str(file))["name"] == "pods-2.log"
    assert kinds(done(actinf, "show", opened)).count("evidence") == 2
    missing = actinf("incident", "evidence", "add", opened, tmp_path / "nothing")
    assert (missing.code, missing.err) == (2, f"error: {tmp_path / 'nothing'} is not there: expected a file\n")


def test_a_folder_of_evidence_is_kept_fetched_back_and_deleted(actinf: Any, opened: str, tmp_path: Path) -> None:
    folder = tmp_path / "evidence-1"
    folder.mkdir()
    (folder / "pods.txt").write_text("api-1 Running\n")
    digest = hashlib.sha256(b"api-1 Running\n").hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  ./pods.txt\n")
    said = actinf("incident", "evidence", "add", opened, folder)
    assert (said.code, said.out.splitlines()[0][:24]) == (0, "kept evidence-1.tar, 102"), said.err
    assert "2 files, all as SHA256SUMS says" in said.out
    assert actinf("incident", "evidence", "hand-on", opened, "evidence-1.tar", "--to", "ben").out.startswith(
        "evidence-1.tar is with ben\n"
    )
    listed = actinf("incident", "evidence", "verify", opened)
    assert (listed.code, "intact  evidence-1.tar" in listed.out, "had by ben since" in listed.out) == (0, True, True)
    back = tmp_path / "back.tar"
    assert actinf("incident", "evidence", "get", opened, "evidence-1.tar", "--to", back).code == 0
    with tarfile.open(back) as archive:
        assert archive.getnames() == ["evidence-1/SHA256SUMS", "evidence-1/pods.txt"]
    gone = ("incident", "evidence", "remove", opened, "evidence-1.tar", "--reason", "asked for")
    assert (actinf(*gone).code, "--yes does it" in actinf(*gone).err) == (2, True)
    assert actinf(*gone, "--yes").code == 0
    assert actinf("incident", "evidence", "list", opened).out.startswith("removed  evidence-1.tar")
    (folder / "pods.txt").write_text("api-1 Gone\n")
    refused = actinf("incident", "evidence", "add", opened, folder)
    assert (refused.code, "is not as SHA256SUMS says" in refused.err) == (2, True)


def test_evidence_that_was_altered_is_said_everywhere(actinf: Any, opened: str, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "pods.log"
    file.write_text("OOMKilled\n")
    done(actinf, "evidence", "add", opened, str(file))
    assert "1 file of evidence" in actinf("respond", "verify").out
    copy = store / "evidence" / opened / "pods.log"
    copy.chmod(0o600)
    copy.write_text("Completed\n")
    for words in (("incident", "evidence", "verify", opened), ("respond", "verify")):
        said = actinf(*words)
        assert (said.code, "altered" in said.err) == (1, True), words
    for words in (("incident", "evidence", "get", opened, "pods.log"), ("respond", "backup", tmp_path / "b.db")):
        said = actinf(*words)
        assert (said.code, "not what was taken" in said.err) == (2, True), words
    assert not (tmp_path / "b.db").exists()


def test_an_erased_incident_keeps_what_happened_and_when(actinf: Any, opened: str, store: Path) -> None:
    done(actinf, "note", opened, "a secret of Ada's")
    done(actinf, "resolve", opened)
    erased = done(actinf, "erase", opened, "--reason", "asked for", "--yes")
    assert "secret" not in json.dumps(erased)
    assert kinds(erased)[-1] == "erased"
    assert b"a secret of Ada's" not in (store / "responder.db").read_bytes()


def test_a_command_needs_no_more_than_it_uses(store: Path) -> None:
    """Neither the engine nor a server's packages are loaded to look at a list."""
    heavy = ("numba", "numpy", "fastapi", "sqlalchemy", "psycopg", "slack_sdk", "httpx", "smtplib", "icalendar")
    script = (
        "import sys; from actinf.cli.app import run; code = run(['incident', 'list']);"
        f"print([name for name in {heavy} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "no incident is open\n[] 0\n"
    Store(store).close()


def test_every_type_has_a_page() -> None:
    for kind in ("api_down", "database_performance", "high_memory", "security", "other"):
        assert (ROOT / runbook_of(kind)).is_file()


def test_a_choice_that_was_not_made_is_one_mistake(actinf: Any) -> None:
    said = actinf("incident", "assess", "001")
    assert said.code == 2
    assert "error: missing: --severity (P0, P1, P2, P3)" in said.err
    assert said.err.count("error:") == 1


def test_a_change_is_told_listed_and_shown_by_the_next_incident(actinf: Any) -> None:
    assert "no change was told of" in actinf("incident", "change").out
    said = actinf(
        "incident", "change", "deploy", "api", "1.4.2", "--at", "5m ago", "--url", "https://ci.example.org/42"
    )
    assert said.code == 0, said.err
    assert said.out.startswith("deploy, ")
    assert "api 1.4.2 (" in said.out
    assert "https://ci.example.org/42" in actinf("incident", "change").out
    assert actinf("incident", "open", "--severity", "P2", "--component", "API", "--impact", "slow").code == 0
    assert "deploy: api 1.4.2" in actinf("incident", "show", "latest").out
    for words, mistake in (
        (["party", "x"], "kind"),
        (["deploy"], "what"),
        (["--at", "5m ago"], "--at and --url are of a change"),
    ):
        wrong = actinf("incident", "change", *words)
        assert (wrong.code, mistake in wrong.err) == (2, True), wrong.err
