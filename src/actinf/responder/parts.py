"""The parts of a responder, put together from its settings."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import platformdirs

from actinf.responder import children
from actinf.responder.advising.port import Adviser, NoAdviser
from actinf.responder.announcing import Announcer, Route
from actinf.responder.channels.none import NoChannel
from actinf.responder.clocks.steady import Reading, SteadyClock
from actinf.responder.contacts.directory import KEY_FILE, Directory
from actinf.responder.contacts.trying import Trying
from actinf.responder.courier import Courier
from actinf.responder.desk import Desk
from actinf.responder.intake.recheck import RecheckSettings
from actinf.responder.keeping.clock import Correction, take_up
from actinf.responder.measuring.port import Measurements, NoMeasurements
from actinf.responder.publishing import plain
from actinf.responder.publishing.page import PublicPage
from actinf.responder.publishing.planning import Planning
from actinf.responder.publishing.reading import About, Reader
from actinf.responder.publishing.serving import FOLDER, SITE, who_serves
from actinf.responder.publishing.site import Site
from actinf.responder.publishing.unattended import Unattended
from actinf.responder.publishing.writer import Render, Writer, known_since
from actinf.responder.pulse import Pulse
from actinf.responder.quiet.quieting import Quieting
from actinf.responder.ramp.cluster import Cluster, NoCluster
from actinf.responder.ramp.driver import Driver
from actinf.responder.ramp.kubectl import Kubectl
from actinf.responder.ramp.plan import Kind
from actinf.responder.ramp.ramping import Ramping
from actinf.responder.ramp.trials import Command, Processes
from actinf.responder.reception import Reception
from actinf.responder.record.anchoring import Anchoring
from actinf.responder.scanning import Scanning
from actinf.responder.settings import RespondSettings
from actinf.responder.store import notes
from actinf.responder.store.database import Store

__all__ = ["CLOCK", "Parts", "data_directory", "make_parts"]

#: The note with the time as it was counted last.
CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process of the responder works with."""

    settings: RespondSettings
    store: Store
    clock: SteadyClock
    desk: Desk
    pulse: Pulse
    reception: Reception
    courier: Courier
    quieting: Quieting
    scanning: Scanning
    ramping: Ramping
    driver: Driver
    directory: Directory
    trying: Trying
    writer: Writer
    planning: Planning

    def keep_clock(self) -> Correction | None:
        """Remember the time as it is counted, for the process after this one; first correct it, where that was asked.

        Returns:
            How it was corrected; None: it was not.
        """
        with self.store.writing() as connection:
            done = take_up(connection, self.desk, self.clock)
            notes.put(connection, CLOCK, self.clock.reading().text())
        return done

    def page(self) -> PublicPage:
        """All that is public now."""
        with self.store.reading() as connection:
            own = self.writer.reader  # which is for its thread alone
            reader = Reader(own.about, own.takes_subscriptions)
            return reader.page(connection, now=self.clock(), known_since=known_since(connection) or self.clock())

    def close(self) -> None:
        """Close the store, end what advises, and let another process write its anchors."""
        self.desk.adviser.close()
        if self.pulse.anchoring is not None:
            self.pulse.anchoring.close()
        self.store.close()


def data_directory(settings: RespondSettings) -> Path:
    """Where the store is."""
    if settings.data_dir is not None:
        return settings.data_dir.absolute()
    return Path(platformdirs.user_data_dir("actinf", appauthor=False)).absolute() / "responder"


