"""Whose fault a refusal is: the mailbox's is counted, ours is not."""

import pytest

from actinf.responder.subscribing.mails import Outcome, Waiting
from actinf.responder.subscribing.refusals import MANY, Became, Refusals, Whose, refusal

SENT, REFUSED, LATER = Outcome.SENT, Outcome.REFUSED, Outcome.LATER


def mail(number: int, to: str, *, strange: bool = False) -> Waiting:
    subscriber = None if strange else to
    return Waiting(number=number, address=to, subscriber=subscriber, asking=None, update="u", content=None)


def refused(number: int, said: str, to: str = "", *, strange: bool = False) -> Became:
    to = to or f"s{number}@example{number}.org"
    code, _, text = said.partition(" ")
    return Became(mail=mail(number, to, strange=strange), what=refusal(int(code), text.encode(), to))


def sent(number: int) -> Became:
    return Became(mail=mail(number, f"good{number}@example.org"), what=SENT)


@pytest.mark.parametrize(
    ("said", "whose"),
    [
        ("550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown", Whose.MAILBOX),
        ("550 5.1.10 null MX", Whose.MAILBOX),
        ("550 5.2.1 The email account that you tried to reach is disabled", Whose.MAILBOX),
        ("552 5.2.2 Mailbox full", Whose.MAILBOX),
        ("550 #5.1.0 Address rejected.", Whose.MAILBOX),
        ("556 The domain takes no mail", Whose.MAILBOX),
        ("554 5.7.1 <ada@example.org>: Relay access denied", Whose.OURS),
        ("550 5.7.26 Unauthenticated email is not accepted", Whose.OURS),
        ("553 5.1.8 <status@example.org>: Sender address rejected: Domain not found", Whose.OURS),
        ("553 5.1.7 Bad sender", Whose.OURS),
        ("550 5.5.1 Protocol error", Whose.OURS),
        ("550 relay not permitted", Whose.OURS),
        ("550 Relaying denied", Whose.OURS),
        ("530 Must issue a STARTTLS command first", Whose.OURS),
        ("550 sorry, no mailbox here by that name. (#5.1.1)", Whose.MAILBOX),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", Whose.OURS),
        ("550 5.4.1 Recipient address rejected: Access denied", Whose.UNCLEAR),
        ("550 no", Whose.UNCLEAR),
        ("550 ", Whose.UNCLEAR),
        ("550 5.1.11 what nobody has heard of", Whose.UNCLEAR),
        ("550 relay@example.org is not known", Whose.UNCLEAR),
    ],
)
def test_its_code_says_whose_fault_it_is(said: str, whose: Whose) -> None:
    code, _, text = said.partition(" ")
    to = "relay@example.org" if text.startswith("relay@") else "ada@example.org"
    assert refusal(int(code), text.encode(), to).whose is whose


def test_words_are_the_same_for_each_address_and_conversation() -> None:
    said = [
        refusal(550, f"5.1.1 <{name}@{domain}>: no {name} at {domain} [{number}-q7si] (10.0.0.{number})".encode(), to)
        for number, (name, domain) in enumerate((("ada", "example.org"), ("bob.b", "mail.example.net")), 1)
        for to in (f"{name}@{domain}",)
    ]
    assert said[0] == said[1]
    assert said[0].words.startswith("550 5.1.1 ")
    assert "ada" not in said[0].words


@pytest.mark.parametrize("text", [b"\xff\xfe", b"\r\n\x1b[31m5.1.1", b"5." * 500, b"1" * 5000])
def test_whatever_a_server_says_is_read(text: bytes) -> None:
    assert len(refusal(550, text, "(@[a.*").words) < 200


def test_a_mailbox_that_is_not_there_counts_at_once_where_others_take_mails() -> None:
    refusals = Refusals()
    assert refusals.sifted([refused(1, "550 5.1.1 unknown")]) == []
    assert refusals.sifted([sent(2)]) == [(2, SENT), (1, REFUSED)]


