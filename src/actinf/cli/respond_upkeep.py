"""`actinf respond verify`, `backup`, `restore` and `doctor`: the upkeep of the responder's store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.respond_options import data_dir_option, store_settings
from actinf.errors import ActinfError, SettingError
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line
from actinf.runtime.wording import counted

__all__ = ["COMMANDS"]

_PURPOSE = "Looking after the responder"
_COLOURS = {"OK": "green", "WARN": "yellow", "FAIL": "bold red"}


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)


@contextmanager
def _store(screen: Screen, data_dir: Path | None) -> Iterator[Any]:
    """The store of this machine, which has to be there."""
    folder = _folder(screen, data_dir)
    database = _part("store.database")
    if not (folder / database.FILE).exists():
        raise SettingError(f"there is no store in {folder}: give its folder with --data-dir")
    store = database.Store(folder)
    try:
        yield store
    finally:
        store.close()


def _folder(screen: Screen, data_dir: Path | None) -> Path:
    folder: Path = _part("parts").data_directory(store_settings(screen, data_dir))
    return folder


@click.command("verify", short_help="Say whether the timelines are what was written.")
@click.option(
    "--export", type=click.Path(dir_okay=False, path_type=Path),
    help="Verify an exported incident, with the key of this store, instead.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@data_dir_option
def verify(export: Path | None, as_json: bool, data_dir: Path | None) -> int:
    """Hold every event against the chain, texts and files of evidence against their digests, the end against anchors.

    Exit code 1 where something is wrong.
    """
    screen = Screen(quiet=as_json)
    with _store(screen, data_dir) as store:
        if export is not None:
            return _verify_export(screen, export, store.key, as_json=as_json)
        anchors = _part("record.anchoring").anchors_of(store.folder, store.key)
        with store.reading() as connection, screen.waiting("reading the timelines"):
            verdict = _part("record.verification").verify(connection, store.key, anchors)
            # Which files there have to be is said by timelines that are what was written, and by no others.
            files = _part("keeping.evidence").items(connection) if verdict.good else []
        with screen.waiting("reading the evidence"):
            altered = list(_part("keeping.evidence").wrong_in(store.folder, files))
    good = verdict.good and not altered
    if as_json:
        screen.json({"good": good, **asdict(verdict), "evidence": len(files), "evidence_wrong": altered})
        return 0 if good else 1
    for wrong in (*map(str, verdict.wrong), *altered):
        screen.fail(line(wrong, 600))
    for note in verdict.notes:
        screen.say(note)
    counts = (
        f"{verdict.events} events of {counted(verdict.incidents, 'incident')} and the office, "
        f"{verdict.erased} erased, {counted(verdict.anchors, 'anchor')}, {counted(len(files), 'file')} of evidence"
    )
    click.echo(f"{'intact' if good else 'NOT what was written'}: {counts}")
    if verdict.anchored is None:
        screen.say("nothing was anchored yet: an end that was cut off could not be seen")
    else:
        screen.say(
            f"{counted(verdict.unanchored, 'event')} came after the last anchor, of {verdict.anchored.time[:19]} UTC"
        )
    return 0 if good else 1


def _verify_export(screen: Screen, export: Path, key: bytes, *, as_json: bool) -> int:
    try:
        said = json.loads(export.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingError(f"{export} cannot be read as an exported incident: {error}") from None
    wrong = _part("record.offline").wrong_in(said, key)
    if as_json:
        screen.json({"good": not wrong, "wrong": wrong})
        return 1 if wrong else 0
    for sentence in wrong:
        screen.fail(sentence)
    click.echo(
        "NOT what was exported"
        if wrong
        else f"intact: {_part('record.offline').events_in(said)} events of {said['incident']['id']}"
    )
    return 1 if wrong else 0


@click.command("backup", short_help="Copy the store while it works.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with-key", is_flag=True, help="Put the key beside it, as FILE.key: who has both can write any history."
)
@data_dir_option
def backup(file: Path, with_key: bool, data_dir: Path | None) -> int:
    """Copy the store to FILE, as it is at one moment, with its evidence in FILE.evidence, and read the copy back.

    What was interrupted is gone on with, by the same command.
    """
    screen = Screen()
    with _store(screen, data_dir) as store, screen.waiting("copying, and reading back"):
        made = _part("keeping.backup").back_up(store, file, with_key=with_key)
    click.echo(f"{made.path}: {made.size:,} bytes, {_counts(made.verdict)}")
    if made.key is None:
        screen.say("without the key: keep responder.key elsewhere, or nothing in it can be verified")
    else:
        screen.say(f"the key: {made.key}")
    held = made.evidence
    if held.files:
        click.echo(
            f"{_part('keeping.evidence').evidence_beside(made.path)}: {counted(held.files, 'file')} of evidence, "
            f"{held.size:,} bytes, each as it was taken; {held.new:,} new"
        )
    return 0


@click.command("restore", short_help="Put a backup in the place of the store.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-evidence", is_flag=True, help="Also where files of evidence are missing or altered.")
@data_dir_option
def restore(file: Path, without_evidence: bool, data_dir: Path | None) -> int:
    """Put a backup in the place of the store; what is there is kept beside.  Refused while a server runs.

    Files of evidence that are not there, or are not what was taken, come from FILE.evidence.
    """
    screen = Screen()
    folder = _folder(screen, data_dir)
    with screen.waiting("reading the backup, and its evidence"):
        done = _part("keeping.backup").restore(folder, file, datetime.now(UTC), without_evidence=without_evidence)
    click.echo(f"restored: {_counts(done.verdict)}, to {folder}")
    if done.before is not None:
        screen.say(f"what was there before: {done.before}")
    if done.lost:
        screen.warn(f"it lacks {counted(done.lost, 'event')} that the store before had")
    for name in done.erased:
        screen.warn(f"what was erased of {name} is back: actinf incident erase {name} --reason … --yes")
    if done.evidence:
        screen.say(f"brought back: {counted(done.evidence, 'file')} of evidence")
    for what in done.lacking:
        screen.warn(f"evidence {line(what, 300)} is missing or altered, here and in the backup")
    if done.before is not None and done.lost is None:
        screen.warn("the store before could not be read: what it lacks of that is not known")
    return 0


@click.command("doctor", short_help="Say whether it would page somebody now.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@data_dir_option
def doctor(as_json: bool, data_dir: Path | None) -> int:
    """Look at the store, the channels, the schedule and the clock; exit code 1 where something is in the way of a page.

    Channels are tried up to the message, which is not sent.
    """
    screen = Screen(quiet=as_json)
    settings = store_settings(screen, data_dir)
    module = _part("keeping.doctor")
    with screen.waiting("looking"):
        try:
            parts = _part("parts").make_parts(settings, environment=os.environ)
        except ActinfError as error:
            found = [module.Finding(what="store", state=module.State.FAIL, said=str(error))]
        else:
            try:
                found = module.examine(parts)
            finally:
                parts.close()
    fails = any(one.state == module.State.FAIL for one in found)
    if as_json:
        screen.json({"good": not fails, "findings": [asdict(one) for one in found]})
        return 1 if fails else 0
    for one in found:
        text = Text.assemble((f"{one.state:<5}", _COLOURS[one.state]), f"{one.what}: {line(one.said, 400)}")
        if one.mend:
            text.append(f"\n     mend: {one.mend}", style="dim")
        screen.out.print(text, soft_wrap=True)
    return 1 if fails else 0


def _counts(verdict: Any) -> str:
    return f"{counted(verdict.events, 'event')} of {counted(verdict.incidents, 'incident')}"


COMMANDS = (verify, backup, restore, doctor)
