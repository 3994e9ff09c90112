"""The file of anchors: only added to, never torn, by one process at a time, and of a bounded size."""

from pathlib import Path
from typing import Any

import pytest

from actinf.runtime import anchor
from actinf.runtime.anchor import Anchor, AnchorWriter, read_anchors, thinned

KEY = bytes(range(32))


def at(seq: int, time: str = "2026-11-27T00:00:00.000000+00:00", *, follows: bool = True) -> Anchor:
    return Anchor(seq=seq, mac=f"{seq:064x}", time=time, system="7", follows=follows)


def written(path: Path, *anchors: Anchor) -> None:
    writer = AnchorWriter(path, KEY)
    assert writer.open()
    for one in anchors:
        writer.write(one)
    writer.close()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "audit.anchor"
    written(path, at(1), at(2))
    written(path, at(3))
    assert read_anchors(path, KEY).anchors == (at(1), at(2), at(3))
    assert read_anchors(path, KEY).wrong == ()


def test_a_line_that_was_never_finished_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "audit.anchor"
    written(path, at(1), at(2))
    path.write_bytes(path.read_bytes()[:-20])
    assert read_anchors(path, KEY).anchors == (at(1),)
    assert read_anchors(path, KEY).wrong == ()
    written(path, at(3))
    assert read_anchors(path, KEY).anchors == (at(1), at(3))


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (lambda text: text.replace('"seq": 2', '"seq": 9'), "line 2 of {} is not signed with this key"),
        (lambda text: text.replace('"follows": true', '"follows": false', 1), "line 1 of {} is not signed"),
        (lambda text: text.replace("{", "", 1), "line 1 of {} is no anchor"),
        (lambda text: "[1]\n" + text, "line 1 of {} is no anchor"),
    ],
)
def test_a_line_that_was_changed_is_named(tmp_path: Path, done: Any, said: str) -> None:
    path = tmp_path / "audit.anchor"
    written(path, at(1), at(2))
    path.write_text(done(path.read_text()))
    found = read_anchors(path, KEY)
    assert len(found.wrong) == 1
    assert found.wrong[0].startswith(said.format(path))


def test_one_at_a_time_writes_and_another_goes_on_when_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "audit.anchor"
    first, second = AnchorWriter(path, KEY), AnchorWriter(path, KEY)
    assert first.open()
    assert not second.open()
    first.write(at(1))
    first.close()
    assert second.open()
    assert second.last == at(1)
    second.close()


def test_a_file_that_has_grown_keeps_what_nothing_later_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [f"2026-11-{day:02d}T{hour:02d}:00:00.000000+00:00" for day in (1, 2, 3) for hour in range(20)]
    many = [at(number, time) for number, time in enumerate(days, 1)]
    many[30] = at(5, days[30], follows=False)  # the log was cut here: the anchor before it is the evidence
    monkeypatch.setattr(anchor, "_NEWEST", 3)
    kept = thinned(many)
    assert kept == [many[19], many[29], many[30], many[39], many[57], many[58], many[59]]

    monkeypatch.setattr(anchor, "LARGEST", 2_000)
    path = tmp_path / "audit.anchor"
    written(path, *many, at(100, days[-1]))
    anchors = read_anchors(path, KEY).anchors
    assert set(anchors) >= {many[19], many[29], many[30], many[39], at(100, days[-1])}
    assert path.stat().st_size < 4_000
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["audit.anchor", "audit.anchor.lock"]


def test_a_private_one_is_read_by_its_owner_alone_also_once_it_is_thinned_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchor, "LARGEST", 10)
    path = tmp_path / "responder.anchor"
    written(path, at(1))  # by an earlier release
    path.chmod(0o644)
    writer = AnchorWriter(path, KEY, private=True)
    modes = []
    for number in (2, 3):
        assert writer.open()
        modes += [one.stat().st_mode & 0o777 for one in tmp_path.iterdir()]
        writer.write(at(number))
    writer.close()
    assert {*modes, path.stat().st_mode & 0o777} == {0o600}
    assert read_anchors(path, KEY).anchors == (at(1), at(2), at(3))


def test_a_file_that_somebody_changed_is_not_thinned_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor, "LARGEST", 10)
    monkeypatch.setattr(anchor, "_NEWEST", 1)
    path = tmp_path / "audit.anchor"
    path.write_text("somebody was here\n")
    written(path, at(1), at(2), at(3))
    assert len(path.read_text().splitlines()) == 4