def test_what_is_not_clear_counts_where_the_server_takes_mails_of_ours() -> None:
    refusals = Refusals()
    assert refusals.sifted([refused(1, "550 no such user here")]) == []
    assert refusals.rest() == [(1, LATER)], "nothing shows that it takes any"
    assert refusals.sifted([sent(2), refused(3, "550 no such user here")]) == [(2, SENT)]
    assert refusals.rest() == [(3, REFUSED)]


@pytest.mark.parametrize("said", ["550 5.1.1 unknown", "550 no", "554 5.7.1 Client host blocked", "550 relay denied"])
def test_many_addresses_refused_alike_are_us(said: str) -> None:
    refusals = Refusals()
    found = refusals.sifted([refused(number, said) for number in range(MANY)])
    assert sorted(found) == [(number, LATER) for number in range(MANY)]
    assert refusals.refuses_us.startswith("55")
    assert refusals.sifted([refused(99, said)]) == [(99, LATER)]
    assert refusals.rest() == []
    refusals.sifted([sent(100)])
    assert refusals.refuses_us == ""


def test_one_address_many_times_is_not_many() -> None:
    refusals = Refusals()
    for number in range(2 * MANY):
        refusals.sifted([refused(number, "550 5.1.1 unknown", "ada@example.org")])
        assert refusals.rest() == [(number, REFUSED)]
    assert refusals.refuses_us == ""


def test_all_mailboxes_of_one_domain_may_be_gone() -> None:
    refusals = Refusals()
    refusals.sifted([refused(number, "550 5.1.1 unknown", f"s{number}@gone.example") for number in range(3 * MANY)])
    assert refusals.refuses_us == ""
    assert {outcome for _, outcome in refusals.rest()} == {REFUSED}


def test_who_is_refused_between_others_in_unclear_words_is_not_paused_where_many_are() -> None:
    """A relay takes mails for its own domain, and none for others."""
    refusals = Refusals()
    found = []
    for number in range(4 * MANY):
        found += refusals.sifted([refused(2 * number, "550 not for us"), sent(2 * number + 1)])
    found += refusals.rest()
    assert {outcome for number, outcome in found if number % 2 == 0} == {LATER}
    assert refusals.refuses_us == "", "it takes mails"


def test_a_robot_that_types_what_is_no_address_stops_nothing() -> None:
    refusals = Refusals()
    typed = [refused(number, "550 5.1.1 unknown", strange=True) for number in range(MANY)]
    typed += [refused(number + 100, "550 unknown", strange=True) for number in range(MANY)]
    found = refusals.sifted(typed)
    assert found == [(number, REFUSED) for number in range(MANY)]
    assert refusals.refuses_us == ""


def test_what_was_said_long_ago_is_forgotten() -> None:
    now = [0.0]
    refusals = Refusals(lambda: now[0])
    for number in range(2 * MANY):
        refusals.sifted([refused(number, "550 no")])
        refusals.rest()
        now[0] += 601
    assert refusals.refuses_us == ""


def test_mailboxes_that_are_gone_are_found_so_also_where_they_come_one_after_another() -> None:
    """Five of them side by side were put off for a day, each time alone, and the server was said to refuse us."""
    refusals, gone = Refusals(), [refused(number, "550 5.1.1 unknown") for number in range(MANY)]
    assert refusals.sifted(gone) == [(number, LATER) for number in range(MANY)], "it may be us"
    assert refusals.sifted([sent(10)]) == [(10, SENT)]
    assert refusals.sifted(gone) == [(number, REFUSED) for number in range(MANY)], "it took ours meanwhile"
    assert refusals.refuses_us == ""
    others = [refused(number, "550 5.1.1 unknown") for number in range(20, 20 + MANY)]
    assert refusals.sifted(others) == [(number, LATER) for number in range(20, 20 + MANY)]
    back = Became(mail=gone[0].mail, what=SENT)
    assert refusals.sifted([back, refused(0, "550 5.1.1 unknown")]) == [(0, SENT)], "it is there again, and waits"
