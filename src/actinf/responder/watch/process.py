"""One watching process, from its first line to its last."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import platformdirs

from actinf.errors import ChannelError, SettingError
from actinf.responder.channels.port import Channel, Kind, Message
from actinf.responder.store.lock import sole
from actinf.responder.watch.looking import Looker
from actinf.responder.watch.memory import Memory
from actinf.responder.watch.outage import Patience
from actinf.responder.watch.settings import LOOK_SECONDS, WatchSettings
from actinf.responder.watch.watcher import Watcher

__all__ = ["tell_by_way_of_trial", "watch"]


def watch(settings: WatchSettings, *, say: Callable[[str], None]) -> None:
    """Watch until told to stop.

    Args:
        settings: of the process.
        say: tells the user a line.

    Raises:
        SettingError: a channel's settings make no sense, the folder cannot be used, or another process uses it.
    """
    channels = channels_of(settings)
    folder = _folder(settings)
    with sole(folder) as mine:
        if not mine:
            raise SettingError(f"another process watches with the folder {folder}: give another with --data-dir")
        looker = Looker(settings.url, LOOK_SECONDS)
        watcher = Watcher(
            looker.look,
            channels,
            Memory(folder, settings.url),
            host=looker.host,
            every=settings.every,
            patience=Patience(silent=timedelta(seconds=settings.silent), repeat=timedelta(seconds=settings.repeat)),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watcher.end())
        told = " and ".join(channel.name for channel in channels)
        say(
            f"Watching {settings.url} every {settings.every:g} s; tells by {told} what has lasted for "
            f"{settings.silent:g} s. Ctrl-C ends it."
        )
        try:
            watcher.run()
        finally:
            looker.close()


def tell_by_way_of_trial(settings: WatchSettings) -> dict[str, str]:
    """Send a message by each channel that says that nothing has happened.

    Args:
        settings: of the process.

    Returns:
        By the name of each channel: what went wrong; empty where it was taken.

    Raises:
        SettingError: a channel's settings make no sense.
    """
    message = Message(
        kind=Kind.CONTACT_TEST,
        key=f"responder-trial-{secrets.token_hex(8)}",
        subject="Contact test: nothing has happened",
        fields=(("Responder", settings.url),),
        text="It would be told here if this responder were dead. There is nothing to do.",
    )
    outcomes = {}
    for channel in channels_of(settings):
        try:
            channel.send(message)
        except ChannelError as error:
            outcomes[channel.name] = str(error)
        else:
            outcomes[channel.name] = ""
    return outcomes


def channels_of(settings: WatchSettings) -> list[Channel]:
    """The ways by which it is told.

    Raises:
        SettingError: they make no sense.
    """
    channels: list[Channel] = []
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        from actinf.responder.channels.webhook import WebhookChannel, WebhookSettings

        channels.append(WebhookChannel(WebhookSettings(url=settings.webhook_url, secret=settings.webhook_secret)))
    if settings.smtp_url is not None:
        from actinf.responder.channels.mail import MailChannel, MailSettings

        mail = MailSettings.of(settings.smtp_url, sender=settings.mail_from or "", recipients=settings.mail_to)
        channels.append(MailChannel(mail))
    return channels


def _folder(settings: WatchSettings) -> Path:
    usual = Path(platformdirs.user_data_dir("actinf", appauthor=False)) / "watch"
    folder = (settings.data_dir or usual).absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"what was told cannot be kept in {folder}: {error.strerror}; give another folder with --data-dir"
        ) from None
    return folder
