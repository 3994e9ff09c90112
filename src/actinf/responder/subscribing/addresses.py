"""Addresses of strangers: which are taken, which are the same, and from which network somebody asks."""

from __future__ import annotations

import ipaddress
import re

from actinf.errors import SubscriptionRefused

__all__ = ["LONGEST", "hint_of", "mailbox_of", "mailbox_told", "network_of"]

#: Characters of an address, as mail servers take it (RFC 5321).
LONGEST = 254
_LONGEST_LOCAL = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: A name with a dot, which no number ends: no address of a machine, and nothing inside of a network.
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
#: Whose mailboxes are the same with dots in their names and without.
_WITHOUT_DOTS = ("gmail.com", "googlemail.com")


def mailbox_told(text: str) -> str:
    """The address that somebody typed, as mail is sent to it: one address, and one line of a header.

    Args:
        text: what was typed.

    Raises:
        SubscriptionRefused: it is none.

    >>> mailbox_told(" Ada.Lovelace@Example.ORG ")
    'Ada.Lovelace@example.org'
    """
    local, at, domain = text.strip(" \t").rpartition("@")
    try:
        domain = domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        domain = ""
    good = at and len(local) <= _LONGEST_LOCAL and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not good or len(local) + 1 + len(domain) > LONGEST:
        raise SubscriptionRefused(
            "this is no address that mail can be sent to: expected one like ada@example.org, before the @ in letters "
            "without accents"
        )
    return f"{local}@{domain}"


def mailbox_of(address: str) -> str:
    """What is the same for all addresses that lead into one mailbox, as far as one can know.

    It bounds how often a mailbox is written to by strangers, and is never mailed to.

    >>> mailbox_of("Ada.Lovelace+status@googlemail.com")
    'adalovelace@gmail.com'
    """
    local, _, domain = address.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _WITHOUT_DOTS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def hint_of(address: str) -> str:
    """Enough of an address that its owner knows which of theirs it is, and others do not.

    >>> hint_of("ada@example.org")
    'a…@example.org'
    """
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def network_of(client: str) -> str:
    """The network that somebody asks from: what one household or one rented machine has for itself.

    >>> network_of("203.0.113.77"), network_of("2001:db8:1:2:3::4"), network_of("::ffff:203.0.113.77")
    ('203.0.113.0/24', '2001:db8:1:2::/64', '203.0.113.0/24')
    """
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 64}", strict=False))
