"""Ports of 127.0.0.1 for servers that a test starts."""

import socket
import time


def free_port() -> int:
    """A port on which nobody listens, out of those that the system hands out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, what: str, *, seconds: float = 30) -> None:
    """Wait for something that is bound to happen; the time allowed is for a machine that is busy."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not after {seconds} s"
        time.sleep(0.01)
