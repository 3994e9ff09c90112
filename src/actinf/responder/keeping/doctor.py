"""Whether the responder would do what it is for, if something broke now: each thing looked at, none of them changed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from actinf.errors import ActinfError, ChannelError, ClusterTrouble, ContactsLocked, NotMeasured
from actinf.responder.announcing import Route
from actinf.responder.channels.messages import duration
from actinf.responder.channels.port import TriesOut
from actinf.responder.clocks.steady import Reading, machine_count, machine_run
from actinf.responder.contacts.sealing import readable_by_others
from actinf.responder.keeping.backup import broken
from actinf.responder.keeping.served_page import amiss_with, page_server
from actinf.responder.keeping.watched import Outsider, last_heard
from actinf.responder.oncall.gaps import findings, on_call_between
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.parts import CLOCK, Parts
from actinf.responder.publishing.writer import written
from actinf.responder.quiet.documents import spoken
from actinf.responder.ramp.documents import standing_words
from actinf.responder.ramp.plan import Kind
from actinf.responder.record.anchoring import anchor_path, anchors_of
from actinf.responder.record.verification import verify
from actinf.responder.store import escalations, notes, outbox, rosters
from actinf.responder.store.lock import sole
from actinf.runtime.wording import counted

__all__ = ["Finding", "State", "examine"]

_AHEAD = timedelta(days=14)
_LEAST_FREE, _SCARCE = 64 * 2**20, 2**30
_LARGE_LOG = 256 * 2**20
_STANDS_STILL = 60.0
_WAITS_LONG = timedelta(minutes=10)
_LATELY = timedelta(days=1)
_MOST_NAMED = 10
_LATE = timedelta(seconds=60)
_HEARD_LATELY = timedelta(minutes=5)
_OUTSIDERS = {
    Outsider.WATCHER: "actinf respond watch asked",
    Outsider.HEARTBEAT: "the heartbeat's service took a sign of life",
}


class State(StrEnum):
    """How a thing is: as it should be, worth a look, or in the way of a page."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: it is.
        state: how it is.
        said: what was seen.
        mend: how to mend it; empty where nothing is to be mended.
    """

    what: str
    state: State
    said: str
    mend: str = ""


def examine(parts: Parts) -> list[Finding]:
    """Look at everything.

    Args:
        parts: of the responder; nothing is sent through their channels.
    """
    looks: tuple[Callable[[Parts], Iterator[Finding]], ...] = (
        _store, _record, _disk, _clock, _pulse, _channels, _schedule, _people, _contacts, _escalation, _quiet,
        _status_page, _page_server, _outside, _ramp,
    )  # fmt: skip
    found: list[Finding] = []
    for look in looks:
        try:
            found.extend(look(parts))
        except (ActinfError, OSError, sqlite3.Error) as error:
            what = look.__name__.strip("_")
            found.append(Finding(what=what, state=State.FAIL, said=str(error), mend="actinf respond restore FILE"))
    return found


def _ok(what: str, said: str) -> Finding:
    return Finding(what=what, state=State.OK, said=said)


def _warn(what: str, said: str, mend: str) -> Finding:
    return Finding(what=what, state=State.WARN, said=said, mend=mend)


def _fail(what: str, said: str, mend: str) -> Finding:
    return Finding(what=what, state=State.FAIL, said=said, mend=mend)


def _ramp(parts: Parts) -> Iterator[Finding]:
    """Where a cluster is set up: whether a ramp could begin."""
    if not parts.settings.can_ramp:
        return
    ramping = parts.ramping
    try:
        yield _ok("ramp", f"{ramping.cluster.target}: {standing_words(ramping.cluster.look())}")
    except ClusterTrouble as error:
        mend = "ACTINF_RESPOND_KUBECTL, …_KUBE_CONTEXT and …_KUBE_NAMESPACE say where it is"
        if parts.settings.in_cluster:
            mend = "the account of the pod needs the rights that the chart gives it, responder.ramp.enabled"
        yield _warn("ramp", str(error), mend)
    for missing in filter(
        None, (ramping.trials.missing(kind) for kind in (Kind.SMOKE, Kind.LOAD) if kind in ramping.trials.kinds)
    ):
        yield _warn("ramp", missing, "a ramp cannot begin without it")
    if parts.settings.prometheus_url is None:
        yield _warn(
            "ramp",
            "nothing is measured, so that no soak passes by itself",
            "give a Prometheus, ACTINF_RESPOND_PROMETHEUS_URL",
        )


def _store(parts: Parts) -> Iterator[Finding]:
    with parts.store.reading() as connection:
        wrong = broken(connection)
    if wrong:
        yield _fail("store", f"{parts.store.path} is damaged: {wrong[0]}", "actinf respond restore FILE")
        return
    log = parts.store.path.with_name(f"{parts.store.path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > _LARGE_LOG:
        yield _warn(
            "store", f"whole; its log has {size / 2**20:.0f} MiB", "a program reads the store for very long: end it"
        )
    else:
        yield _ok("store", f"{parts.store.path} is whole, {parts.store.path.stat().st_size / 2**20:.1f} MiB")


def _record(parts: Parts) -> Iterator[Finding]:
    anchors = anchors_of(parts.store.folder, parts.store.key)
    with parts.store.reading() as connection:
        verdict = verify(connection, parts.store.key, anchors)
        since = verdict.anchored.seq if verdict.anchored else 0
        row = connection.execute("SELECT min(recorded_at) FROM event WHERE seq > ?", [since]).fetchone()
    if not verdict.good:
        yield _fail("record", f"not what was written: {verdict.wrong[0]}", "actinf respond verify names all of it")
        return
    yield _ok("record", f"{verdict.events} events of {verdict.incidents} incidents are what was written")
    if row[0] is not None and parts.clock() - datetime.fromisoformat(row[0]) > _LATE:
        yield _warn(
            "anchors",
            f"{verdict.unanchored} events are not anchored, the oldest of {row[0][:16]} UTC",
            f"let {anchor_path(parts.store.folder)} be written, and a server run: actinf respond serve",
        )
    else:
        yield _ok(
            "anchors",
            f"{counted(verdict.anchors, 'anchor')}; {counted(verdict.unanchored, 'event')} came after the last",
        )


def _disk(parts: Parts) -> Iterator[Finding]:
    free = shutil.disk_usage(parts.store.folder).free
    said = f"{free / 2**30:.1f} GiB are free for {parts.store.folder}"
    if free < _LEAST_FREE:
        yield _fail("disk", said, "make room: a store that cannot be written pages nobody")
    elif free < _SCARCE:
        yield _warn("disk", said, "make room")
    else:
        yield _ok("disk", said)


def _clock(parts: Parts) -> Iterator[Finding]:
    step = parts.clock.step.total_seconds()
    if step:
        way = "ahead of" if step > 0 else "behind"
        yield _fail(
            "clock",
            f"the wall clock was set, and is {abs(step):.0f} s {way} the time that timers count by",
            "set the wall clock right; where it is right: actinf respond clock --believe-the-wall --reason TEXT",
        )
    else:
        yield _ok("clock", f"{parts.clock():%Y-%m-%d %H:%M:%S} UTC, counted without a step")


def _pulse(parts: Parts) -> Iterator[Finding]:
    with sole(parts.store.folder) as nobody_else:
        pass
    if nobody_else:
        yield _warn("pulse", "no server runs: what is due goes out with the next command alone", "actinf respond serve")
        return
    with parts.store.reading() as connection:
        kept = Reading.of(notes.get(connection, CLOCK) or "")
    ago = machine_count() - kept.count if kept is not None and kept.run == machine_run() else None
    if ago is None or ago > _STANDS_STILL:
        said = "has not kept time since the machine started" if ago is None else f"last kept time {ago:.0f} s ago"
        yield _fail("pulse", f"a server holds the store and {said}", "restart it, and look into its log")
    else:
        yield _ok("pulse", f"a server runs, and kept time {ago:.0f} s ago")


def _channels(parts: Parts) -> Iterator[Finding]:
    routes = [route for route in parts.courier.routes if isinstance(route.channel, TriesOut)]
    if not routes:
        yield _fail(
            "channels", "no channel is set up: nobody is told of anything",
            "set ACTINF_RESPOND_SLACK_TOKEN, …_SMTP_URL or …_PAGER_URL: docs/reference/settings.md",
        )  # fmt: skip
    for route in routes:
        yield _channel(parts, route)


def _channel(parts: Parts, route: Route) -> Finding:
    name, now = route.channel.name, parts.clock()
    what = f"channel {name}"
    with parts.store.reading() as connection:
        tells = outbox.tells_of(connection, name, now - _LATELY)
    last = f"the last that went out was put in {tells.sent_at:%Y-%m-%d %H:%M} UTC" if tells.sent_at else "none went out"
    try:
        seen = route.channel.try_out() if isinstance(route.channel, TriesOut) else ""
    except ChannelError as error:
        return _fail(what, f"{error}; {last}", "until then nobody is reached this way: check its settings")
    if tells.waits_since is not None and now - tells.waits_since > _WAITS_LONG:
        said = f"{seen}, and yet a message waits since {tells.waits_since:%H:%M} UTC: {tells.trouble or 'not tried'}"
        return _fail(what, said, "let a server run: actinf respond serve")
    if tells.given_up:
        said = f"{seen}; {tells.given_up} messages were given up since yesterday: {tells.trouble or 'no reason kept'}"
        return _warn(what, said, "actinf incident show names them: mend what they could not reach")
    return _ok(what, f"{seen}; {last}")


def _schedule(parts: Parts) -> Iterator[Finding]:
    schedule, now = _saved(parts), parts.clock()
    if schedule is None:
        yield _fail("schedule", "no schedule says who is on call: nobody is paged", "actinf oncall schedule --set FILE")
        return
    found = findings(schedule, now, now + _AHEAD, contacts=parts.directory.handles())
    for one in found:
        sentence, _, mend = one.sentence.partition(": ")
        yield (_fail if one.is_grave else _warn)("schedule", sentence, mend or "actinf oncall gaps")
    if not any(one.is_grave for one in found):
        yield _ok("schedule", "somebody is on call at every level for the next 14 days")


def _people(parts: Parts) -> Iterator[Finding]:
    """Whether those who will be on call can be reached through a channel that is set up, not only in principle."""
    schedule, now = _saved(parts), parts.clock()
    if schedule is None:
        return
    on_call = on_call_between(schedule, now, now + _AHEAD)
    with parts.store.reading() as connection:
        announcer = parts.desk.announcer
        unreached = [person.handle for person in on_call if not announcer.reached_by(connection, person)]
    if unreached:
        yield _fail(
            "people",
            f"no channel that is set up reaches {', '.join(sorted(unreached))}",
            "give them a chat_id, an email or a phone of a channel that is, or set up one that fits what they have",
        )
    elif on_call:
        yield _ok("people", f"each of the {len(on_call)} on call within 14 days can be reached")


def _contacts(parts: Parts) -> Iterator[Finding]:
    """Whether contacts and vendors can be opened, and whether contacts are reached."""
    directory, mend = parts.directory, "put the file of their keys back: docs/howto/contacts-and-vendors.md"
    handles = directory.handles()
    if not handles and not directory.vendor_keys():
        yield _ok("contacts", "none is kept: people are reached as the schedule says")
        return
    try:
        people, vendors = directory.contacts(), directory.vendors()
    except ContactsLocked as error:
        yield _fail("contacts", str(error), mend)
        return
    if readable_by_others(directory.key_file):
        yield _warn("contacts", f"others can read {directory.key_file}", f"chmod 600 {directory.key_file}")
    standings = parts.trying.standings()
    by_state: dict[str, list[str]] = {}
    for handle in handles:
        if standings[handle].is_due:
            by_state.setdefault(str(standings[handle].state), []).append(handle)
    for state, due in by_state.items():
        more = f" and {len(due) - _MOST_NAMED} more" if len(due) > _MOST_NAMED else ""
        yield _warn("contacts", f"{state}: {', '.join(due[:_MOST_NAMED])}{more}", "actinf contacts test --due")
    catalogue = parts.desk.catalogue()
    for vendor in vendors:
        unknown = [one for one in vendor.components if catalogue.find(one) is None]
        if unknown:
            said = f"the vendor {vendor.key} is for {', '.join(unknown[:3])}, which the catalogue does not have"
            yield _warn("vendors", said, f"actinf vendors set {vendor.key} --for COMPONENT")
    if not by_state:
        beside = ", with their key beside the store" if directory.key_file.parent == parts.store.folder else ""
        told = f"{counted(len(people), 'contact')}, none to be tried; {counted(len(vendors), 'vendor')}{beside}"
        yield _ok("contacts", told)


def _escalation(parts: Parts) -> Iterator[Finding]:
    with parts.store.reading() as connection:
        wrong = escalations.unescalated(connection, parts.clock() - _LATE)
    if wrong:
        said = "; ".join(f"{name}: {why}" for name, why in wrong[:3])
        yield _fail("escalation", f"open incidents are not escalated: {said}", "let a server run: actinf respond serve")
    else:
        yield _ok("escalation", "every open incident is attended to, or being escalated")


def _quiet(parts: Parts) -> Iterator[Finding]:
    """What is silenced: a grave alert that nobody hears of now, and what lasts so long that it is forgotten."""
    quieting = parts.quieting
    silences, windows, held = quieting.silences(), quieting.maintenances(), quieting.held()
    grave = [one for one in held if one.is_grave]
    for one in grave[:_MOST_NAMED]:
        said = f"{one.severity} {one.alert.name} fires, and {one.known.quieted_by} keeps it from being told"
        yield _warn("silences", said, "actinf silence end ID, or actinf maintenance end NAME, if it should be told")
    if len(grave) > _MOST_NAMED:
        yield _warn("silences", f"{len(grave) - _MOST_NAMED} more of P0 or P1 are held back", "actinf silence list")
    long = quieting.overlong()
    for what, lasts in long:
        said = f"{what} lasts {spoken(lasts)}, longer than the {spoken(quieting.longest)} that a silence may"
        yield _warn("silences", said, "end it, or make it shorter: what is quiet for so long is forgotten")
    if not grave and not long:
        on = f"{len(silences)} silences and {sum(one['holds'] for one in windows)} windows of maintenance are on"
        yield _ok("silences", f"{on}, and hold back {len(held)} alerts, none of them P0 or P1")


def _status_page(parts: Parts) -> Iterator[Finding]:
    """Whether the public is told: what cannot be written is told to nobody, however well incidents go."""
    what, link = "status page", parts.writer.site.link
    with parts.store.reading() as connection:
        last = written(connection)
    if last.trouble:
        yield _fail(what, last.trouble, "until then users read what was written before; it is tried again by itself")
    elif last.at is None:
        yield _warn(what, "it was never written", "let a server run, actinf respond serve; or any command")
    elif not link.is_dir():
        yield _fail(what, f"{link} is gone", "it is written again by itself, within a minute: look what deletes it")
    elif not parts.desk.catalogue().public_parts():
        said = "users know no part of the catalogue: they are told of the service as a whole"
        yield _warn(what, said, "give parts a public name, actinf incident catalogue --set FILE")
    else:
        yield _ok(what, f"written {last.at:%Y-%m-%d %H:%M} UTC to {link}")


def _page_server(parts: Parts) -> Iterator[Finding]:
    """Whether the page is to be seen: what nobody serves is read by nobody."""
    what, server = "page's server", page_server(parts.store.folder)
    if server is None and parts.settings.status_port is None:
        yield _ok(what, "none here: ACTINF_RESPOND_STATUS_PORT is none, so the page is shown from elsewhere")
    elif server is None:
        yield _warn(what, "no process serves the status page", "let a server run: actinf respond serve starts one")
    elif amiss := amiss_with(server):
        mend = "look into the log of the process, and at its settings, ACTINF_STATUS_…"
        yield _warn(what, f"process {server.pid} serves the page on {server.address}; {amiss}", mend)
    else:
        asks = "takes subscriptions" if server.takes_subscriptions else "takes no subscriptions"
        yield _ok(what, f"process {server.pid} serves the page on {server.address}, and {asks}")


def _outside(parts: Parts) -> Iterator[Finding]:
    yield _watched(parts)
    yield _watchdog(parts)
    if parts.settings.prometheus_url is not None:
        try:
            parts.desk.measurements.ask("vector(1)")
        except NotMeasured as error:
            yield _warn("Prometheus", str(error), "until then recovery and impact are judged by people")
        else:
            yield _ok("Prometheus", "answers")


def _watched(parts: Parts) -> Finding:
    """Whether somebody outside would notice that the responder is dead: one of the two ways is enough."""
    now, what, heard = parts.clock(), "dead man's switch", {}
    with parts.store.reading() as connection:
        for outsider in _OUTSIDERS:
            at = last_heard(connection, outsider)
            if at is not None:
                heard[outsider] = now - at
    lately = [outsider for outsider, ago in heard.items() if ago < _HEARD_LATELY]
    if lately:
        said = " and ".join(f"{_OUTSIDERS[one]} {heard[one].total_seconds():.0f} s ago" for one in lately)
        return _ok(what, f"{said}: somebody outside notices when the responder is dead")
    mend = (
        "run actinf respond watch on another machine, or set ACTINF_RESPOND_HEARTBEAT_URL to a service that alarms "
        "when it is not asked any more; both need a server that runs, actinf respond serve"
    )
    if heard:
        one, ago = min(heard.items(), key=lambda pair: pair[1])
        return _warn(what, f"nobody outside watches any more: {_OUTSIDERS[one]} {duration(ago)} ago", mend)
    if parts.settings.heartbeat_url is not None:
        return _warn(what, "the service of ACTINF_RESPOND_HEARTBEAT_URL has not taken a sign of life yet", mend)
    return _warn(what, "nobody outside notices when the responder itself is dead", mend)


def _watchdog(parts: Parts) -> Finding:
    """Whether it would be noticed that no alert arrives any more."""
    name = parts.settings.watchdog
    if name is None:
        return _warn(
            "watchdog",
            "nothing notices when alerts do not arrive any more",
            "set ACTINF_RESPOND_WATCHDOG to the name of an alert that always fires, and let Alertmanager send it here "
            "every minute",
        )
    with parts.store.reading() as connection:
        at = last_heard(connection, Outsider.WATCHDOG)
    if at is None:
        return _warn("watchdog", f"the alert {name} has never come", "let Alertmanager send it here every minute")
    ago = parts.clock() - at
    if ago.total_seconds() > parts.settings.watchdog_seconds:
        said = f"the alert {name} came {duration(ago)} ago for the last time: alerts do not arrive"
        return _fail("watchdog", said, "look after Prometheus and Alertmanager: docs/runbooks/upkeep.md")
    return _ok("watchdog", f"the alert {name} came {ago.total_seconds():.0f} s ago: alerts arrive")


def _saved(parts: Parts) -> Schedule | None:
    with parts.store.reading() as connection:
        return rosters.schedule(connection)
