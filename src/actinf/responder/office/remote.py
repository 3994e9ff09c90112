"""The office of a server: the same requests over HTTP, and its refusals as the same errors."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from actinf import errors
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.changing import TellChange
from actinf.responder.channels.neutral import block
from actinf.responder.duties import DutyChange
from actinf.responder.office.address_book import RemoteAddressBook
from actinf.responder.office.port import Document, Settled
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.publishing.requests import AnnounceWork, WorkChange
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp
from actinf.responder.record.evidence import save
from actinf.responder.taking_in import TakeCalendar
from actinf.responder.verbs import OpenIncident, Verb
from actinf.runtime.listening import means_this_machine

__all__ = ["RemoteOffice"]

_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
#: Files are read as a whole before they are sent.
_LONG = httpx.Timeout(300.0, connect=5.0)
_ON_A_PAGE = 500
#: Seconds for which a server is waited for that was cut off, and between two tries.
_COMES_AGAIN_WITHIN, _BEFORE_AGAIN = 10.0, 0.25
_WITHOUT = "without ACTINF_RESPOND_URL the store of this machine is used"

#: What a kind of problem is here; of any other kind the status decides.
_BY_KIND: Mapping[str, type[errors.ActinfError]] = {
    "unauthenticated": errors.Unauthenticated,
    "forbidden": errors.Forbidden,
    "no-such-incident": errors.NoSuchIncident,
    "no-such-silence": errors.NoSuchSilence,
    "no-such-ramp": errors.NoSuchRamp,
    "cluster": errors.ClusterTrouble,
    "not-found": errors.NotFound,
    "no-such-evidence": errors.NoSuchEvidence,
    "evidence-altered": errors.EvidenceAltered,
    "contacts-locked": errors.ContactsLocked,
    "out-of-turn": errors.OutOfTurn,
    "setting": errors.SettingError,
    "request": errors.SettingError,
    "webhook": errors.WebhookRefused,
    "too-large": errors.WebhookRefused,
    "rate-limited": errors.RateLimited,
    "unavailable": errors.ServiceUnavailable,
}
_BY_STATUS: Mapping[int, type[errors.ActinfError]] = {
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    429: errors.RateLimited,
    502: errors.ServiceUnavailable,
    503: errors.ServiceUnavailable,
    504: errors.ServiceUnavailable,
}


class RemoteOffice:
    """Asks a server; see `Office` for what it does.

    Args:
        url: of the server, https://….
        key: of who acts; None: the server takes requests of this machine without one.
        by: the handle of who acts, where there is no key that says so.
        transport: takes the requests in the place of the network.

    Raises:
        SettingError: the address is none, or would show the key to whoever listens on the way.
    """

    def __init__(self, url: str, key: str | None, by: str, *, transport: httpx.BaseTransport | None = None):
        address = _address(url)
        if key is not None and address.scheme == "http" and not means_this_machine(address.host):
            raise errors.SettingError(
                f"ACTINF_RESPOND_URL is {url[:200]!r}, and ACTINF_RESPOND_KEY would be sent there for all to read: "
                "expected https://"
            )
        headers = {"X-Actinf-User": by, "Accept": "application/json"}
        if key is not None:
            if not key.isascii() or not key.isprintable():
                raise errors.SettingError("ACTINF_RESPOND_KEY holds characters that no key has: expected ar_…")
            headers["Authorization"] = f"Bearer {key}"
        self._url = url
        self._http = httpx.Client(base_url=address, headers=headers, timeout=_TIMEOUT, transport=transport)

    def open(self, request: OpenIncident) -> Document:
        """As `Office.open`."""
        return self._ask_once("/v1/incidents", request.model_dump(mode="json", exclude_unset=True))

    def act(self, incident: str, verb: Verb) -> Document:
        """As `Office.act`."""
        said = verb.model_dump(mode="json", exclude_unset=True)
        return self._ask_once(f"/v1/incidents/{incident}/{verb.verb}", said)

    def incident(self, name: str) -> Document:
        """As `Office.incident`."""
        return self._ask("GET", f"/v1/incidents/{name}")

    def advice(self, incident: str, *, patience: float) -> Document:
        """As `Office.advice`."""
        return self._ask("GET", f"/v1/incidents/{incident}/advice", params={"patience": min(patience, 10.0)})

    def incidents(
        self, which: str = "open", *, since: datetime | None = None, limit: int | None = None
    ) -> list[Document]:
        """As `Office.incidents`."""
        found: list[Document] = []
        asked: dict[str, str | int] = _which(which, since)
        while limit is None or len(found) < limit:
            asked["limit"] = _ON_A_PAGE if limit is None else min(_ON_A_PAGE, limit - len(found))
            page = self._ask("GET", "/v1/incidents", params=asked)
            found += page["incidents"]
            if page["next"] is None:
                break
            asked["after"] = page["next"]
        return found

    def names(self, which: str = "open", *, since: datetime | None = None) -> Sequence[str]:
        """As `Office.names`."""
        names: list[str] = self._ask("GET", "/v1/incidents/names", params=_which(which, since))["names"]
        return names

    def keep_evidence(self, incident: str, file: Path, *, source: str, custody: str) -> Document:
        """As `Office.keep_evidence`."""
        if not file.is_file():
            raise errors.SettingError(f"{file} is {'a folder' if file.is_dir() else 'not there'}: expected a file")
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            content.seek(0)
            kept = self._ask(
                "POST",
                f"/v1/incidents/{incident}/evidence",
                params={"name": file.name, "source": source, "custody": custody},
                content=content,
                headers={"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)},
            )
        if kept["sha256"] != sha256:
            raise errors.ServiceUnavailable(
                f"{file.name} came otherwise than it was sent, SHA-256 {kept['sha256']}, here {sha256}: send it again"
            )
        return kept

    def evidence(self, incident: str, *, look: bool = False, only: str = "") -> list[Document]:
        """As `Office.evidence`."""
        asked = ({"look": "true"} if look else {}) | ({"only": only} if only else {})
        found: list[Document] = self._ask(
            "GET", f"/v1/incidents/{incident}/evidence", params=asked, timeout=_LONG if look else _TIMEOUT
        )["evidence"]
        return found

    def fetch_evidence(self, incident: str, sha256: str, target: Path) -> None:
        """As `Office.fetch_evidence`."""
        path = f"/v1/incidents/{incident}/evidence/{sha256}"
        try:
            with self._http.stream("GET", path, timeout=_LONG) as reply:
                if reply.is_success:
                    save(reply.iter_bytes(2**20), target, sha256)
                    return
                reply.read()
        except httpx.HTTPError as error:
            raise self._unreached(error) from None
        raise self._refusal(reply, _document(reply) or {})

    def export(self, incident: str) -> Document:
        """As `Office.export`."""
        return self._ask("GET", f"/v1/incidents/{incident}/export")

    def schedule(self) -> Schedule | None:
        """As `Office.schedule`."""
        found = self._ask("GET", "/v1/schedule")["schedule"]
        return None if found is None else Schedule.from_document(found)

    def set_schedule(self, schedule: Schedule) -> None:
        """As `Office.set_schedule`."""
        self._ask("PUT", "/v1/schedule", json={"schedule": schedule.document()})

    def change_duties(self, change: DutyChange) -> Schedule:
        """As `Office.change_duties`."""
        said = change.model_dump(mode="json", exclude_unset=True)
        return Schedule.from_document(self._ask("POST", f"/v1/schedule/{change.change}", json=said)["schedule"])

    def take_calendar(self, content: bytes, asked: TakeCalendar) -> Document:
        """As `Office.take_calendar`."""
        said = asked.model_dump(mode="json", exclude_unset=True)
        known_as = [f"{name}={handle}" for name, handle in said.pop("known_as", {}).items()]
        return self._ask(
            "POST",
            "/v1/schedule/import",
            params={**said, "known_as": known_as},
            content=content,
            headers={"Content-Type": "text/calendar"},
        )

    def silence(self, request: MakeSilence) -> Document:
        """As `Office.silence`."""
        return self._made(request, dry_run=False)

    def announce(self, request: AnnounceMaintenance) -> Document:
        """As `Office.announce`."""
        return self._made(request, dry_run=False)

    def would_hold_back(self, request: MakeSilence | AnnounceMaintenance) -> list[Document]:
        """As `Office.would_hold_back`."""
        found: list[Document] = self._made(request, dry_run=True)["would_hold_back"]
        return found

    def end_silence(self, name: str) -> Document:
        """As `Office.end_silence`."""
        return self._ask("POST", f"/v1/silences/{quote(name, safe='')}/end")

    def end_maintenance(self, name: str) -> Document:
        """As `Office.end_maintenance`."""
        return self._ask("POST", f"/v1/maintenance/{quote(name, safe='')}/end")

    def silences(self, *, past: bool = False) -> list[Document]:
        """As `Office.silences`."""
        found: list[Document] = self._ask("GET", "/v1/silences", params={"past": past})["silences"]
        return found

    def maintenances(self, *, past: bool = False) -> list[Document]:
        """As `Office.maintenances`."""
        found: list[Document] = self._ask("GET", "/v1/maintenance", params={"past": past})["maintenance"]
        return found

    def _made(self, request: MakeSilence | AnnounceMaintenance, *, dry_run: bool) -> Document:
        path = "/v1/silences" if isinstance(request, MakeSilence) else "/v1/maintenance"
        said = request.model_dump(mode="json", exclude_unset=True)
        return self._ask("POST", path, params={"dry_run": dry_run}, json=said)

    def send_test_page(self, who: str | None) -> Document:
        """As `Office.send_test_page`."""
        return self._ask("POST", "/v1/oncall/test-page", json={"who": who})

    def test_page(self, name: str) -> Document:
        """As `Office.test_page`."""
        return self._ask("GET", f"/v1/oncall/test-page/{name}")

    def tell_change(self, request: TellChange) -> Document:
        """As `Office.tell_change`."""
        return self._ask("POST", "/v1/changes", json=request.model_dump(mode="json", exclude_unset=True))

    def changes(self) -> list[Document]:
        """As `Office.changes`."""
        found: list[Document] = self._ask("GET", "/v1/changes")["changes"]
        return found

    def take_scan(self, report: bytes, *, target: str = "", component: str = "") -> Document:
        """As `Office.take_scan`."""
        return self._ask(
            "POST",
            "/v1/scans",
            params={"target": target, "component": component},
            content=report,
            headers={"Content-Type": "application/sarif+json"},
            timeout=_LONG,
        )

    def findings(self, component: str | None = None, *, past: bool = False) -> list[Document]:
        """As `Office.findings`."""
        asked = {"past": str(past).lower(), **({} if component is None else {"component": component})}
        found: list[Document] = self._ask("GET", "/v1/findings", params=asked)["findings"]
        return found

    def catalogue(self) -> Catalogue:
        """As `Office.catalogue`."""
        return Catalogue.from_document(self._ask("GET", "/v1/catalogue")["catalogue"])

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """As `Office.set_catalogue`."""
        self._ask("PUT", "/v1/catalogue", json={"catalogue": catalogue.document()})

    def preview_ramp(self, incident: str, request: StartRamp) -> Document:
        """As `Office.preview_ramp`."""
        return self._started(incident, request, dry_run=True)

    def start_ramp(self, incident: str, request: StartRamp) -> Document:
        """As `Office.start_ramp`."""
        return self._started(incident, request, dry_run=False)

    def ramp(self, incident: str) -> Document:
        """As `Office.ramp`."""
        return self._ask("GET", f"/v1/incidents/{incident}/ramp")

    def direct_ramp(self, incident: str, direction: Direction, request: DirectRamp) -> Document:
        """As `Office.direct_ramp`."""
        said = request.model_dump(mode="json", exclude_unset=True)
        return self._ask("POST", f"/v1/incidents/{incident}/ramp/{direction}", json=said)

    def _started(self, incident: str, request: StartRamp, *, dry_run: bool) -> Document:
        said = request.model_dump(mode="json", exclude_unset=True)
        return self._ask("POST", f"/v1/incidents/{incident}/ramp", params={"dry_run": dry_run}, json=said)

    @property
    def address_book(self) -> RemoteAddressBook:
        """As `Office.address_book`."""
        return RemoteAddressBook(self._ask)

    def public_page(self) -> Document:
        """As `Office.public_page`."""
        return self._ask("GET", "/v1/status")

    def announce_work(self, request: AnnounceWork) -> Document:
        """As `Office.announce_work`."""
        said = request.model_dump(mode="json", exclude_unset=True)
        return self._ask("POST", "/v1/status/maintenance", json=said)

    def change_work(self, number: int, change: WorkChange, text: str) -> Document:
        """As `Office.change_work`."""
        return self._ask("POST", f"/v1/status/maintenance/{number}/{change}", json={"text": text} if text else {})

    def planned_works(self, *, past: bool = False) -> list[Document]:
        """As `Office.planned_works`."""
        found: list[Document] = self._ask("GET", "/v1/status/maintenance", params={"past": past})["maintenance"]
        return found

    def settle(self) -> Settled:
        """As `Office.settle`: the server does it."""
        return Settled(served=True)

    def close(self) -> None:
        """As `Office.close`."""
        self._http.close()

    def _ask_once(self, path: str, said: Mapping[str, Any]) -> Document:
        """Ask for something to be done, and again where the connection was cut off: by its key it is done once."""
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        until: float | None = None
        while True:
            try:
                return self._answer(self._http.request("POST", path, json=said, headers=headers))
            except httpx.TimeoutException as error:
                raise self._unreached(error) from None
            except httpx.HTTPError as error:
                # A server that was not there to begin with was not cut off; one that was may come again.
                if until is None and isinstance(error, httpx.ConnectError):
                    raise self._unreached(error) from None
                until = until if until is not None else time.monotonic() + _COMES_AGAIN_WITHIN
                if time.monotonic() > until:
                    raise self._unreached(error) from None
                time.sleep(_BEFORE_AGAIN)

    def _ask(self, method: str, path: str, **sent: Any) -> Document:
        try:
            reply = self._http.request(method, path, **sent)
        except httpx.HTTPError as error:
            raise self._unreached(error) from None
        return self._answer(reply)

    def _answer(self, reply: httpx.Response) -> Document:
        said = _document(reply)
        if reply.is_success and said is not None:
            return said
        raise self._refusal(reply, said or {})

    def _unreached(self, error: httpx.HTTPError) -> errors.ActinfError:
        if isinstance(error, httpx.TimeoutException):
            return errors.ServiceUnavailable(
                f"{self._url} does not answer in time: whether it was done is not known; look, actinf incident show. "
                f"Else {_WITHOUT}"
            )
        return errors.ServiceUnavailable(
            f"{self._url} cannot be reached ({block(str(error), 200)}): is it running? {_WITHOUT[0].upper()}"
            f"{_WITHOUT[1:]}"
        )

    def _refusal(self, reply: httpx.Response, problem: Mapping[str, Any]) -> errors.ActinfError:
        kind = str(problem.get("type", "")).rpartition("/")[2]
        known: Callable[[str], errors.ActinfError] | None = _BY_KIND.get(kind) or _BY_STATUS.get(reply.status_code)
        detail = block(str(problem.get("detail", "")), 2000)
        if known is not None and detail:
            return known(detail)
        if problem.get("status") == reply.status_code and detail:
            return errors.ServiceError(f"{self._url}: {detail}")
        return (known or errors.ServiceError)(
            f"{self._url} answered {reply.status_code} to {reply.request.method} {reply.request.url.path}, and nothing "
            "that a responder says: does ACTINF_RESPOND_URL lead to one?"
        )


def _document(reply: httpx.Response) -> Document | None:
    """What a reply says; None: nothing that a responder would."""
    try:
        said = reply.json()
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _which(which: str, since: datetime | None) -> dict[str, str | int]:
    return {"which": which, **({"since": since.isoformat()} if since is not None else {})}


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host:
        raise errors.SettingError(
            f"ACTINF_RESPOND_URL is {url[:200]!r}: expected an address as https://respond.example.org"
        )
    return address
