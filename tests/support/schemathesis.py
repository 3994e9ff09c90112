"""schemathesis as its users run it: the command, against a service that answers."""

import subprocess
import sys
from pathlib import Path

from support.service import RunningService

ROOT = Path(__file__).resolve().parent.parent.parent


def held_to_its_document(service: RunningService, *options: str, seconds: float) -> tuple[bool, str]:
    """Whether every check passed on every operation, and what the command said.

    Args:
        service: with a key for everything.
        options: of `schemathesis run`, beside those of schemathesis.toml.
        seconds: after which it has failed.
    """
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(ROOT / "schemathesis.toml")),
        *("run", f"{service.url}/openapi.json", "--no-color"),
        *("--header", f"Authorization: Bearer {service.key}"),
        *("--checks", "all", "--continue-on-failure", "--request-timeout", "30", "--seed", "1", *options),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    return done.returncode == 0, done.stdout + done.stderr
