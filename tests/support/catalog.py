"""What a database is made of, as text that can be compared."""

import re
import subprocess

from actinf.runtime.postgres_binaries import installed_binaries


def schema_of(url: str) -> str:
    """Tables, indexes, constraints, functions, types and rights, as pg_dump writes them; extensions are left out."""
    done = subprocess.run(
        [installed_binaries() / "pg_dump", "--schema-only", "--extension=plpgsql", url],
        capture_output=True,
        text=True,
        check=True,
    )
    # A word drawn anew for each dump, which keeps psql from running what the data says.
    return re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)
