"""Mail, over a real SMTP server."""

import dataclasses

import pytest
from pydantic import SecretStr
from support.channel_bench import ADA, mail_channel
from support.mail_server import PASSWORD, USER, MailServer

from actinf.errors import ChannelRefused, ChannelTrouble, SettingError
from actinf.responder.channels import messages
from actinf.responder.channels.mail import MailSettings, Security
from actinf.responder.channels.messages import Briefing, plain_text

BRIEFING = Briefing(
    incident="2026-11-23-001",
    severity="P1",
    component="Active Inference API",
    impact="Inference requests failing",
    status="Investigating",
    lead=ADA,
)
ALERT = messages.alert(BRIEFING, key="k1")
PAGE = messages.page(BRIEFING, key="k2", to=ADA, duty="primary on-call")


def test_an_alert_goes_to_the_team_and_reads_like_the_runbooks(mail_server):
    mail_channel(mail_server.port).send(ALERT)
    (mail,) = mail_server.mails
    assert mail_server.envelopes == [["team@example.org"]]
    assert mail["Subject"] == (
        "[2026-11-23-001] 🚨 INCIDENT ALERT 🚨 P1 Active Inference API: Inference requests failing"
    )
    assert mail.get_content().replace("\r\n", "\n").strip() == plain_text(ALERT)


def test_a_page_goes_to_the_person_and_says_that_it_is_urgent(mail_server):
    mail_channel(mail_server.port).send(PAGE)
    (mail,) = mail_server.mails
    assert mail["To"] == "Ada Lovelace <ada@example.org>"
    assert mail_server.envelopes == [["ada@example.org"]]
    assert (mail["Importance"], mail["Auto-Submitted"]) == ("high", "auto-generated")


def test_an_update_answers_the_first_mail(mail_server):
    channel = mail_channel(mail_server.port)
    first = channel.send(ALERT)
    channel.send(messages.alert(dataclasses.replace(BRIEFING, status="Resolved"), key="k3", update_of=first.reference))
    original, answer = mail_server.mails
    assert answer["In-Reply-To"] == answer["References"] == original["Message-ID"] == first.reference
    assert answer["Message-ID"] != original["Message-ID"]


INJECTIONS = [
    "x\r\nBcc: all@example.org",
    "x\nBcc: all@example.org",
    "x\r\n\r\nbody",
    "x\x00y",
    "x\u2028Bcc: a@b.c",
    "\r\n.\r\n",
]


@pytest.mark.parametrize("injected", INJECTIONS)
def test_no_text_becomes_a_header_or_ends_the_mail(mail_server, injected):
    message = dataclasses.replace(
        PAGE, key=injected, subject=injected, text=injected, update_of=injected, incident=injected
    )
    mail_channel(mail_server.port).send(message)
    (mail,) = mail_server.mails
    assert mail_server.envelopes == [["ada@example.org"]]
    assert mail["Bcc"] is None
    assert mail["In-Reply-To"] is None
    assert mail.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "X-Actinf-Key", "Auto-Submitted", "Importance", "X-Priority",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["a@b, c@d", "a@b\r\nBcc: c@d", "ä@example.org", "<a@b>", "a b@c", "@", "a@b;c"])
def test_an_address_that_is_not_one_address_is_refused(mail_server, address):
    """A person of the rotation is checked already; what comes out of an older file may not be."""
    odd = dataclasses.replace(ADA)
    object.__setattr__(odd, "email", address)
    with pytest.raises(ChannelRefused, match="the mail address of @ada"):
        mail_channel(mail_server.port).send(dataclasses.replace(PAGE, to=odd))
    assert mail_server.mails == []


def test_mail_goes_with_a_password_once_the_connection_is_encrypted(authority):
    server = MailServer(tls="starttls", authority=authority, asks_password=True)
    try:
        channel = mail_channel(
            server.port, security=Security.STARTTLS, user=USER, password=SecretStr(PASSWORD), ca_file=authority.file
        )
        channel.send(PAGE)
        assert len(server.mails) == 1
    finally:
        server.stop()


def test_mail_goes_encrypted_from_the_first_byte(authority):
    server = MailServer(tls="tls", authority=authority)
    try:
        mail_channel(server.port, security=Security.TLS, ca_file=authority.file).send(PAGE)
        assert len(server.mails) == 1
    finally:
        server.stop()


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_that_nobody_trusts_is_refused_before_the_password_is_said(authority, security):
    server = MailServer(tls=str(security), authority=authority)
    try:
        with pytest.raises(ChannelRefused, match=r"not trusted.*ca_file"):
            mail_channel(server.port, security=security, user=USER, password=SecretStr(PASSWORD)).send(PAGE)
        assert server.mails == []
    finally:
        server.stop()


def test_a_server_without_encryption_is_refused_where_it_was_asked_for(mail_server):
    with pytest.raises(ChannelRefused, match="STARTTLS"):
        mail_channel(mail_server.port, security=Security.STARTTLS).send(PAGE)
    assert mail_server.mails == []


def test_a_wrong_password_is_final_and_not_repeated_in_the_error(authority):
    server = MailServer(tls="starttls", authority=authority, asks_password=True)
    try:
        channel = mail_channel(
            server.port, security=Security.STARTTLS, user=USER, password=SecretStr("wrong-one"), ca_file=authority.file
        )
        with pytest.raises(ChannelRefused, match="check the user and the password") as caught:
            channel.send(PAGE)
        assert "wrong-one" not in str(caught.value)
    finally:
        server.stop()


def test_a_server_says_later_and_it_is_tried_later(mail_server):
    mail_server.say_to_recipient = "450 4.2.0 greylisted"
    with pytest.raises(ChannelTrouble, match="450") as caught:
        mail_channel(mail_server.port).send(PAGE)
    assert not caught.value.may_have_arrived


def test_a_server_says_no_and_it_is_final(mail_server):
    mail_server.say_to_recipient = "550 5.1.1 no such user"
    with pytest.raises(ChannelRefused, match=r"550 5\.1\.1 no such user"):
        mail_channel(mail_server.port).send(PAGE)


@pytest.mark.parametrize(
    ("said", "error"), [("452 disk full", ChannelTrouble), ("554 looks like spam", ChannelRefused)]
)
def test_a_mail_that_is_not_taken_has_not_arrived(mail_server, said, error):
    mail_server.say_to_data = said
    with pytest.raises(error) as caught:
        mail_channel(mail_server.port).send(PAGE)
    assert not getattr(caught.value, "may_have_arrived", False)


def test_a_mail_for_nobody_in_particular_needs_recipients(mail_server):
    with pytest.raises(ChannelRefused, match="no recipients are set"):
        mail_channel(mail_server.port, recipients=()).send(ALERT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "not an address"},
        {"recipients": ("a@b.org, c@d.org",)},
        {"user": "somebody"},
        {"host": "mail.example.org"},
        {"port": 0},
        {"seconds": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    right = {"host": "127.0.0.1", "port": 25, "sender": "a@b.org", "security": Security.NONE}
    with pytest.raises(SettingError):
        MailSettings(**{**right, **wrong})
