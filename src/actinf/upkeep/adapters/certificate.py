"""Until when a TLS server's certificate is valid, whoever signed it."""

import socket
import ssl
from datetime import UTC, datetime

__all__ = ["expiry_of", "not_after"]

_TIMEOUT_SECONDS = 1.0
_SEQUENCE, _CONTEXT_0, _UTC_TIME = 0x30, 0xA0, 0x17


def expiry_of(host: str, port: int, name: str) -> float:
    """When the certificate ends that a server shows for a name, in seconds since the epoch.

    It is not verified: one that nobody trusts, or that has ended, is what this is to tell of.

    Raises:
        OSError: the server does not answer, or speaks no TLS.
        ValueError: what it shows is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        shown = connection.getpeercert(binary_form=True)
    return not_after(shown or b"")


def not_after(certificate: bytes) -> float:
    """The end of a certificate's validity, in seconds since the epoch.

    The standard library reads certificates that were verified only.  This reads as far as it has to: Certificate,
    tbsCertificate, and in it, behind version, serial number, signature and issuer, the validity (RFC 5280, 4.1).

    Raises:
        ValueError: it is no certificate.
    """
    try:
        (_, whole), *_ = _parts(certificate)
        (_, signed), *_ = _parts(whole)
        fields = _parts(signed)
        before_validity = 4 if fields[0][0] == _CONTEXT_0 else 3
        kind, validity = fields[before_validity]
        (_, _), (form, end) = _parts(validity)
        if kind != _SEQUENCE:
            raise ValueError
        digits = end.decode("ascii")
        # Of two digits of a year, 50 and more are of the twentieth century (RFC 5280, 4.1.2.5.1).
        year = ("19" if digits[:2] >= "50" else "20") if form == _UTC_TIME else ""
        return datetime.strptime(f"{year}{digits}", "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except (ValueError, IndexError, UnicodeDecodeError):
        raise ValueError("what the server shows is no certificate") from None


def _parts(text: bytes) -> list[tuple[int, bytes]]:
    """The values that stand one after another: tag and content, as DER writes them."""
    found, at = [], 0
    while at < len(text):
        tag, length, at = text[at], text[at + 1], at + 2
        if length >= 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(text[at : at + size]), at + size
        if at + length > len(text):
            raise ValueError
        found.append((tag, text[at : at + length]))
        at += length
    return found
