"""Where actinf keeps its data on a machine where nobody said where."""

import os
from pathlib import Path

import platformdirs

from actinf.runtime.server_account import account_without_rights

__all__ = ["default_data_directory"]

OF_THE_SYSTEM = Path("/var/lib/actinf")


def default_data_directory() -> Path:
    """The user's data directory by the rules of the platform: on Linux `~/.local/share/actinf`, or below XDG_DATA_HOME.

    Root's home is closed to others on most systems, also to the account that runs root's PostgreSQL: there it is
    `/var/lib/actinf`.

    Raises:
        DatabaseError: as root, on a system without an account that could run PostgreSQL.
    """
    directory = Path(platformdirs.user_data_dir("actinf", appauthor=False)).absolute()
    if os.geteuid() == 0 and account_without_rights().first_closed_folder(directory.parent) is not None:
        return OF_THE_SYSTEM
    return directory
