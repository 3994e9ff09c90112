"""Mails to subscribers, over a real mail server."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.mailed import URL, Mailed, link_in, mailed, notice, page_with, update
from support.ports import wait_until

from actinf.responder.publishing.page import NoticeState
from actinf.responder.subscribing.journal import Journal
from actinf.responder.subscribing.mails import MOST_NOT_TAKEN, MOST_REFUSED, Mails
from actinf.responder.subscribing.refusals import MANY

_ADA, _BOB = "ada@example.org", "bob@example.net"


@pytest.fixture
def at_hand(tmp_path: Path) -> Iterator[Mailed]:
    with mailed(tmp_path / "status") as at_hand:
        yield at_hand


def test_each_subscriber_of_a_part_hears_each_update_once(at_hand: Mailed) -> None:
    at_hand.subscribed(_ADA)
    at_hand.subscribed(_BOB, components=("console",))
    at_hand.subscribed("eve@example.com", components=("api", "console"))
    mailing = at_hand.start()
    first = page_with(notice(update(1)))
    mailing.news(first)
    at_hand.until(2)
    mailing.news(first)
    mailing.news(page_with(notice(update(2, "It is mended.", state=NoticeState.RESOLVED), first.current[0].updates[0])))
    mails = at_hand.until(4)
    assert Counter(mail["To"] for mail in mails) == {_ADA: 2, "eve@example.com": 2}
    assert len({mail["Message-ID"] for mail in mails}) == 4
    assert at_hand.outcomes == {"sent": 4}


def test_a_mail_says_what_the_page_says_and_how_to_leave(at_hand: Mailed) -> None:
    at_hand.subscribed(_ADA)
    at_hand.start().news(page_with(notice(update(1, "Some requests fail.\n\n.A line that begins with a dot."))))
    (mail,) = at_hand.until(1)
    assert mail["Subject"] == "Investigating: Requests fail"
    assert mail["From"] == "Example status <status@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Affected: Inference API (partial outage)" in text
    assert "\n.A line that begins with a dot.\n" in text
    assert f"How it stands: {URL}/incidents/2026-11-27-001.html#2026-11-27-001/1" in text
    token = link_in(mail, "leave")
    assert mail["List-Unsubscribe"] == f"<{URL}/leave?token={token}>, <mailto:leave@example.org?subject=leave>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    page = mail.get_body(("html",)).get_content()
    assert "<script" not in page
    assert f'<a href="{URL}/leave?token={token}">' in page


def test_mails_of_one_notice_stand_together(at_hand: Mailed) -> None:
    at_hand.subscribed(_ADA)
    mailing = at_hand.start()
    first, other = update(1), update(1, key="2026-11-27-002")
    mailing.news(page_with(notice(update(2), first), notice(other, key="2026-11-27-002")))
    threads = Counter(mail["References"] for mail in at_hand.until(3))
    assert sorted(threads.values()) == [1, 2]


@pytest.mark.parametrize(
    "hostile",
    ["x\r\nBcc: all@example.org", "x\r\n.\r\nMAIL FROM:<a@b.c>", "<script>alert(1)</script>", "a\u202eb\x00c"],
)
def test_what_somebody_published_stays_a_title_and_a_text(at_hand: Mailed, hostile: str) -> None:
    at_hand.subscribed(_ADA)
    at_hand.start().news(page_with(notice(update(1, hostile), title=hostile)))
    (mail,) = at_hand.until(1)
    assert mail["Bcc"] is None
    assert at_hand.post.envelopes == [[_ADA]]
    assert "<script" not in mail.get_body(("html",)).get_content()
    assert "\u202e" not in mail["Subject"]


def test_what_is_old_and_what_was_before_somebody_came_is_no_news(at_hand: Mailed) -> None:
    at_hand.subscribed(_ADA)
    old = update(1, at=datetime.now(UTC) - timedelta(hours=25))
    earlier = update(2, at=datetime.now(UTC) - timedelta(minutes=5))
    at_hand.start().news(page_with(notice(update(3), earlier, old)))
    (mail,) = at_hand.until(1)
    assert "2026-11-27-001/3" in mail.get_body(("plain",)).get_content()


def test_what_was_erased_from_the_page_goes_out_no_more(at_hand: Mailed) -> None:
    at_hand.subscribed("ada@example.org")
    mails, now = Mails(at_hand.subscribers), datetime.now(UTC)
    for title, text in (("Ada's account", "Ada called."), ("Problems", "This notice has ended.")):
        page = page_with(notice(update(1, text, at=now), title=title))
        mails.put_in(page, lambda *_: "https://status.example.org/#1", now)
    (waiting,) = mails.take(9, set(), now)
    assert waiting.content is not None
    assert (waiting.content.title, waiting.content.text) == ("Problems", "This notice has ended.")
    with at_hand.subscribers.file.reading() as connection:
        assert "Ada" not in connection.execute("SELECT group_concat(content) FROM told").fetchone()[0]


def test_order_is_kept_for_each_of_them(at_hand: Mailed) -> None:
    at_hand.subscribed(*(f"s{number}@example.org" for number in range(20)))
    updates = [update(number, f"This is number {number}.") for number in range(6)]
    at_hand.start(connections=4).news(page_with(notice(*reversed(updates))))
    seen: dict[str, list[int]] = {}
    for mail in at_hand.until(120):
        text = mail.get_body(("plain",)).get_content()
        seen.setdefault(mail["To"], []).append(int(text.partition("This is number ")[2][0]))
    assert list(seen.values()) == [list(range(6))] * 20


def test_who_left_is_not_mailed_even_where_the_mail_was_put_in(at_hand: Mailed) -> None:
    at_hand.subscribed(_ADA, _BOB)
    page = page_with(notice(update(1)))
    assert Mails(at_hand.subscribers).put_in(page, lambda *_: "", datetime.now(UTC)) == 2
    assert at_hand.subscribers.remove(_ADA, datetime.now(UTC))
    at_hand.start()
    assert [mail["To"] for mail in at_hand.until(1)] == [_BOB]


def test_a_mailbox_that_is_not_there_is_given_up_after_some_mails(at_hand: Mailed) -> None:
    at_hand.subscribed(_ADA)
    at_hand.post.say_to_recipient = "550 5.1.1 no such mailbox"
    mailing = at_hand.start()
    for number in range(1, MOST_REFUSED + 1):
        mailing.news(page_with(notice(update(number))))
        wait_until(lambda: at_hand.subscribers.counts()["unsent"] == 0, "it is refused")
        wait_until(lambda: (at_hand.outcomes or {}).get("refused") == number, "it is counted")  # noqa: B023
    (ada,) = at_hand.subscribers.all()
    assert ada.paused
    at_hand.post.say_to_recipient = None
    at_hand.subscribed(_BOB)
    mailing.news(page_with(notice(update(MOST_REFUSED + 1))))
    assert [mail["To"] for mail in at_hand.until(1)] == [_BOB]


@pytest.mark.parametrize(("said", "outcome"), [("450 4.2.0 later", "later"), ("554 5.7.1 relay denied", "later")])
def test_what_is_not_the_fault_of_a_mailbox_is_tried_again(at_hand: Mailed, said: str, outcome: str) -> None:
    at_hand.subscribed(_ADA)
    at_hand.post.say_to_recipient = said
    at_hand.start().news(page_with(notice(update(1))))
    wait_until(lambda: (at_hand.outcomes or {}).get(outcome) == 1, "it is put off")
    (ada,) = at_hand.subscribers.all()
    assert (ada.refused, at_hand.subscribers.counts()["unsent"]) == (0, 1)


@pytest.mark.parametrize(("said", "outcome"), [("550 5.1.1 no such mailbox", "refused"), ("450 4.2.0 later", "later")])
def test_a_server_that_refuses_somebody_and_hangs_up_has_said_so(at_hand: Mailed, said: str, outcome: str) -> None:
    """It was asked again and again for the same one, each time after a longer pause for all."""
    at_hand.subscribed(_ADA)
    at_hand.post.say_to_recipient, at_hand.post.hangs_up = said, True
    mailing = at_hand.start()
    mailing.news(page_with(notice(update(1))))
    wait_until(lambda: (at_hand.outcomes or {}).get(outcome) == 1, "it is refused")
    assert mailing.trouble == ""


def test_a_server_that_refuses_all_alike_pauses_nobody_and_is_told_of(at_hand: Mailed) -> None:
    at_hand.subscribed(*(f"s{number}@example{number % 3}.org" for number in range(12)))
    at_hand.post.say_to_recipient = "550 5.1.1 unknown"
    mailing = at_hand.start(connections=1)
    mailing.news(page_with(notice(update(1))))
    wait_until(lambda: (at_hand.outcomes or {}).get("later", 0) >= MANY, "they are put off")
    assert "so that it is us whom it refuses: 550 5.1.1 unknown; mails wait" in mailing.trouble
    assert {one.refused for one in at_hand.subscribers.all()} == {0}
    at_hand.post.say_to_recipient = None

    def have_all() -> bool:
        with at_hand.subscribers.file.writing() as connection:
            connection.execute("UPDATE mail SET due = 0")
        mailing.wake()
        return len(at_hand.post.mails) == 12

    wait_until(have_all, "all arrive")
    assert len({mail["To"] for mail in at_hand.until(12)}) == 12
    assert mailing.trouble == ""


def test_what_a_server_does_not_take_from_whoever_sends_it_is_told_of_and_tried_some_times(at_hand: Mailed) -> None:
    """Of a sender that is not verified yet many servers say so after all of the mail: nobody heard of it."""
    at_hand.subscribed(_ADA)
    at_hand.post.say_to_data = "554 Message rejected: Email address is not verified."
    mailing = at_hand.start(connections=1)
    mailing.news(page_with(notice(update(1))))

    def tried(times: int) -> bool:
        with at_hand.subscribers.file.writing() as connection:
            connection.execute("UPDATE mail SET due = 0")
        mailing.wake()
        return (at_hand.outcomes or {}).get("not taken", 0) >= times

    wait_until(lambda: tried(MOST_NOT_TAKEN - 1), "it is tried again")
    assert "refuses what is mailed, or who mails it: 554 Message rejected: Email address is not" in mailing.trouble
    at_hand.post.say_to_data = None
    wait_until(lambda: tried(0) and len(at_hand.post.mails) == 1, "it arrives once the sender is known")
    wait_until(lambda: not mailing.trouble, "all is well")
    at_hand.post.say_to_data = "554 5.7.1 spam"
    mailing.news(page_with(notice(update(2))))
    wait_until(lambda: tried(2 * MOST_NOT_TAKEN - 1), "it is given up")
    assert at_hand.subscribers.counts()["unsent"] == 0
    assert {one.refused for one in at_hand.subscribers.all()} == {0}


def test_a_server_that_is_away_loses_nothing(at_hand: Mailed, tmp_path: Path) -> None:
    at_hand.subscribed(*(f"s{number}@example.org" for number in range(10)))
    at_hand.post.say_to_data = "451 busy"
    mailing = at_hand.start()
    mailing.news(page_with(notice(update(1))))
    wait_until(lambda: (at_hand.outcomes or {}).get("later") == 10, "all are put off")
    at_hand.post.say_to_data = None
    with at_hand.subscribers.file.writing() as connection:
        connection.execute("UPDATE mail SET due = 0")
    mailing.wake()
    assert len({mail["To"] for mail in at_hand.until(10)}) == 10


def test_a_mail_whose_number_is_in_the_journal_counts_as_sent(at_hand: Mailed) -> None:
    """What a process that was killed right after the dot leaves: the journal knows of it, the store does not."""
    at_hand.subscribed(_ADA, _BOB)
    mails = Mails(at_hand.subscribers)
    mails.put_in(page_with(notice(update(1))), lambda *_: "", datetime.now(UTC))
    (ada, _) = sorted(mails.take(10, set(), datetime.now(UTC)), key=lambda mail: mail.address)
    journal = Journal(at_hand.folder)
    at, mark = journal.place(ada.number)
    journal.memory[at : at + len(mark)] = mark
    journal.close()
    at_hand.start()
    assert [mail["To"] for mail in at_hand.until(1)] == [_BOB]


def test_a_journal_without_places_sends_nothing_rather_than_twice(at_hand: Mailed) -> None:
    journal = Journal(at_hand.folder)
    for number in range(1, 4097):
        journal.place(number)
    with pytest.raises(OSError, match="written down"):
        journal.place(5000)
    journal.forget(7)
    at, mark = journal.place(5000)
    assert journal.memory[at : at + 8] == bytes(8)
    assert int.from_bytes(mark, "little") == 5000
    journal.close()
