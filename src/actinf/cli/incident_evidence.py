"""`actinf incident evidence`: files that are kept with an incident, and who has them."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.incident_acts import act, must_be_now, named, of_incident
from actinf.cli.moments import shown
from actinf.cli.office import at_office
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line

__all__ = ["evidence"]

_PURPOSE = "Working with incidents"
_STYLES = {"intact": "green", "missing": "bold red", "altered": "bold red", "removed": "dim"}


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)


@click.group("evidence", cls=Group, short_help="Keep files as evidence.")
def evidence() -> None:
    """Keep files as evidence, and who has them.

    EVIDENCE is the name of a file as `list` shows it, or the beginning of its SHA-256.
    """


@evidence.command("add", short_help="Copy a file or a folder to the evidence.")
@click.argument("incident")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--source", help="Where it comes from.  [default: this machine and the path]")
@click.option("--custody", default="", help="Who has it, and why.  [default: who acts]")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def add(*, incident: str, path: Path, source: str | None, custody: str, as_json: bool) -> int:
    """Copy a file to the evidence of an incident; its SHA-256 and who took it stand on the timeline.

    A folder becomes one file, FOLDER.tar; where it holds SHA256SUMS, as deploy/collect-evidence writes it, every file
    is held against that first.
    """
    screen = Screen(quiet=as_json)
    origin = source if source is not None else f"{os.uname().nodename}:{path.absolute()}"
    with at_office(screen) as office, tempfile.TemporaryDirectory(prefix="actinf-evidence-") as beside:
        name = named(incident, office)
        file, told = path, ""
        if path.is_dir():
            office.incident(name)  # before anything is packed
            file = Path(beside) / f"{path.absolute().name.lstrip('.') or 'evidence'}.tar"
            with screen.waiting("packing"), file.open("wb") as into:
                packed = _part("record.evidence_folder").packed(path, into)
            told = f"{packed.files} files"
            if packed.manifest is None:
                screen.warn("the folder has no SHA256SUMS that its files could be held against: it is kept as it is")
            else:
                told += f", all as SHA256SUMS says, whose own SHA-256 is {packed.manifest}"
            origin = f"{origin} ({told})"
            for missing in packed.missing[:10]:
                screen.warn(f"was not to be had when it was taken: {line(missing, 200)}")
        kept = office.keep_evidence(name, file, source=origin, custody=custody)
        if as_json:
            screen.json(kept)
            return 0
        screen.out.print(line(f"kept {kept['name']}, {kept['size']} bytes"), markup=False)
        screen.out.print(f"SHA-256 {kept['sha256']}")
        if told:
            screen.out.print(told, markup=False, soft_wrap=True)
    return 0


@evidence.command("list", short_help="List the files, with who has them.")
@click.argument("incident")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_evidence(*, incident: str, as_json: bool) -> int:
    """List the files of evidence of an incident, with their SHA-256 and who has them."""
    return _listed(incident, as_json=as_json, look=False)


@evidence.command("verify", short_help="Read the files, and say whether they are what was taken.")
@click.argument("incident")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def verify(*, incident: str, as_json: bool) -> int:
    """Read every file of evidence and hold it against the SHA-256 on the timeline; 1 where one differs."""
    return _listed(incident, as_json=as_json, look=True)


def _listed(incident: str, *, as_json: bool, look: bool) -> int:
    screen, now = Screen(quiet=as_json), datetime.now(UTC)
    with at_office(screen) as office:
        name = named(incident, office)
        found = office.evidence(name, look=look)
    bad = [one for one in found if one["state"] in ("missing", "altered")]
    if as_json:
        screen.json(found)
        return 1 if bad else 0
    if not found:
        screen.out.print(f"{name} has no evidence: actinf incident evidence add {name} FILE", soft_wrap=True)
        return 0
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in found:
        state = one["state"] or ("removed" if one["removed_at"] else "")
        table.add_row(Text(state, style=_STYLES.get(state, "")), Text(line(one["name"], 200), style="bold"))
        for text in (
            f"{one['size']:,} bytes, SHA-256 {one['sha256']}",
            f"from {line(one['source'], 300)}" if one["source"] else "",
            f"taken {_when(one['taken_at'], now)} by {line(one['taken_by'], 64)}",
            f"had by {line(one['holder'], 300)} since {_when(one['held_since'], now)}" if not one["removed_at"] else "",
        ):
            if text:
                table.add_row(Text(""), Text(text))
    screen.out.print(table)
    for one in bad:
        screen.fail(
            f"{line(one['name'], 200)} is {one['state']}: put back the file with that SHA-256, as from a backup, in "
            f"FILE.evidence/{name}/"
        )
    return 1 if bad else 0


@evidence.command("hand-on", short_help="Say who has a file from now on.")
@of_incident
@click.argument("evidence", metavar="EVIDENCE")
@click.option("--to", required=True, help="Who has it from now on: a handle, or in free words.")
@click.option("--note", help="What for, and where it is.")
def hand_on(*, evidence: str, to: str, **said: Any) -> int:
    """Say who has a file of evidence from now on; each time stands on the timeline."""
    return act("evidence-hand-on", f"{evidence} is with {to}", said, evidence=evidence, to=to)


@evidence.command("get", short_help="Fetch a file back.")
@click.argument("incident")
@click.argument("evidence", metavar="EVIDENCE")
@click.option("--to", "target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Where to.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def get(*, incident: str, evidence: str, target: Path | None, as_json: bool) -> int:
    """Fetch a file of evidence, once it was found to be what was taken; without --to into this folder, by its name."""
    screen = Screen(quiet=as_json)
    with at_office(screen) as office:
        name = named(incident, office)
        (held,) = office.evidence(name, only=evidence)
        path = target if target is not None else Path(_file_name(held))
        office.fetch_evidence(name, held["sha256"], path)
    if as_json:
        screen.json({**held, "path": str(path)})
    else:
        screen.out.print(f"{path}: {held['size']:,} bytes", markup=False, soft_wrap=True)
        screen.out.print(f"SHA-256 {held['sha256']}, as on the timeline")
    return 0


def _file_name(held: dict[str, Any]) -> str:
    """What the file is called here; of one whose name was erased, or that another machine made up, its digest."""
    name: str = held["name"]
    return name if name == Path(name).name and not name.startswith((".", "[")) else f"evidence-{held['sha256'][:16]}"


@evidence.command("remove", short_help="Delete a file of evidence.")
@of_incident
@click.argument("evidence", metavar="EVIDENCE")
@click.option("--reason", required=True, help="Why.")
@click.option("--yes", is_flag=True, help="Do it; nothing but a backup brings it back.")
def remove(*, evidence: str, yes: bool, **said: Any) -> int:
    """Delete a file of evidence, as where the law wants it; that it was there, and its SHA-256, stay."""
    if not yes:
        raise SettingError("a file that is deleted comes back from a backup alone: --yes does it")
    must_be_now(said, "a file is deleted")
    return act("evidence-remove", f"{evidence} is deleted; copies in backups are not", said, evidence=evidence)


def _when(at: str, now: datetime) -> str:
    return shown(datetime.fromisoformat(at), now)
