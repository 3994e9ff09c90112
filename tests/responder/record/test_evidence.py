"""Evidence: who has it, whether it is what was taken, and how a folder becomes one file."""

import hashlib
import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest
from support.responding import Responding

from actinf.errors import EvidenceAltered, NoSuchEvidence, OutOfTurn, SettingError
from actinf.responder.incident import decisions
from actinf.responder.record.evidence import content_of, kept_copy, listed, removed, save, written_down
from actinf.responder.record.evidence_folder import MANIFEST, packed

CONTENT = b"OOMKilled\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def name(desk_at_hand: Responding, tmp_path: Path) -> str:
    """An incident with a file of evidence."""
    incident = desk_at_hand.opened()
    taken(desk_at_hand, incident, tmp_path / "pods.log", CONTENT)
    return incident


def taken(at_hand: Responding, incident: str, file: Path, content: bytes, custody: str = "") -> None:
    file.write_bytes(content)
    kept = kept_copy(file, at_hand.store.folder, incident)
    written_down(at_hand.desk, incident, kept, source="pod api-1", custody=custody, by="ada")


def folder_of(at_hand: Responding, incident: str) -> Path:
    return at_hand.store.folder / "evidence" / incident


def test_who_has_a_file_is_what_was_said_last(desk_at_hand: Responding, name: str) -> None:
    (held,) = desk_at_hand.desk.incident(name).evidence
    assert (held.name, held.sha256, held.holder, held.taken_by) == ("pods.log", SHA256, "ada", "ada")
    desk_at_hand.clock.pass_(minutes=5)
    for said in ("pods.log", SHA256[:8]):
        to = "ben" if said == "pods.log" else "the police"
        desk_at_hand.desk.act(
            name, lambda one, said=said, to=to: decisions.hand_evidence_on(one, said, to=to), by="ada"
        )  # type: ignore[misc]
    (held,) = desk_at_hand.desk.incident(name).evidence
    assert (held.holder, held.held_since) == ("the police", desk_at_hand.clock.now)
    with pytest.raises(OutOfTurn, match=r"the police has pods\.log already"):
        desk_at_hand.desk.act(name, lambda one: decisions.hand_evidence_on(one, SHA256, to="the police"), by="ada")


@pytest.mark.parametrize("said", ["nothing.log", SHA256[:7], "", "../pods.log", SHA256[:8].upper()])
def test_what_is_not_there_is_refused_with_what_is(desk_at_hand: Responding, name: str, said: str) -> None:
    with pytest.raises(NoSuchEvidence, match=r"expected a name or the beginning of a SHA-256, of pods\.log"):
        decisions.the_evidence(desk_at_hand.desk.incident(name), said)


def test_a_file_that_is_gone_or_is_another_is_not_handed_out(desk_at_hand: Responding, name: str) -> None:
    store, incident = desk_at_hand.store.folder, desk_at_hand.desk.incident(name)
    with content_of(store, name, incident.evidence[0]) as content:
        assert content.read() == CONTENT
    path = folder_of(desk_at_hand, name) / "pods.log"
    path.chmod(0o600)
    path.write_bytes(b"OOMKilled!")
    assert [one["state"] for one in listed(store, incident, look=True)] == ["altered"]
    with pytest.raises(EvidenceAltered, match="is not what was taken"), content_of(store, name, incident.evidence[0]):
        pytest.fail("it was handed out")
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert [one["state"] for one in listed(store, incident, look=True)] == ["missing"]
    with pytest.raises(EvidenceAltered, match="is gone from"), content_of(store, name, incident.evidence[0]):
        pytest.fail("it was handed out")


def test_what_was_removed_is_gone_from_the_disk_and_its_digest_stays(desk_at_hand: Responding, name: str) -> None:
    after = removed(desk_at_hand.desk, name, "pods.log", "asked for", by="eve")
    assert list(folder_of(desk_at_hand, name).iterdir()) == []
    assert [(one.sha256, one.removed_at) for one in after.evidence] == [(SHA256, desk_at_hand.clock.now)]
    with pytest.raises(NoSuchEvidence, match=r"pods\.log of .* was removed"):
        removed(desk_at_hand.desk, name, "pods.log", "again", by="eve")


def test_two_files_of_one_name_are_told_apart(desk_at_hand: Responding, name: str, tmp_path: Path) -> None:
    taken(desk_at_hand, name, tmp_path / "pods.log", b"another\n", custody="ben")
    assert [one.name for one in desk_at_hand.desk.incident(name).evidence] == ["pods.log", "pods-2.log"]
    taken(desk_at_hand, name, tmp_path / "pods.log", CONTENT, custody="cto")
    first, second = desk_at_hand.desk.incident(name).evidence
    assert (first.holder, second.holder) == ("cto", "ben"), "taken once more it is with whoever has it now"


