"""Who subscribes, says yes and leaves; and robots."""

import re
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import RateLimited, StoreError, SubscriptionRefused
from actinf.responder.subscribing.addresses import hint_of, mailbox_of, mailbox_told, network_of
from actinf.responder.subscribing.mails import Mails, Waiting
from actinf.responder.subscribing.subscribers import FILE, KEY, Bounds, Subscribers
from actinf.responder.subscribing.tokens import VALID_FOR, Tokens, Use

_NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
_ADA = "Ada@example.org"
_HERE = "203.0.113.7"


@pytest.fixture
def subscribers(tmp_path: Path) -> Iterator[Subscribers]:
    kept = Subscribers(tmp_path, Bounds(network=4, together=8, waiting=6))
    yield kept
    kept.close()


def _put_in(subscribers: Subscribers, at: datetime = _NOW) -> list[Waiting]:
    return Mails(subscribers).take(100, set(), at)


def _token(
    subscribers: Subscribers, typed: str = _ADA, *, at: datetime = _NOW, components: tuple[str, ...] = ()
) -> str:
    """Of the first mail to an address."""
    subscribers.ask(typed, components, _HERE, at)
    mail = _put_in(subscribers, at)[-1]
    assert mail.asking is not None
    return subscribers.confirming(*mail.asking)


def _confirmed(subscribers: Subscribers, **said: object) -> None:
    subscribers.confirm(_token(subscribers, **said), _NOW)  # type: ignore[arg-type]


def test_who_leaves_is_in_no_file_any_more(subscribers: Subscribers, tmp_path: Path) -> None:
    _confirmed(subscribers)
    (ada,) = subscribers.all()
    subscribers.leave(subscribers.leaving(ada.id), _NOW)
    assert not any(b"@example.org" in one.read_bytes() for one in tmp_path.iterdir())


def test_nobody_is_subscribed_who_did_not_say_yes(subscribers: Subscribers) -> None:
    token = _token(subscribers, components=("api",))
    assert list(subscribers.all()) == []
    assert subscribers.asked(token, _NOW) == ("api",)
    assert list(subscribers.all()) == []
    subscribers.confirm(token, _NOW + timedelta(hours=1))
    (ada,) = subscribers.all()
    assert (ada.address, ada.components, ada.since) == (_ADA, ("api",), _NOW + timedelta(hours=1))
    subscribers.confirm(token, _NOW + timedelta(hours=2))  # pressed twice
    assert subscribers.asked(token, _NOW) == ("api",)


def test_a_link_ends_and_is_good_once(subscribers: Subscribers) -> None:
    token = _token(subscribers)
    with pytest.raises(SubscriptionRefused, match="expired"):
        subscribers.confirm(token, _NOW + VALID_FOR + timedelta(minutes=1))
    subscribers.confirm(token, _NOW)
    (ada,) = subscribers.all()
    subscribers.leave(subscribers.leaving(ada.id), _NOW)
    with pytest.raises(SubscriptionRefused, match="used before"):
        subscribers.confirm(token, _NOW)
    assert list(subscribers.all()) == []


def test_who_leaves_is_erased_from_the_file(subscribers: Subscribers, tmp_path: Path) -> None:
    _confirmed(subscribers)
    (ada,) = subscribers.all()
    token = subscribers.leaving(ada.id)
    assert subscribers.staying(token, _NOW) == ada
    subscribers.leave(token, _NOW)
    subscribers.leave(token, _NOW)
    assert subscribers.staying(token, _NOW) is None
    subscribers.tidy(_NOW)
    subscribers.close()
    for file in tmp_path.iterdir():
        assert b"example.org" not in file.read_bytes(), file.name


def test_who_left_is_not_brought_back_by_a_list_but_by_themselves(subscribers: Subscribers) -> None:
    _confirmed(subscribers)
    subscribers.remove(_ADA, _NOW)
    assert not subscribers.add(_ADA.lower(), (), "on paper", _NOW)
    later = _NOW + timedelta(days=2)
    subscribers.confirm(_token(subscribers, at=later), later)
    assert subscribers.add(_ADA, ("api",), "on paper", later)


def test_the_link_to_leave_of_an_old_mail_is_good_after_they_came_back(subscribers: Subscribers) -> None:
    _confirmed(subscribers)
    (ada,) = subscribers.all()
    token = subscribers.leaving(ada.id)
    subscribers.leave(token, _NOW)
    later = _NOW + timedelta(days=2)
    subscribers.confirm(_token(subscribers, "ADA@EXAMPLE.org", at=later), later)
    subscribers.leave(token, later)
    assert list(subscribers.all()) == []


def test_subscribing_again_changes_the_parts(subscribers: Subscribers) -> None:
    _confirmed(subscribers, components=("api", "console"))
    later = _NOW + timedelta(days=2)
    subscribers.confirm(_token(subscribers, at=later, components=("console",)), later)
    (ada,) = subscribers.all()
    assert (ada.components, ada.since) == (("console",), _NOW)


