"""`actinf check`: validate files; every mistake is named with the line of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from actinf.cli.console import Screen
from actinf.errors import ActinfError

__all__ = ["command"]


@click.command("check")
@click.argument("files", nargs=-1, required=True)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but mistakes.")
@click.option("--json", "as_json", is_flag=True, help="Say what was found as JSON.")
def command(files: tuple[str, ...], *, quiet: bool, as_json: bool) -> int:
    """Check FILES: models, worlds and experiments.

    Exit code 0: all are right.  2: at least one is not.
    """
    screen = Screen(quiet=quiet or as_json)
    with screen.waiting("reading"):
        from actinf.lab.checking import check_file
    found: list[dict[str, Any]] = []
    for file in files:
        try:
            told = check_file(Path(file))
        except ActinfError as error:
            found.append({"file": file, "ok": False, "problems": str(error).splitlines()})
            if not as_json:
                screen.fail(
                    str(error)
                    if file in str(error)
                    else "\n".join(f"{file}: {line}" for line in str(error).splitlines())
                )
        else:
            found.append({"file": file, "ok": True, "is": told})
            if not (quiet or as_json):
                screen.out.print(Text.assemble(("ok ", "bold green"), f"{file}: {told}"), soft_wrap=True)
    if as_json:
        screen.json(found)
    return 0 if all(one["ok"] for one in found) else 2