def test_with_its_name_erased_a_file_is_found_by_its_content(
    desk_at_hand: Responding, name: str, tmp_path: Path
) -> None:
    taken(desk_at_hand, name, tmp_path / "other", b"other")
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "nothing"), by="ada")
    desk_at_hand.desk.erase(name, "asked for", by="eve")
    held = decisions.the_evidence(desk_at_hand.desk.incident(name), SHA256[:12])
    assert (held.name, held.source, held.holder) == ("[erased]", "[erased]", "[erased]")
    with content_of(desk_at_hand.store.folder, name, held) as content:
        assert content.read() == CONTENT
    desk_at_hand.desk.act(name, lambda one: decisions.hand_evidence_on(one, SHA256, to="ben"), by="ada")
    assert [one.holder for one in desk_at_hand.desk.incident(name).evidence] == ["ben", "[erased]"]


def test_a_file_that_arrives_otherwise_is_not_left(tmp_path: Path) -> None:
    with pytest.raises(EvidenceAltered, match="fetch it again"):
        save(iter([b"half"]), tmp_path / "got", SHA256)
    assert list(tmp_path.iterdir()) == []
    save(iter([CONTENT[:4], CONTENT[4:]]), tmp_path / "got", SHA256)
    assert (tmp_path / "got").read_bytes() == CONTENT
    with pytest.raises(SettingError, match="is there already"):
        save(iter([CONTENT]), tmp_path / "got", SHA256)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SettingError, match="is there already"):
        save(iter([CONTENT]), tmp_path / "link", SHA256)
    with pytest.raises(SettingError, match="cannot be written: No such file"):
        save(iter([CONTENT]), tmp_path / "no" / "got", SHA256)


# ------------------------------------------------------------------------------------------------------------- folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As `deploy/collect-evidence` leaves one."""
    made = tmp_path / "evidence-1"
    (made / "logs").mkdir(parents=True)
    (made / "logs" / "api one.txt").write_text("line\n")
    (made / "pods.txt").write_text("api-1 Running\n")
    (made / "missing.txt").write_text("audit_log.csv: no psql\n")
    seal(made)
    return made


def seal(folder: Path) -> None:
    names = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(folder)}\n" for path in names]
    (folder / MANIFEST).write_text("".join(lines))


def test_a_folder_becomes_one_file_that_is_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    archives = []
    for one in (folder, Path(shutil.copytree(folder, tmp_path / "other" / "evidence-1"))):
        into = io.BytesIO()
        made = packed(one, into)
        archives.append(into.getvalue())
    assert archives[0] == archives[1]
    assert (made.files, made.missing) == (4, ("audit_log.csv: no psql",))
    assert made.manifest == hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(archives[0])) as archive:
        read = archive.extractfile("evidence-1/logs/api one.txt")
        assert read is not None
        assert read.read() == b"line\n"
        assert len(archive.getnames()) == 4


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: (folder / "pods.txt").write_text("api-1 Gone\n"), "pods.txt in .* is not as SHA256SUMS says"),
        (lambda folder: (folder / "pods.txt").unlink(), "pods.txt of SHA256SUMS not there"),
        (lambda folder: (folder / "more.txt").write_text("x"), "more.txt not in SHA256SUMS"),
        (lambda folder: (folder / MANIFEST).write_text("nonsense\n"), "line 1 is 'nonsense': expected a SHA-256"),
        (lambda folder: (folder / "link").symlink_to("/etc/passwd"), "link is a link, which leads elsewhere"),
        (lambda folder: (folder / "logs" / "dir").symlink_to("/etc"), "dir is a link, which leads elsewhere"),
        (lambda folder: os.mkfifo(folder / "pipe"), "pipe is no file"),
    ],
)
def test_a_folder_that_is_not_what_was_taken_is_refused(folder: Path, change, told: str) -> None:
    change(folder)
    with pytest.raises(SettingError, match=told):
        packed(folder, io.BytesIO())


def test_a_folder_without_a_manifest_is_taken_as_it_is(folder: Path, tmp_path: Path) -> None:
    (folder / MANIFEST).unlink()
    assert packed(folder, io.BytesIO()).manifest is None
    (tmp_path / "empty" / "inside").mkdir(parents=True)
    with pytest.raises(SettingError, match="holds no file"):
        packed(tmp_path / "empty", io.BytesIO())