def make_parts(
    settings: RespondSettings,
    *,
    render: Render = plain.render,
    adviser: Adviser | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Parts:
    """Open the store and put the parts together.

    Args:
        settings: of the process.
        render: makes the files of the status page.
        adviser: who says what to look at next, where one was begun already.
        environment: of this process; its children get what they need of it.

    Raises:
        StoreError: the store cannot be used.
        SettingError: a channel's settings make no sense.
    """
    store = Store(data_directory(settings))
    with store.reading() as connection:
        before = notes.get(connection, CLOCK)
    clock = SteadyClock(Reading.of(before) if before is not None else None)
    routes = _routes(settings, clock)
    link = f"{settings.public_url.rstrip('/')}/incidents/{{id}}" if settings.public_url else None
    cluster, trials = _cluster(settings, environment), _trials(settings, environment, store.folder)
    directory = _directory(settings, store, clock)
    desk = Desk(
        store,
        clock,
        Announcer(routes, link, directory),
        measurements=_measurements(settings),
        unattended=Unattended(settings.status_name),
        adviser=adviser if adviser is not None else _adviser(settings, environment),
        learns=settings.advice_learning,
        vendors=directory,
    )
    quieting = Quieting(store, clock, timedelta(hours=settings.longest_silence_hours))
    return Parts(
        settings=settings,
        store=store,
        clock=clock,
        desk=desk,
        pulse=Pulse(desk, _recheck(settings), Anchoring(store), needs_watchdog=settings.watchdog is not None),
        reception=Reception(desk),
        courier=Courier(desk, routes),
        quieting=quieting,
        scanning=Scanning(store, clock, settings.scan_opens_from, settings.waiting_alerts),
        ramping=Ramping(desk, cluster, trials, settings.ramp_most_replicas),
        driver=Driver(desk, cluster, trials, settings.ramp_most_replicas),
        directory=directory,
        planning=Planning(store, clock, quieting),
        trying=_trying(settings, desk),
        writer=Writer(
            store,
            clock,
            Reader(_about(settings), lambda: _takes_subscriptions(settings, store.folder)),
            render,
            Site(store.folder / FOLDER / SITE),
        ),
    )


def _trying(settings: RespondSettings, desk: Desk) -> Trying:
    address = settings.public_url.rstrip("/") if settings.public_url else None
    return Trying(desk, timedelta(days=settings.contact_test_days), address)


def _directory(settings: RespondSettings, store: Store, clock: Callable[[], datetime]) -> Directory:
    key_file = settings.contacts_key_file
    return Directory(
        store,
        clock,
        store.folder / KEY_FILE if key_file is None else key_file.absolute(),
    )


def _cluster(settings: RespondSettings, environment: Mapping[str, str]) -> Cluster:
    if settings.in_cluster:
        from actinf.responder.ramp.in_cluster import in_this_cluster  # its client takes a while to load

        return in_this_cluster(environment, settings.ramp_deployment, settings.kube_namespace)
    if settings.kubectl is None:
        return NoCluster()
    return Kubectl(
        program=settings.kubectl,
        deployment=settings.ramp_deployment,
        environment=children.for_kubectl(environment, settings.ramp_environment),
        namespace=settings.kube_namespace,
        context=settings.kube_context,
    )


def _trials(settings: RespondSettings, environment: Mapping[str, str], folder: Path) -> Processes:
    gets = children.for_trials(environment, settings.ramp_environment)
    if settings.ramp_url is not None:
        gets["ACTINF_URL"] = settings.ramp_url
    if settings.ramp_key is not None:
        gets["ACTINF_KEY"] = settings.ramp_key.get_secret_value()
    where = (settings.ramp_folder or Path()).absolute()
    commands = {
        kind: Command(arguments=tuple(shlex.split(command)), folder=where, environment=gets)
        for kind, command in ((Kind.SMOKE, settings.ramp_smoke), (Kind.LOAD, settings.ramp_load))
        if command is not None
    }
    return Processes(folder / "ramps", commands)


def _takes_subscriptions(settings: RespondSettings, folder: Path) -> bool:
    """Whether the page can ask for addresses: what serves it mails, and its links would lead somewhere."""
    server = who_serves(folder / FOLDER) if settings.status_url is not None else None
    return server is not None and server.takes_subscriptions


def _about(settings: RespondSettings) -> About:
    url = settings.status_url.rstrip("/") if settings.status_url is not None else None
    return About(name=settings.status_name, url=url)


def _recheck(settings: RespondSettings) -> RecheckSettings:
    hold = timedelta(seconds=settings.hold_seconds)
    return RecheckSettings(hold=hold, longest_hold=max(hold, RecheckSettings().longest_hold))


def _adviser(settings: RespondSettings, environment: Mapping[str, str]) -> Adviser:
    if not settings.advice:
        return NoAdviser()
    from actinf.responder.advising.child import ChildAdviser  # most commands never ask

    return ChildAdviser(environment=children.for_advice(environment))


def _measurements(settings: RespondSettings) -> Measurements:
    if settings.prometheus_url is None:
        return NoMeasurements()
    from actinf.responder.measuring.prometheus import Prometheus  # its client takes a while to load

    return Prometheus(settings.prometheus_url)


def _routes(settings: RespondSettings, clock: Callable[[], datetime]) -> list[Route]:
    # What a channel needs is loaded where there is one: a command answers at once.
    routes = []
    if settings.slack_token is not None:
        from actinf.responder.channels.slack import SlackChannel, SlackSettings

        slack = SlackSettings(
            token=settings.slack_token,
            room=settings.slack_room,
            base_url=settings.slack_url,
            buttons=settings.slack_signing_secret is not None,
        )
        routes.append(
            Route(
                channel=SlackChannel(slack, now=clock),
                announces=True,
                rooms=True,
                reaches=lambda person: person.chat_id is not None,
            )
        )
    if settings.smtp_url is not None:
        from actinf.responder.channels.mail import MailChannel, MailSettings

        mail = MailSettings.of(settings.smtp_url, sender=settings.mail_from or "", recipients=settings.mail_to)
        routes.append(
            Route(
                channel=MailChannel(mail, now=clock),
                announces=bool(settings.mail_to),
                rooms=False,
                reaches=lambda person: person.email is not None,
            )
        )
    if settings.pager_url is not None and settings.pager_secret is not None:
        from actinf.responder.channels.webhook import WebhookChannel, WebhookSettings

        pager = WebhookSettings(url=settings.pager_url, secret=settings.pager_secret, name="pager")
        routes.append(
            Route(
                channel=WebhookChannel(pager),
                announces=False,
                rooms=False,
                reaches=lambda person: person.phone is not None,
            )
        )
    if not routes:
        routes.append(Route(channel=NoChannel(), announces=True, rooms=False, reaches=lambda person: False))  # noqa: ARG005
    return routes
