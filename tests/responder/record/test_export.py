"""What is taken elsewhere of an incident can be verified there."""

import hashlib
import json
from pathlib import Path

import pytest
from support.responding import Responding

from actinf.errors import SettingError
from actinf.responder.incident import decisions
from actinf.responder.record.evidence import kept_copy
from actinf.responder.record.export import exported, markdown_of
from actinf.runtime.chain import chained


def test_every_mac_can_be_computed_anew_from_the_export(desk_at_hand: Responding) -> None:
    first, second = desk_at_hand.opened(), desk_at_hand.opened()
    desk_at_hand.desk.act(first, lambda _: decisions.note("between the events of another"), by="ada")
    for name in (first, second):
        document = json.loads(json.dumps(exported(desk_at_hand.desk, name)))
        assert document["incident"]["id"] == name
        for event in document["events"]:
            mac = chained(desk_at_hand.store.key, bytes.fromhex(event["before"]), event["content"])
            assert mac.hex() == event["mac"]
            for field, held in event["personal"].items():
                digest = hashlib.sha256(bytes.fromhex(held["salt"]) + held["value"].encode()).hexdigest()
                assert event["content"][6][field] == {"digest": digest}


def test_a_text_of_a_stranger_is_no_markdown(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(impact="# [x](javascript:0) <script> \x1b[31m\n- @everyone")
    text = markdown_of(exported(desk_at_hand.desk, name))
    assert "\n## Timeline (UTC)\n" in text
    assert "\x1b" not in text
    assert "<script>" not in text.replace("\\<", "")
    assert "[x](" not in text
    assert text.count("\n# ") + text.startswith("# ") == 1


def test_a_name_that_somebody_chose_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in (".hidden", "a\x1b[31mb", "x" * 200):
        file = tmp_path / "in" / name
        file.write_text(name)
        kept = kept_copy(file, tmp_path / "store", "2026-11-23-001")
        assert kept.path.parent == tmp_path / "store" / "evidence" / "2026-11-23-001"
        assert kept.path.read_text() == name
        assert kept.name.isprintable()
        assert not kept.name.startswith(".")
    with pytest.raises(SettingError, match="is a folder: expected a file"):
        kept_copy(tmp_path, tmp_path / "store", "2026-11-23-001")


def test_the_same_file_is_kept_once(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("one")
    kept = [kept_copy(file, tmp_path / "store", "2026-11-23-001") for _ in range(2)]
    assert kept[0] == kept[1]
    assert [path.name for path in kept[0].path.parent.iterdir()] == ["log"]
