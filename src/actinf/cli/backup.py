"""`actinf backup`: take backups that are restored before they count, and restore them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import click
from rich.table import Table

from actinf.cli.console import Screen
from actinf.cli.database_options import actor_of_command
from actinf.errors import ActinfError, BackupError, SettingError
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Backing up the database"
_LEFT_TO_DO = (
    "the restored data is in place all the same.  What is left is to start again: the database (kubectl delete pod "
    "postgres-0), then the API and its workers (kubectl scale deployment/active-inference-api --replicas=…; how many "
    "there were is said above)"
)
_FOLDER = click.Path(file_okay=False, path_type=Path)

_archive = click.option(
    "--archive", "archive_folder", type=_FOLDER, default="/archive", show_default=True,
    envvar="ACTINF_POSTGRES_ARCHIVE", help="Folder of the backups, whose wal/ the server archives to.",
)  # fmt: skip
_data = click.option(
    "--data", "volume", type=_FOLDER, default="/data", show_default=True, envvar="ACTINF_POSTGRES_DATA",
    help="Volume of the data folders; its file `current` says which one is in use.",
)  # fmt: skip
_url = click.option(
    "--url", default="postgresql://actinf_backup@postgres:5432/actinf", show_default=True, envvar="ACTINF_BACKUP_URL",
    help="Of the server; its password may come by ACTINF_BACKUP_PASSWORD.",
)  # fmt: skip


def _keeping(function: Any) -> Any:
    """Add the options of retention to a command."""
    for option in (
        click.option(
            "--keep-days", type=click.FloatRange(min=0), default=14.0, show_default=True,
            envvar="ACTINF_BACKUP_KEEP_DAYS", help="Good backups that are younger stay.",
        ),
        click.option(
            "--keep-count", type=click.IntRange(min=1), default=7, show_default=True,
            envvar="ACTINF_BACKUP_KEEP_COUNT", help="So many of the newest good ones stay, however old.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def _part(name: str) -> Any:
    return load_extra(f"actinf.upkeep.backup.{name}", extra="serve", purpose=_PURPOSE)


def _archive_at(folder: Path) -> Any:
    return _part("archive").Archive(root=folder.absolute())


def _binaries(account: Any, folder: Path) -> Path:
    programs = load_extra("actinf.runtime.postgres_binaries", extra="serve", purpose=_PURPOSE)
    found: Path = programs.reachable_binaries(account, folder)
    return found


def _with_password(url: str) -> str:
    """The address with the password of the environment, where it has none of its own."""
    password = os.environ.get("ACTINF_BACKUP_PASSWORD")
    parts = urlsplit(url)
    if not password or parts.password is not None or "@" not in parts.netloc:
        return url
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


def _cluster(say: Callable[[str], None]) -> Any:
    cluster = _part("cluster")
    host = os.environ.get("KUBERNETES_SERVICE_HOST")
    if not host:
        return cluster.NoCluster(say)
    client, namespace = cluster.service_account(host, os.environ.get("KUBERNETES_SERVICE_PORT", "443"))
    return cluster.InCluster(client, namespace, say)


@contextmanager
def _told_afterwards(archive: Any, account: Any, screen: Screen) -> Iterator[None]:
    """Let Prometheus and the cluster know how the backups stand when the block has ended, however it did."""
    with _told_of_failure(archive, account, screen):
        yield
    _tell(archive, account, screen.say)


@contextmanager
def _told_of_failure(archive: Any, account: Any, screen: Screen) -> Iterator[None]:
    """The same where the block fails; what it fails with is the news, whatever becomes of telling it."""
    try:
        yield
    except (ActinfError, OSError):
        try:
            _tell(archive, account, screen.say)
        except (ActinfError, OSError) as error:
            screen.fail(str(error))
        raise


def _tell(archive: Any, account: Any, say: Callable[[str], None]) -> None:
    telling = _part("telling")
    telling.write_metrics(archive, account)
    status = telling.latest_status(archive)
    if status is not None:
        _cluster(say).publish(status)


@click.group("backup")
def command() -> None:
    """Take backups of the database that are restored and compared before they count; restore them."""


@command.command("take", short_help="Copy the server, and restore the copy.")
@_url
@_archive
@_keeping
def take(url: str, archive_folder: Path, keep_days: float, keep_count: int) -> int:
    """Copy the server, restore the copy, compare it with the server, and only then let it count."""
    screen = Screen()
    taking, verification, pruning = _part("take"), _part("verification"), _part("prune")
    keep = pruning.Keep(days=keep_days, count=keep_count)
    archive = _archive_at(archive_folder)
    account = archive.prepared()
    live = _part("live").Live(url=_with_password(url), binaries=_binaries(account, archive.root))
    with archive.locked(), _told_afterwards(archive, account, screen):
        # Before as well: what a night that failed left must not keep the next one from having room.
        _make_room(screen, archive, keep)
        try:
            backup = taking.copied(archive, live, account, screen.say)
            seconds = verification.verified(archive, backup, account, live.binaries, screen.say)
        except ActinfError:
            _make_room(screen, archive, keep)
            raise
        manifest = backup.manifest()
        rows = sum(held.rows for held in manifest.tables.values())
        click.echo(
            f"{backup.name}: good; {manifest.bytes.size / 2**20:,.1f} MiB, {rows:,} rows, restored and compared in "
            f"{seconds:.1f} s"
        )
        _say_removed(screen, pruning.prune(archive, keep), "removed")
    return 0


@command.command("verify", short_help="Read a backup, and restore it.")
@click.argument("name", required=False)
@_archive
def verify(name: str | None, archive_folder: Path) -> int:
    """Read every byte of a backup, restore it into a scratch server, and compare; without NAME the newest."""
    screen = Screen()
    archive = _archive_at(archive_folder)
    account = archive.prepared()
    backups = archive.backups()
    if name is None and not backups:
        raise BackupError(f"there is no backup in {archive.root}: take one with `actinf backup take`")
    backup = archive.backup(name) if name is not None else backups[-1]
    with archive.locked(), _told_afterwards(archive, account, screen):
        binaries = _binaries(account, archive.root)
        seconds = _part("verification").verified(archive, backup, account, binaries, screen.say)
    click.echo(f"{backup.name}: good; restored and compared in {seconds:.1f} s")
    return 0


@command.command("list")
@_archive
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_backups(archive_folder: Path, as_json: bool) -> int:
    """List the backups, the oldest first, with the state of each."""
    screen = Screen()
    rows = [_row(backup) for backup in _archive_at(archive_folder).backups()]
    if as_json:
        screen.json(rows)
        return 0
    table = Table("name", "of", "size", "verified", "state", box=None, header_style="bold")
    for row in rows:
        size = "" if row["size_bytes"] is None else f"{row['size_bytes'] / 2**20:,.1f} MiB"
        of, verified = (row["taken_at"] or "")[:19], (row["verified_at"] or "never")[:19]
        table.add_row(row["name"], of, size, verified, row["state"])
    screen.out.print(table if rows else "there are no backups: actinf backup take")
    return 0


def _row(backup: Any) -> dict[str, Any]:
    row = {"name": backup.name, "state": backup.state, "verified_at": backup.verified_at}
    try:
        manifest = backup.manifest()
    except BackupError:
        return row | {"taken_at": None, "size_bytes": None, "sha256": None}
    return row | {
        "taken_at": manifest.taken_at,
        "size_bytes": manifest.bytes.size,
        "sha256": manifest.bytes.sha256,
        "timeline": manifest.timeline,
        "consistent_lsn": manifest.consistent_lsn,
    }


@command.command("prune", short_help="Remove backups that are old.")
@_archive
@_keeping
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
def prune(archive_folder: Path, keep_days: float, keep_count: int, dry_run: bool) -> int:
    """Remove backups that are old, and the log that no backup needs; never the last good backup."""
    screen = Screen()
    pruning = _part("prune")
    keep = pruning.Keep(days=keep_days, count=keep_count)
    archive = _archive_at(archive_folder)
    account = archive.prepared()
    with archive.locked():
        if dry_run:
            _say_removed(screen, pruning.removal(archive, keep, datetime.now(UTC)), "would remove")
            return 0
        _say_removed(screen, pruning.prune(archive, keep), "removed")
        _part("telling").write_metrics(archive, account)
    return 0


def _make_room(screen: Screen, archive: Any, keep: Any) -> None:
    """Remove what goes; that it cannot be removed is no reason to take no backup."""
    try:
        _say_removed(screen, _part("prune").prune(archive, keep), "removed")
    except (ActinfError, OSError) as error:
        screen.fail(f"what is old was not removed: {error}")


def _say_removed(screen: Screen, going: Any, verb: str) -> None:
    for backup in going.backups:
        screen.say(f"{verb} the backup {backup.name}")
    screen.say(f"{verb} {len(going.backups)} backups and {len(going.wal)} files of the log")


@command.command("discard")
@_data
@click.option("--yes", is_flag=True, help="Do it: what only the old folders hold is lost.")
def discard(volume: Path, yes: bool) -> int:
    """Remove the data folders that restores took out of use."""
    screen = Screen()
    restoring = _part("restore")
    folders = restoring.old_folders(volume)
    names = ", ".join(folder.name for folder in folders)
    if folders and not yes:
        raise click.UsageError(f"{names} would be gone: say so with --yes")
    restoring.discarded(volume)
    screen.say(f"removed {names}" if folders else f"{volume} holds no data folder but the one in use")
    return 0


@command.command("restore", short_help="Restore beside the data in use, and switch.")
@click.option("--at", "moment", help="Moment whose state is wanted, as 2026-08-01T12:00:00Z.  [default: the newest]")
@click.option("--backup", "name", help="Name of a backup that is wanted as it is, without what came after it.")
@click.option("--reason", default="restored by `actinf backup restore`", help="Why, for the audit log.")
@click.option(
    "--anchor", "anchors", multiple=True, type=click.Path(dir_okay=False, path_type=Path),
    help="File of anchors of the audit log; again for that of another process.",
)  # fmt: skip
@click.option("--replace-foreign", is_flag=True, help="Although the data in use is of another cluster.")
@click.option("--cache-url", envvar="ACTINF_CACHE_URL", help="redis://… of the cache, which is emptied.")
@click.option(
    "--run", "run", envvar="ACTINF_RESTORE_RUN", default="",
    help="What it is done for, such as a job's uid: once it has switched, the same again only starts again.",
)  # fmt: skip
@_url
@_data
@_archive
def restore(moment: str | None, name: str | None, reason: str, **given: Any) -> int:
    """Restore beside the data in use, compare with the manifest, and only then switch.

    What was in use stays until `actinf backup discard`.  The API and its workers stand still from when the end of the
    log is read until the restored database answers.
    """
    screen = Screen()
    archive = _archive_at(given["archive_folder"])
    account = archive.prepared()
    choice, volume = _choice(moment, name), given["volume"].absolute()
    with archive.locked(), _part("restore_log").kept(archive.restores, screen.say) as say:
        cluster = _cluster(say)
        done = _part("restore").switched_by(archive, volume, given["run"])
        if done is not None:
            say(f"{volume / done.folder} is in use, by an earlier try of this run: what is left is to start again")
        else:
            with _told_of_failure(archive, account, screen), _standing_still(cluster, say):
                _part("restore").restored(
                    archive,
                    volume,
                    choice,
                    binaries=_binaries(account, archive.root),
                    replace_foreign=given["replace_foreign"],
                    quiet=cluster.stop_service,
                    sign=_signing(say, given["anchors"], _with_password(given["url"]), reason),
                    say=say,
                    run=given["run"],
                )
        try:
            _start_again(cluster, given["cache_url"], say)
        except ActinfError as error:
            say(f"error: {error}")
            say(_LEFT_TO_DO)
            return 1
    return 0


@contextmanager
def _standing_still(cluster: Any, say: Callable[[str], None]) -> Iterator[None]:
    """Start again what was stopped, also by an earlier try that was killed, where the block does not restore."""
    try:
        yield
    except BaseException:
        try:
            cluster.start_service()
        except ActinfError as error:
            say(f"error: {error}")
        raise


def _choice(moment: str | None, name: str | None) -> Any:
    choice = _part("choice")
    if moment is not None and name is not None:
        raise click.UsageError("--at and --backup are two answers to one question: give one of them")
    if name is not None:
        return choice.Named(name)
    if moment is None:
        return choice.Newest()
    try:
        return choice.AtTime(datetime.fromisoformat(moment))
    except ValueError as error:
        if isinstance(error, SettingError):
            raise
        raise SettingError(f"--at is {moment!r}, which is no moment: write 2026-08-01T12:00:00Z") from None


def _signing(
    say: Callable[[str], None], anchors: tuple[Path, ...], before: str, reason: str
) -> Callable[[str, str], None]:
    """What adds the record to the audit log of the restored database.

    A restore does not fail for it: without the record `actinf audit verify` fails, until somebody explains the loss.
    """
    restoring = load_extra("actinf.service.audit.restoring", extra="serve", purpose=_PURPOSE)
    commands = load_extra("actinf.service.audit.commands", extra="serve", purpose=_PURPOSE)
    secret = load_extra("actinf.service.audit.secret", extra="serve", purpose=_PURPOSE)
    at_hand = load_extra("actinf.runtime.at_hand", extra="serve", purpose=_PURPOSE)
    settings = load_extra("actinf.runtime.settings", extra="serve", purpose=_PURPOSE).Settings.read()

    def sign(url: str, what: str) -> None:
        try:
            folder = at_hand.data_directory(settings) if settings.audit_key is None else Path()
            key = secret.known_audit_key(settings, folder)
            files = commands.anchor_files(settings, folder, key, anchors) if anchors else []
            restoring.record_restore(
                at_hand.Database(url=url, data_dir=folder, disk=None),
                key,
                files,
                before=before,
                actor=actor_of_command(),
                reason=f"{reason}: {what}",
            )
        except ActinfError as error:
            say(f"error: the audit log does not say that it was restored: {error}")
            say("say it afterwards, with `actinf audit restored`: until then `actinf audit verify` fails")
        else:
            say("the audit log says that it was restored")

    return sign


def _start_again(cluster: Any, cache_url: str | None, say: Callable[[str], None]) -> None:
    """Start the database on the restored data, and then what works with it.

    Nothing that is in the cache is believed after a restore: that it cannot be emptied keeps nothing from starting.
    """
    cluster.restart_database()
    if cache_url:
        try:
            _part("cache").flush(cache_url)
        except BackupError as error:
            say(str(error))
    cluster.start_service()
