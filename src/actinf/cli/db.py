"""`actinf db`: bring the database to this release, and say where it stands."""

from __future__ import annotations

from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.database_options import database_options, database_url_at_hand
from actinf.cli.group import Group
from actinf.cli.passwords import passwords_of_environment
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Working with the API's database"


@click.group("db", cls=Group)
def command() -> None:
    """Bring the database to this release, and say where it stands."""


@command.command("upgrade", short_help="Make the tables, or bring them to this release.")
@click.option("--to", "revision", default="head", show_default=True, help="Revision to stop at.")
@database_options
def upgrade(revision: str, **where: Any) -> int:
    """Make or change the tables.  Needs a login that owns them; takes its locks within 5 s or changes nothing."""
    screen = Screen()
    schema = load_extra("actinf.service.schema_version", extra="serve", purpose=_PURPOSE)
    with database_url_at_hand(_PURPOSE, make=True, **where) as url:
        before, after = schema.upgrade(url, revision)
    screen.say(f"the database is at {after}" + (", as it was" if before == after else f" (was: {before or 'empty'})"))
    return 0


@command.command("downgrade", short_help="Go back to an earlier revision.")
@click.option("--to", "revision", required=True, help="Revision to go back to; `base` removes every table.")
@click.option("--yes", is_flag=True, help="Do it: what only the newer tables hold is lost.")
@database_options
def downgrade(revision: str, yes: bool, **where: Any) -> int:
    """Undo migrations."""
    screen = Screen()
    if not yes:
        raise click.UsageError(f"going back to {revision} loses what only the newer tables hold: say so with --yes")
    schema = load_extra("actinf.service.schema_version", extra="serve", purpose=_PURPOSE)
    with database_url_at_hand(_PURPOSE, **where) as url:
        before, after = schema.downgrade(url, revision)
    screen.say(f"the database is at {after or 'nothing'} (was: {before or 'nothing'})")
    return 0


@command.command("check", short_help="Say whether an upgrade is needed.")
@database_options
def check(**where: Any) -> int:
    """Say whether the database has the tables of this release; exit code 1 where it has not."""
    screen = Screen()
    schema = load_extra("actinf.service.schema_version", extra="serve", purpose=_PURPOSE)
    with database_url_at_hand(_PURPOSE, **where) as url:
        missing = schema.shortfall(url)
        screen.say(
            missing or f"the database is at {schema.current_revision(url)}, and this release needs {schema.HEAD}"
        )
    return 0 if missing is None else 1


@command.command("prepare", short_help="Make the roles and views of operators.")
@click.option(
    "--superuser-url", envvar="ACTINF_SUPERUSER_URL", required=True,
    help="postgresql://… of the database, as a superuser; better by the variable ACTINF_SUPERUSER_URL.",
)  # fmt: skip
def prepare(superuser_url: str) -> int:
    """Make the roles and views that operators need, in a PostgreSQL of yours.

    Once, and again after each new release; `actinf serve` and `actinf postgres run` do it by themselves.  The logins'
    passwords come by the variables ACTINF_DATABASE_OWNER_URL, ACTINF_DATABASE_URL, ACTINF_OPERATOR_PASSWORD and
    ACTINF_BACKUP_PASSWORD.
    """
    screen = Screen()
    preparation = load_extra("actinf.runtime.preparation", extra="serve", purpose=_PURPOSE)
    preparation.prepare_once(superuser_url, passwords=passwords_of_environment(_PURPOSE))
    screen.say("the database is prepared")
    return 0
