"""Ports of 127.0.0.1 for servers that a test starts."""

import contextlib
import secrets
import socket
import time

#: Below those that Linux gives to connections, one of which would else take a port between its choice and its use.
_LOWEST, _HIGHEST = 15_000, 32_000


def free_port() -> int:
    """A port on which nobody listens."""
    while True:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)  # tests seed `random`, in every process alike
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def is_open(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, what: str, *, seconds: float = 30) -> None:
    """Wait for something that is bound to happen; the time allowed is for a machine that is busy."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not after {seconds} s"
        time.sleep(pause)
        pause = min(1.3 * pause, 0.1)  # whoever is asked again and again has the core to do what is waited for
