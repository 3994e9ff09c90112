"""Ten thousand subscribers are mailed once each, though the process that mails is killed ten times."""

import random
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.mail_server import MailServer
from support.mailed import SENDER, notice, page_with, update
from support.ports import wait_until
from support.status_site import publish, status_process

from actinf.responder.publishing.page import PublicPage
from actinf.responder.subscribing.subscribers import Subscribers

_SUBSCRIBERS, _KILLS = 10_000, 10


def test_each_of_ten_thousand_gets_one_mail_across_ten_kills(tmp_path: Path) -> None:
    folder = tmp_path / "status"
    folder.mkdir()
    rng, post = random.Random(20261127), MailServer()
    _subscribe(folder, _SUBSCRIBERS)
    publish(folder, {"index.html": "page"}, _page())
    kills = sorted(rng.randrange(_SUBSCRIBERS // 50, _SUBSCRIBERS - _SUBSCRIBERS // 50) for _ in range(_KILLS))
    environment = {
        "SMTP_URL": f"smtp://127.0.0.1:{post.port}",
        "MAIL_FROM": SENDER,
        "MAILS_PER_SECOND": "10000",
        "MAIL_CONNECTIONS": "8",
        "LOG_LEVEL": "warning",
    }
    began = time.monotonic()
    try:
        for at in kills:
            with status_process(folder, **environment) as (_, process):
                wait_until(lambda: len(post.mails) >= at, f"{at} mails arrive", seconds=600)  # noqa: B023
                time.sleep(rng.uniform(0, 0.05))
                process.kill()
                process.wait()
        with (
            status_process(folder, **environment),
            closing(Subscribers(folder)) as subscribers,
        ):
            wait_until(lambda: subscribers.counts()["unsent"] == 0, "nothing waits any more", seconds=600)
        seconds = time.monotonic() - began
    finally:
        post.stop()
    got = Counter(str(mail["To"]) for mail in post.mails)
    twice = [address for address, count in got.items() if count > 1]
    print(
        f"{len(post.mails)} mails to {len(got)} of {_SUBSCRIBERS}, {_KILLS} kills, {seconds:.0f} s; twice {len(twice)}"
    )
    assert len(got) == _SUBSCRIBERS
    assert twice == []


def _page() -> PublicPage:
    return page_with(notice(update(1, "Some requests fail. We are looking into it.")))


def _subscribe(folder: Path, count: int) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    with closing(Subscribers(folder)) as subscribers, subscribers.writing():
        for number in range(count):
            assert subscribers.add(f"reader-{number}@example.org", (), "a campaign", since)
