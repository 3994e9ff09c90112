"""An address to listen on, as the command line writes it."""

from dataclasses import dataclass

from actinf.errors import SettingError

__all__ = ["Address"]


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a server listens.

    Attributes:
        host: an address of this machine; 0.0.0.0 for all of them.
        port: 1 to 65535, or 0 for one that is free.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address of `HOST:PORT` or `[HOST]:PORT`.

        Raises:
            SettingError: it is neither.
        """
        host, _, port = text.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
            raise SettingError(f"{text!r} is no address to listen on: expected HOST:PORT, such as 0.0.0.0:8080")
        return cls(host=host.removeprefix("[").removesuffix("]"), port=int(port))
