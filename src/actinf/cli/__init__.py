"""The command `actinf`.

One file per command.  Nothing heavy is imported before a command needs it, so that `actinf --help` answers at once;
what an extra brings is imported when it is used, and a missing one is named with the command that installs it.
"""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process, and end the process with its exit code."""
    try:
        from actinf.cli.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        sys.stderr.write(f"actinf: the command line needs {error.name!r}: in a clone, pip install '.[all]'\n")
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))
