"""A folder that is whole whenever it is looked at, whatever happens while it is written."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from actinf.errors import PublishingError
from actinf.responder.publishing.site import Site


def states(link: Path) -> list[str]:
    return sorted(one.name for one in link.parent.iterdir() if one.name.startswith("site."))


def test_readers_see_one_state_or_the_next_and_never_half(tmp_path: Path) -> None:
    site, found, ended = Site(tmp_path / "status" / "site"), set(), threading.Event()
    site.write({"a.html": b"0", "in/b.html": b"0"})

    def read() -> None:
        while not ended.is_set():
            folder = site.link.resolve()  # one that is two states old is gone, and may be half gone
            try:
                found.add(((folder / "a.html").read_bytes(), (folder / "in/b.html").read_bytes()))
            except FileNotFoundError:
                assert folder != site.link.resolve(), "the one that is read is whole"

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 60):
        site.write({"a.html": b"%d" % number, "in/b.html": b"%d" % number})
    ended.set()
    reader.join()
    assert len(found) > 1
    assert all(one == other for one, other in found)
    assert len(states(site.link)) == 2, "the one that is read, and the one before"


def test_what_is_not_named_is_gone_and_what_is_the_same_takes_no_room_again(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.write({"a": b"1", "b": b"1"})
    before = (site.link / "a").stat().st_ino
    site.write({"a": b"1", "c": b"2"})
    assert sorted(one.name for one in site.link.iterdir()) == ["a", "c"]
    assert (site.link / "a").stat().st_ino == before


def test_what_was_erased_is_in_no_state(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    for text in (b"a secret", b"a secret, still", b"nothing"):
        site.write({"a": text}, forget=text == b"nothing")
    assert states(site.link) == ["site.00000003"]


def test_what_is_broken_off_after_the_link_was_replaced_is_what_readers_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path / "site")
    site.write({"a": b"1"})
    with monkeypatch.context() as broken:
        is_led_there = _fails_when(lambda: (site.link / "a").read_bytes() == b"2")
        broken.setattr("actinf.responder.publishing.site._sync", is_led_there)
        with pytest.raises(PublishingError, match="Input/output error"):
            site.write({"a": b"2"})
    assert (site.link / "a").read_bytes() == b"2"
    site.write({"a": b"3"})
    assert (site.link / "a").read_bytes() == b"3"


def _fails_when(is_broken: Callable[[], bool]) -> Callable[[Path], None]:
    def sync(_: Path) -> None:
        if is_broken():
            raise OSError(5, "Input/output error")

    return sync


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", "a\0b", "."])
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    site = Site(tmp_path / "site")
    site.write({"a": b"1"})
    with pytest.raises(PublishingError, match="is no path of a file of the status page"):
        site.write({"a": b"2", name: b"x"})
    assert (site.link / "a").read_bytes() == b"1"


def test_what_was_broken_off_leaves_the_page_and_is_tidied_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path / "site")
    site.write({"a": b"1"})
    (tmp_path / "site.00000007").mkdir()  # a process was killed here
    with monkeypatch.context() as full:

        def no_room(_: int) -> None:
            raise OSError(28, "No space left on device")

        full.setattr(os, "fsync", no_room)
        with pytest.raises(PublishingError, match=r"cannot be written .*No space left.*make room"):
            site.write({"a": b"2"})
    assert (site.link / "a").read_bytes() == b"1"
    site.write({"a": b"3"})
    site.write({"a": b"4"})
    assert states(site.link) == ["site.00000008", "site.00000009"]
    assert (site.link / "a").read_bytes() == b"4"


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "theirs").write_text("x")
    with pytest.raises(PublishingError, match="is no symbolic link"):
        Site(tmp_path / "site").write({"a": b"1"})
    assert (tmp_path / "site" / "theirs").is_file()
