"""`actinf contacts`, `actinf vendors`, `actinf incident case` and `call` on the store of this machine."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from support.duties import EXAMPLE

from actinf.responder.contacts.sealing import key_ring
from actinf.responder.oncall.rotation import Schedule

PEOPLE = "contacts: {fay: {name: Fay Orr, role: CTO, means: [{phone: +49 30 7654321, when: at night}]}}\n"
VENDORS = """\
vendors:
  cloud: {name: Example Cloud, kind: cloud, for: [api], phone: 0800 123, customer: K-77, priority_case: "the portal"}
"""


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY", "ACTINF_RESPOND_CONTACTS_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "ada")
    return tmp_path / "store"


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_a_contact_is_set_shown_changed_and_erased(actinf: Any, store: Path) -> None:
    assert "there is none" in actinf("contacts", "list").out
    made = actinf("contacts", "set", "fay", "--name", "Fay \x1b[31mOrr", "--role", "CTO", "--phone", "+49 30 7654321")
    assert (made.code, "is not what it should be: expected one line" in made.err) == (2, True)
    made = actinf("contacts", "set", "fay", "--name", "Fay [b]Orr", "--role", "CTO", "--phone", "+49 30 7654321")
    assert (made.code, made.out) == (0, "fay was made\n")
    assert stat.S_IMODE((store / "contacts.key").stat().st_mode) == 0o600
    assert actinf("contacts", "set", "fay", "--email", "f@x.org", "--when", "by day").out == "fay was changed\n"
    assert actinf("contacts", "show", "fay").out == (
        "fay  Fay [b]Orr, CTO\n  email  f@x.org  by day\n  phone  +49 30 7654321\n"
    )
    assert "7654321" not in actinf("contacts", "list").out
    assert "7654321" not in json.dumps(actinf("contacts", "list", "--json").plain)
    kept = actinf("contacts", "show", "--json").plain
    assert kept["contacts"]["fay"]["means"] == [{"email": "f@x.org", "when": "by day"}, {"phone": "+49 30 7654321"}]
    refused = actinf("contacts", "set", "fay", "--when", "never")
    assert (refused.code, "--when is of what is given with it" in refused.err) == (2, True)
    assert actinf("contacts", "remove", "fay").code == 2
    assert actinf("contacts", "remove", "fay", "--yes").out == "fay was removed\n"
    gone = actinf("contacts", "show", "fay")
    assert (gone.code, "no contact is called 'fay'" in gone.err) == (2, True)
    log = actinf("respond", "log", "--json").out
    assert "7654321" not in log
    assert "f@x.org" not in log


def test_what_show_says_is_a_file_that_import_takes(actinf: Any, tmp_path: Path) -> None:
    assert actinf("contacts", "import", "--check", written(tmp_path, "p.yaml", PEOPLE)).out == (
        "nothing is wrong with it: 1 contact\n"
    )
    assert actinf("contacts", "import", tmp_path / "p.yaml").out == "fay was made\n"
    said = actinf("contacts", "show", "--json").out
    assert actinf("contacts", "import", written(tmp_path, "again.yaml", said)).out == "fay was changed\n"
    assert actinf("contacts", "show", "--json").out == said
    assert actinf("vendors", "import", written(tmp_path, "v.yaml", VENDORS)).out == "cloud was made\n"
    said = actinf("vendors", "show", "--json").out
    assert actinf("vendors", "import", written(tmp_path, "again.yaml", said)).out == "cloud was changed\n"
    assert actinf("vendors", "show", "--json").out == said
    for words in (["import"], ["import", tmp_path / "p.yaml", "--from-schedule"]):
        assert actinf("contacts", *words).code == 2
    wrong = actinf("contacts", "import", written(tmp_path, "w.yaml", PEOPLE.replace("7654321", "76o4321")))
    assert (wrong.code, "w.yaml:1: contacts.fay.means[0].phone" in wrong.err, "76o" in wrong.err) == (2, True, False)


def test_a_schedule_of_handles_alone_is_whole_where_contacts_say_the_rest(actinf: Any, tmp_path: Path) -> None:
    bare = re.sub(r", (?:chat_id|email|phone): [^,}]+", "", EXAMPLE)
    file = written(tmp_path, "bare.yaml", bare)
    assert actinf("oncall", "schedule", "--check", file).code == 1
    people = ", ".join(
        f"{one}: {{name: {one}, role: x, means: [{{chat: U1}}]}}" for one in Schedule.from_text(bare).people
    )
    actinf("contacts", "import", written(tmp_path, "p.yaml", f"contacts: {{{people}}}\n"))
    assert "cannot be reached" not in actinf("oncall", "schedule", "--check", file).err
    saved = actinf("oncall", "schedule", "--set", file)
    assert (saved.code, "sees how" in saved.err) == (0, False)
    assert "cannot be reached" not in actinf("oncall", "gaps").err


def test_numbers_leave_the_schedule_and_are_called_all_the_same(actinf: Any, tmp_path: Path) -> None:
    set_ = actinf("oncall", "schedule", "--set", written(tmp_path, "s.yaml", EXAMPLE))
    assert "whoever sees the schedule sees how 5 of 5 are reached" in set_.err
    assert actinf("contacts", "import", "--from-schedule").out == "moved from the schedule: ada, bob, cyd, eve, fay\n"
    assert "phone" not in actinf("oncall", "schedule", "--json").out
    actinf("vendors", "import", written(tmp_path, "v.yaml", VENDORS))
    opened = actinf("incident", "open", "--severity", "P1", "--component", "api", "--impact", "it fails")
    assert "by hand  actinf incident call says whom" in opened.out
    called = actinf("incident", "call")
    assert (called.code, "  phone  +49 30 7654321\n" in called.out, "  phone  0800 123\n" in called.out) == (
        0,
        True,
        True,
    )
    assert "priority case: the portal" in called.out
    assert [one["fits"] for one in actinf("incident", "call", "--json").plain["vendors"]] == [True]


def test_cases_are_opened_noted_listed_and_closed(actinf: Any, tmp_path: Path) -> None:
    actinf("vendors", "import", written(tmp_path, "v.yaml", VENDORS))
    actinf("vendors", "set", "cloud", "--answers-within", "60")
    actinf("incident", "open", "--severity", "P1", "--component", "api", "--impact", "it fails")
    assert "no vendor was asked" in actinf("incident", "case", "latest").out
    opened = actinf("incident", "case", "latest", "cloud", "open", "nothing answers", "--with", "Kim")
    assert opened.out.startswith("case 1 with Example Cloud opened; answer awaited until ")
    noted = actinf(
        "incident", "case", "latest", "cloud", "note", "they", "look", "--reference", "CS-1", "--answer-by", "30m"
    )
    assert noted.out.startswith("case 1 with Example Cloud noted; answer awaited until ")
    listed = actinf("incident", "case", "latest").out
    assert re.search(r"1 +Example Cloud +CS-1 +until .* they look \(Kim\)", listed)
    shown = actinf("incident", "show").out
    assert "cases with vendors" in shown
    assert "case 1 with Example Cloud opened, Kim there: nothing answers" in shown
    assert actinf("incident", "case", "latest", "cloud", "close", "it works").out.startswith("case closed\n")
    assert actinf("incident", "case", "latest", "--json").plain[0]["closed_at"]
    assert "it works" in actinf("postmortem", "latest").out
    for words in (
        ["cloud"],
        ["cloud", "note"],
        ["cloud", "note", "x"],
        ["cloud", "close", "x", "--reference", "y"],
        ["cloud", "open", "x", "--case", "2"],
        ["cloud", "open", "x", "--answer-by", "yesterday"],
    ):
        refused = actinf("incident", "case", "latest", *words)
        assert (refused.code, refused.err.startswith("error: ")) == (2, True), words


def test_another_key_is_put_first_and_seals_everything(actinf: Any, store: Path, tmp_path: Path) -> None:
    actinf("contacts", "import", written(tmp_path, "p.yaml", PEOPLE))
    actinf("vendors", "import", written(tmp_path, "v.yaml", VENDORS))
    before = key_ring(store / "contacts.key").first
    done = actinf("contacts", "rekey", "--new")
    first = key_ring(store / "contacts.key").first
    assert (done.code, f"2 contacts and vendors are sealed with the key {first}" in done.out) == (0, True)
    assert f"nothing in the store needs {before} any more; backups from before do" in done.err
    kept = (store / "contacts.key").read_text().splitlines()
    (store / "contacts.key").write_text(kept[0])
    assert "7654321" in actinf("contacts", "show", "fay").out
    assert actinf("respond", "verify").code == 0
    (store / "contacts.key").write_text(kept[1])
    locked = actinf("contacts", "show", "fay")
    assert (locked.code, f"was sealed with the key {first}" in locked.err) == (2, True)
    assert actinf("contacts", "list").code == 0
    assert actinf("incident", "open", "--component", "x", "--impact", "y").code == 0
    assert "contacts" in actinf("respond", "doctor").out


def test_who_is_to_be_tried_is_said_and_what_was_said_by_hand_counts(actinf: Any, tmp_path: Path) -> None:
    assert actinf("contacts", "test").code == 0
    actinf("contacts", "import", written(tmp_path, "p.yaml", PEOPLE))
    due = actinf("contacts", "test")
    assert (due.code, "never tried" in due.out) == (1, True)
    assert "contacts: never tried: fay" in actinf("respond", "doctor").out
    refused = actinf("contacts", "test", "fay")
    assert (refused.code, "no channel is set up" in refused.err) == (2, True)
    assert actinf("contacts", "test", "fay", "--not-reached").out == "fay was not reached\n"
    assert actinf("contacts", "test", "fay", "--reached").out == "fay was reached\n"
    assert actinf("contacts", "test").code == 0
    assert actinf("contacts", "test", "--due").out == "nobody is to be tried\n"
    for words in (["--reached"], ["fay", "--due"], ["fay", "--reached", "--code", "x"], ["--code", "AAAA-BBBB-CCCC"]):
        assert actinf("contacts", "test", *words).code == 2
