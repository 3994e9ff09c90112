"""schemathesis as its users run it: the command, against a service that answers."""

import subprocess
import sys

from support.documentation import ROOT
from support.postgres import PostgresServer, fresh_database
from support.service import running_service

LARGE_BODY = 64 * 2**20
"""Bytes, more than schemathesis sends: 413 is none of the statuses that it knows, and has tests of its own."""


def held_to_its_document(postgres: PostgresServer, *options: str, seconds: float) -> tuple[bool, str]:
    """Whether every check passed on every operation, and what the command said.

    Args:
        postgres: in which the service gets a database of its own.
        options: of `schemathesis run`, beside those of schemathesis.toml.
        seconds: after which it has failed.
    """
    with (
        fresh_database(postgres) as url,
        running_service(url, log_level="error", max_body_bytes=LARGE_BODY) as service,
    ):
        command = [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(ROOT / "schemathesis.toml")),
            *("run", f"{service.url}/openapi.json", "--no-color"),
            *("--header", f"Authorization: Bearer {service.key}"),
            *("--checks", "all", "--continue-on-failure", "--request-timeout", "30", "--seed", "1", *options),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        with service.client() as api:
            if api.get("/v1/keys").status_code != 200:
                return False, "the key that all requests had was revoked on the way"
    return done.returncode == 0, done.stdout + done.stderr
