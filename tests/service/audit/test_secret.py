"""The file of the audit key: it holds a whole key from the moment it is there."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actinf.runtime.settings import Settings
from actinf.service.audit.secret import audit_key


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings.read(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as at_once:
        keys = set(at_once.map(lambda _: audit_key(settings, tmp_path), range(32)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["audit.key"]
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600


def test_what_fails_while_the_key_is_written_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.read(data_dir=tmp_path)

    def full(handle: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            audit_key(settings, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(audit_key(settings, tmp_path)) == 32
