"""The account that a server process runs under.

PostgreSQL refuses to run as root, because whoever breaks into it would own the machine.  Whoever is not root runs it
himself; root hands it to an account without rights, which must then be able to reach what it works with.
"""

import os
import pwd
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actinf.errors import DatabaseError

__all__ = ["ServerAccount", "account_for", "account_without_rights"]

# In order of preference: the account that a system's own PostgreSQL uses, then the one that owns nothing.
ACCOUNTS_WITHOUT_RIGHTS = ("postgres", "nobody")

# What PG* and LC_* variables of the caller say is meant for other servers.  Messages in English are recognised.
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"}


@dataclass(frozen=True, kw_only=True)
class ServerAccount:
    """An account, and how to run programs under it.

    Attributes:
        name: what messages call it.
        uid: its user.
        gid: its group.
        is_other: whether it is another than that of this process, which then is root.
    """

    name: str
    uid: int
    gid: int
    is_other: bool

    def run(
        self, *command: str | Path, environment: Mapping[str, str] | None = None, standard_input: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program to its end, in a session of its own, so that Ctrl-C in a terminal does not reach it.

        Args:
            command: the program and its arguments.
            environment: variables beside the plain ones, which are all that it sees.
            standard_input: what it reads.

        Returns:
            Its exit code and what it printed.

        Raises:
            DatabaseError: it could not be started.
        """
        try:
            return subprocess.run(
                [str(part) for part in command],
                **self._as_the_account(environment),
                input=standard_input,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise DatabaseError(f"{command[0]} cannot be run as user {self.name!r}: {error}") from error

    def spawn(self, *command: str | Path, before: Callable[[], None] | None = None) -> "subprocess.Popen[bytes]":
        """Start a program as a child of this process, in a session of its own; what it says goes where ours goes.

        Args:
            command: the program and its arguments.
            before: what the child does, with the account's rights, before it becomes the program.

        Raises:
            DatabaseError: it could not be started.
        """
        try:
            return subprocess.Popen(
                [str(part) for part in command],
                **self._as_the_account(None),
                stdin=subprocess.DEVNULL,
                preexec_fn=before,
            )
        except OSError as error:
            raise DatabaseError(f"{command[0]} cannot be run as user {self.name!r}: {error}") from error

    def _as_the_account(self, environment: Mapping[str, str] | None) -> dict[str, Any]:
        return {
            "user": self.uid if self.is_other else None,
            "group": self.gid if self.is_other else None,
            "extra_groups": [] if self.is_other else None,
            "cwd": "/",  # the caller's folder may be closed to the account
            "umask": 0o077,
            "env": {**ENVIRONMENT, **(environment or {})},
            "start_new_session": True,
        }

    def reaches(self, path: Path) -> bool:
        """Whether the account can enter a folder, or execute a file: asked of the system, which knows all its rules."""
        return self.run("/bin/sh", "-c", 'test -x "$0"', path).returncode == 0

    def first_closed_folder(self, path: Path) -> Path | None:
        """The first folder on the way to `path` that the account cannot enter, or None where it reaches `path`.

        Args:
            path: an absolute path; what does not exist yet counts as open.
        """
        if self.reaches(path):
            return None
        for folder in reversed([path, *path.parents]):
            if folder.exists() and not self.reaches(folder):
                return folder
        return None

    def read(self, path: Path) -> str:
        """The text of a file in a folder of the account.

        Root reads and writes there with the account's rights: a link that the account put in a file's place must not
        lead root to a file that is none of the account's business.

        Raises:
            FileNotFoundError: there is no such file.
            PermissionError: the account may not read it.
        """
        if not self.is_other:
            return path.read_text(encoding="utf-8")
        done = self.run("/bin/cat", path)
        if done.returncode != 0:
            raise (PermissionError if path.exists() else FileNotFoundError)(done.stderr.strip())
        return done.stdout

    def write(self, path: Path, text: str) -> None:
        """Write a file that only the account may read; for root the same holds as for `read`.

        Raises:
            OSError: it cannot be written.
        """
        done = self.run("/bin/sh", "-c", 'cat >"$0"', path, standard_input=text)
        if done.returncode != 0:
            raise OSError(done.stderr.strip())


def account_without_rights() -> ServerAccount:
    """The account to which root hands a server.

    Raises:
        DatabaseError: the system has none of the accounts that are looked for.
    """
    for name in ACCOUNTS_WITHOUT_RIGHTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerAccount(name=name, uid=entry.pw_uid, gid=entry.pw_gid, is_other=True)
    raise DatabaseError(
        f"PostgreSQL refuses to run as root, and this system has no user {' or '.join(ACCOUNTS_WITHOUT_RIGHTS)}: "
        "run actinf as an ordinary user, or add one: useradd --system postgres"
    )


def account_for(directory: Path) -> ServerAccount:
    """The account that runs a server on a directory: one's own; for root the directory's owner, or one without rights.

    Args:
        directory: where the server keeps its files; it need not exist.

    Raises:
        DatabaseError: the directory belongs to somebody else.
    """
    try:
        found = directory.stat()
    except FileNotFoundError:
        found = None
    mine = os.geteuid()
    if mine != 0:
        if found is not None and found.st_uid != mine:
            raise DatabaseError(
                f"{directory} belongs to user {_name_of(found.st_uid)!r}, but actinf runs as {_name_of(mine)!r}: "
                "run it as the owner, or choose another data directory"
            )
        return ServerAccount(name=_name_of(mine), uid=mine, gid=os.getegid(), is_other=False)
    if found is not None and found.st_uid != 0:
        return ServerAccount(name=_name_of(found.st_uid), uid=found.st_uid, gid=found.st_gid, is_other=True)
    return account_without_rights()


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