def test_a_mailbox_is_written_to_once_a_day_however_its_address_is_typed(subscribers: Subscribers) -> None:
    for typed in ("ada.l@gmail.com", "adal+1@gmail.com", "A.D.A.L@GoogleMail.com", "adal@gmail.com"):
        subscribers.ask(typed, (), _HERE, _NOW)
    assert len(_put_in(subscribers)) == 1
    subscribers.ask("adal@gmail.com", (), _HERE, _NOW + timedelta(hours=25))
    assert len(_put_in(subscribers, _NOW + timedelta(hours=25))) == 2


def test_a_robot_mails_few_strangers_and_fills_no_disk(subscribers: Subscribers, tmp_path: Path) -> None:
    """A thousand addresses from each of many networks, for three days."""
    refused = 0
    for hour in range(72):
        now = _NOW + timedelta(hours=hour)
        for number in range(20):
            try:
                subscribers.ask(f"v{hour}-{number}@example.org", (), f"203.0.{number % 5}.{number}", now)
            except RateLimited:
                refused += 1
        subscribers.tidy(now)
        Mails(subscribers).give_up(now)
    assert subscribers.counts()["waiting"] <= 6
    assert refused > 72 * 12
    assert (tmp_path / FILE).stat().st_size < 300_000


def test_one_network_does_not_use_up_what_is_for_all(subscribers: Subscribers) -> None:
    for number in range(4):
        subscribers.ask(f"a{number}@example.org", (), f"2001:db8:1:2::{number}", _NOW)
    with pytest.raises(RateLimited, match="your network"):
        subscribers.ask("b@example.org", (), "2001:db8:1:2:ffff::", _NOW)
    subscribers.ask("b@example.org", (), "2001:db8:1:3::", _NOW)


def test_files_are_for_their_owner_alone(subscribers: Subscribers, tmp_path: Path) -> None:
    _confirmed(subscribers)
    for name in (FILE, KEY):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_file_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="damaged"):
        Subscribers(tmp_path)


def test_a_full_disk_takes_nobody_and_says_so(subscribers: Subscribers) -> None:
    with subscribers.file.writing() as connection:
        pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    many = tuple(f"component-{number}" for number in range(4000))
    with pytest.raises(StoreError, match="full"):
        subscribers.ask(_ADA, many, _HERE, _NOW)
    assert subscribers.counts()["waiting"] == 0


def test_a_token_is_for_one_use_and_of_one_key() -> None:
    tokens = Tokens(b"k" * 32)
    identity = "0" * 32
    token = tokens.made(Use.CONFIRM, identity, _NOW + VALID_FOR)
    assert tokens.read(Use.CONFIRM, token, _NOW) == identity
    with pytest.raises(SubscriptionRefused):
        tokens.read(Use.LEAVE, token, _NOW)
    with pytest.raises(SubscriptionRefused):
        Tokens(b"o" * 32).read(Use.CONFIRM, token, _NOW)
    assert tokens.read(Use.LEAVE, tokens.made(Use.LEAVE, identity, None), _NOW + timedelta(days=3650)) == identity


@given(st.text(max_size=80) | st.from_regex(r"[0-9a-f]{32}\.[0-9a-f]{1,14}\.[A-Za-z0-9_-]{22}", fullmatch=True))
def test_no_token_is_guessed(token: str) -> None:
    for use in Use:
        with pytest.raises(SubscriptionRefused):
            Tokens(b"k" * 32).read(use, token, _NOW)


@pytest.mark.parametrize(
    "typed",
    ["", "@", "ada", "ada@", "@example.org", "ada@example", "ada@[127.0.0.1]", "ada@127.0.0.1", "ada@localhost",
     "ada@example.org\r\nBcc: all@example.org", "ada@example.org,bob@example.org", "ada@example.org bob@example.org",
     "a da@example.org", "Ada <ada@example.org>", '"a b"@example.org', "ada@exa mple.org", "ada@-example.org",
     "ada@example..org", ".ada@example.org", "ada.@example.org", f"{'a' * 65}@example.org", f"ada@{'a' * 64}.org",
     f"ada@{'abcdefgh.' * 30}org", "ada\x00@example.org", "ада@example.org", "ada@example.org\n", "ada@example.123"],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(SubscriptionRefused, match="expected one like"):
        mailbox_told(typed)


@given(st.text(max_size=60) | st.emails())
def test_an_address_is_one_line_of_ascii_and_stays_what_it_is(typed: str) -> None:
    try:
        address = mailbox_told(typed)
    except SubscriptionRefused:
        return
    assert re.fullmatch(r"[!-~]+@[!-~]+", address)
    assert not set(address) & set('<>(),;:\\"[] ')
    assert mailbox_told(address) == address
    assert "@" in mailbox_of(address)
    assert hint_of(address).startswith(address[0])


def test_names_of_other_scripts_are_written_as_mail_servers_know_them() -> None:
    assert mailbox_told("ada@bücher.example") == "ada@xn--bcher-kva.example"


def test_a_network_is_a_household() -> None:
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("") == network_of("nonsense") == "unknown"


def test_two_processes_share_the_file(subscribers: Subscribers, tmp_path: Path) -> None:
    other = Subscribers(tmp_path)
    other.add(_ADA, (), "on paper", _NOW)
    assert [one.address for one in subscribers.all()] == [_ADA]
    other.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()
