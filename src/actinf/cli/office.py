"""Where commands on incidents and on the schedule go, and who gives them."""

from __future__ import annotations

import gc
import getpass
import logging
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from actinf.cli.console import Screen
from actinf.cli.respond_options import respond_settings
from actinf.cli.status_rendering import render
from actinf.errors import SettingError
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from actinf.responder.office.port import Office

__all__ = ["acting", "at_office", "request", "settled"]

_PURPOSE = "Working with incidents"
_NO_HANDLE = re.compile(r"[^a-z0-9._-]+")
_LONGEST_HANDLE = 64


def acting() -> str:
    """The handle of who types: ACTINF_USER, else the login name in the letters of a handle.

    Raises:
        SettingError: ACTINF_USER is no handle.
    """
    said = os.environ.get("ACTINF_USER", "")
    handle = _handle(said or _login())
    if said and handle != said:
        raise SettingError(
            f"ACTINF_USER is {said[:80]!r}: expected a handle as in the schedule, small letters, digits, '.', '_' and "
            f"'-', as {handle!r}"
        )
    return handle


@contextmanager
def at_office(screen: Screen, *, advised: bool = False) -> Iterator[Office]:
    """The office that this process is told to go to: a server's, or that of this machine; what is due goes out after.

    Args:
        screen: where it is said what has not gone out.
        advised: that advice will be asked for: where that takes a process of its own, it is begun at once, for both
            take most of their time to begin.

    Raises:
        SettingError: a variable makes no sense.
        StoreError: the store cannot be used.
        MissingExtra: what it needs is not installed.
    """
    # What went wrong with a channel is said once, below, in a sentence.
    logging.getLogger("actinf.responder").addHandler(logging.NullHandler())
    with _loading():
        office = _office(screen, advised=advised)
    try:
        yield office
        settled(screen, office)
    finally:
        office.close()


def settled(screen: Screen, office: Office) -> bool:
    """Let go out what is due, and say what has not; whether a server looks after it from now on."""
    found = office.settle()
    for sentence in found.waits:
        screen.warn(f"{sentence}: it is tried again with the next command, or by a server, actinf respond serve")
    return found.served


def request(kind: Any, said: Mapping[str, Any], **known: Any) -> Any:
    """A request of `actinf.responder.verbs` or `duties`.

    Args:
        kind: its class.
        said: what was said on the command line; None was not said.
        known: its other fields.

    Raises:
        SettingError: names each option or argument that is wrong.
    """
    pydantic = load_extra("pydantic", extra="respond", purpose=_PURPOSE)
    try:
        return kind(**{name: value for name, value in said.items() if value is not None}, **known)
    except pydantic.ValidationError as error:
        told = load_extra("actinf.runtime.validation", extra="respond", purpose=_PURPOSE).told
        mistakes = [
            f"{'.'.join(map(str, one['loc'][:1])).replace('_', '-') or 'this'}: {told(one)}"
            for one in error.errors(include_url=False)
        ]
        raise SettingError("\n".join(mistakes)) from None


@contextmanager
def _loading() -> Iterator[None]:
    """Load what a command needs without looking through it for garbage, which takes a fifth of its time and finds none.

    What is loaded is left out of later looks as well.  Where it was loaded before, there is nothing to win.
    """
    if "actinf.responder.parts" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _office(screen: Screen, *, advised: bool) -> Office:
    by = acting()
    url, key = os.environ.get("ACTINF_RESPOND_URL", "").strip(), os.environ.get("ACTINF_RESPOND_KEY", "").strip()
    settings = respond_settings(screen)
    if url:
        remote: Office = load_extra("actinf.responder.office.remote", extra="respond", purpose=_PURPOSE).RemoteOffice(
            url, key or None, by
        )
        return remote
    adviser = None
    if advised and settings.advice:
        children = load_extra("actinf.responder.children", extra="respond", purpose=_PURPOSE)
        child = load_extra("actinf.responder.advising.child", extra="respond", purpose=_PURPOSE)
        adviser = child.ChildAdviser(environment=children.for_advice(os.environ))
        adviser.warm("api_down")
    parts = load_extra("actinf.responder.parts", extra="respond", purpose=_PURPOSE)
    made = parts.make_parts(settings, render=render, adviser=adviser, environment=os.environ)
    local: Office = load_extra("actinf.responder.office.local", extra="respond", purpose=_PURPOSE).LocalOffice(made, by)
    return local


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process without a name, as in a container with an id of its own
        return f"uid-{os.getuid()}"


def _handle(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NO_HANDLE.sub("-", plain).strip("._-")[:_LONGEST_HANDLE] or "somebody"
