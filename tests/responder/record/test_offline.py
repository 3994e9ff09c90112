"""An exported incident is verified without the project, and what was changed in it is named."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.responding import Responding

from actinf.responder.incident import decisions
from actinf.responder.record import offline
from actinf.responder.record.export import exported, timeline_of
from actinf.runtime.chain import GENESIS, chained


@pytest.fixture
def export(desk_at_hand: Responding) -> dict[str, Any]:
    names = [desk_at_hand.opened() for _ in range(2)]
    for number in range(6):
        for name in names:
            desk_at_hand.desk.act(name, lambda _, number=number: decisions.note(f"seen {number}"), by="ben")  # type: ignore[misc]
    desk_at_hand.clock.pass_(minutes=50)
    desk_at_hand.beat()
    said: dict[str, Any] = json.loads(json.dumps(exported(desk_at_hand.desk, names[1])))
    return said


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_it_writes_content_as_the_chain_does(value: Any) -> None:
    key = bytes(range(32))
    mac = offline.hmac.new(key, GENESIS + offline.canonical(value).encode(), "sha256").digest()
    assert mac == chained(key, GENESIS, value)


def test_what_was_exported_is_intact(export: dict[str, Any], desk_at_hand: Responding) -> None:
    assert offline.wrong_in(export, desk_at_hand.store.key) == []
    assert timeline_of(export) == desk_at_hand.desk.timeline(export["incident"]["id"])


def _changed(export: dict[str, Any], chance: random.Random) -> None:
    events = export["events"]
    one = chance.randrange(len(events))
    way = chance.randrange(7)
    if way == 0:
        events.pop(one)
    elif way == 1:
        del events[chance.randint(1, len(events) - 1) :]
    elif way == 2:
        other = (one + chance.randint(1, len(events) - 1)) % len(events)
        events[one], events[other] = events[other], events[one]
    elif way == 3:
        events[one]["content"][chance.choice([1, 3, 4, 5])] += "x"
    elif way == 4:
        field = chance.choice(sorted(events[one]["personal"]))
        events[one]["personal"][field]["value"] += "x"
    elif way == 5:
        events[one]["content"][6]["added"] = 1
    else:
        export["incident"]["severity"] = "P3"


def test_a_hundred_changes_of_a_hundred_are_found(export: dict[str, Any], desk_at_hand: Responding) -> None:
    text, unseen = json.dumps(export), []
    for seed in range(100):
        changed = json.loads(text)
        _changed(changed, random.Random(seed))
        if not offline.wrong_in(changed, desk_at_hand.store.key):
            unseen.append(seed)
    assert unseen == []


def test_the_event_that_was_changed_is_named(export: dict[str, Any], desk_at_hand: Responding) -> None:
    export["events"][2]["content"][3] = "2020-01-01T00:00:00.000000+00:00"
    assert offline.wrong_in(export, desk_at_hand.store.key)[0] == "event 3: changed, or put in"


@pytest.mark.parametrize("said", [None, [], {}, {"format": offline.FORMAT}, {"format": offline.FORMAT, "events": [1]}])
def test_what_is_no_export_is_said_to_be_none(said: Any) -> None:
    (wrong,) = offline.wrong_in(said, bytes(32))
    assert wrong.startswith("it ")


def test_the_file_works_by_itself(export: dict[str, Any], desk_at_hand: Responding, tmp_path: Path) -> None:
    alone = tmp_path / "offline.py"
    alone.write_bytes(Path(offline.__file__).read_bytes())
    file = tmp_path / "incident.json"

    def verified() -> subprocess.CompletedProcess[str]:
        key = desk_at_hand.store.folder / "responder.key"
        # -I: with nothing of this environment; -S: not even what is installed.
        return subprocess.run([sys.executable, "-IS", alone, file, key], capture_output=True, text=True, check=False)

    file.write_text(json.dumps(export))
    done = verified()
    assert (done.returncode, done.stdout, done.stderr) == (0, f"intact: {len(export['events'])} events\n", "")
    file.write_text(json.dumps(export).replace("seen 1", "seen 9"))
    assert verified().returncode == 1
    file.write_text("{")
    assert verified().returncode == 2
