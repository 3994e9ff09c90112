"""Addresses to listen on: taken before a server starts, so that one that is taken is told in plain words; and known."""

import ipaddress
import socket

from actinf.errors import SettingError

__all__ = ["bound_socket", "means_this_machine"]


def bound_socket(host: str, port: int, *, remedy_host: str = "--host", remedy_port: str = "--port") -> socket.socket:
    """A socket on an address of this machine; a server has still to listen on it.

    Args:
        host: the address.
        port: the port; 0 takes one that is free.
        remedy_host: the flag by which another host is given.
        remedy_port: the flag by which another port is given.

    Raises:
        SettingError: the address is taken, or not of this machine.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        remedy = remedy_host if isinstance(error, socket.gaierror) else f"{remedy_port} (0 takes one that is free)"
        raise SettingError(f"cannot listen on {host}:{port}: {error.strerror}; give another with {remedy}") from None
    return sock


def means_this_machine(name: str | None) -> bool:
    """Whether a host name is localhost or a loopback address; what only resolves to one is not."""
    try:
        return name == "localhost" or ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        return False
