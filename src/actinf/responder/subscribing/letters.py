"""What mails to subscribers say, as the bytes that a mail server takes.

All of it is made from what was published, and made harmless for the place where it is shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from actinf.responder.channels import neutral
from actinf.responder.subscribing.mails import Content

__all__ = ["Letters", "Post"]

#: Long addresses of links stay whole in headers; the body is in 7 bits, and lines of 76.
_WIRE = SMTP.clone(max_line_length=998, cte_type="7bit")
_LONGEST_TITLE, _LONGEST_TEXT = 150, 6_000
_STYLE = "font-family:system-ui,sans-serif;line-height:1.5;max-width:38em"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """From whom mails come.

    Attributes:
        sender: address that mails come from.
        leave_mail: address that a mail to leave is sent to, which somebody reads; None: by links alone.
    """

    sender: str
    leave_mail: str | None = None


class Letters:
    """Writes them.

    Args:
        post: from whom they come.
    """

    def __init__(self, post: Post):
        self._post = post
        self._domain = post.sender.rpartition("@")[2]

    def asks_back(self, to: str, identity: str, service: str, link: str, now: datetime) -> bytes:
        """The first mail: did you ask for this?

        Args:
            to: the address that somebody typed.
            identity: of the question.
            service: the name of the service.
            link: by which they say yes.
            now: the time.
        """
        name = neutral.line(service, 100)
        mail = self._begun(to, f"Do you want updates on {name}?", name, now)
        mail["Message-ID"] = self._message_id("asks", identity)
        text = (
            f"Somebody, we hope you, asked for mails about the status of {name} to this address.\n\n"
            f"If it was you, open this page and say yes:\n{link}\n\n"
            "It works for two days. If it was not you, there is nothing to do: without a yes you get no more mails.\n"
        )
        mail.set_content(text)
        mail.add_alternative(
            _html(
                f"<p>Somebody, we hope you, asked for mails about the status of <b>{escape(name)}</b> to this address."
                "</p>"
                f'<p><a href="{escape(link)}">Yes, it was me</a></p>'
                "<p>The link works for two days. If it was not you, there is nothing to do: without a yes you get no "
                "more mails.</p>"
            ),
            subtype="html",
        )
        return mail.as_bytes(policy=_WIRE)

    def tells(self, to: str, subscriber: str, update: str, content: Content, leave: str, now: datetime) -> bytes:
        """What was said on the page.

        Args:
            to: the subscriber's address.
            subscriber: who they are.
            update: its key.
            content: what it says.
            leave: the link by which they leave.
            now: the time.
        """
        title, name = neutral.line(content.title, _LONGEST_TITLE), neutral.line(content.service, 100)
        state, affected = content.state.capitalize(), neutral.line(content.affected, 400)
        said = neutral.block(content.text, _LONGEST_TEXT)
        mail = self._begun(to, f"{state}: {title}", name, now)
        mail["Message-ID"] = self._message_id("update", subscriber, update)
        # No mail has it: all those of one notice stand together, whichever of them somebody got first.
        thread = self._message_id("notice", subscriber, content.notice)
        mail["In-Reply-To"] = thread
        mail["References"] = thread
        mail["List-Id"] = f"<status.{self._domain}>"
        ways = [f"<{leave}>"] + ([f"<mailto:{self._post.leave_mail}?subject=leave>"] if self._post.leave_mail else [])
        mail["List-Unsubscribe"] = ", ".join(ways)
        if leave.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        when = f"{datetime.fromisoformat(content.at):%d %B %Y, %H:%M} UTC"
        about = f"Affected: {affected} ({content.impact})\n" if affected else ""
        mail.set_content(
            f"{title}\n{state}, {when}\n{about}\n{said}\n\n"
            f"How it stands: {content.link}\n\n"
            f"-- \nYou get this because you subscribed to {content.home}\nNo more of it: {leave}\n"
        )
        paragraphs = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in said.split("\n\n"))
        mail.add_alternative(
            _html(
                f"<h1 style='font-size:1.2em'>{escape(title)}</h1><p><b>{escape(state)}</b>, {when}"
                f"{'<br>Affected: ' + escape(affected) + ' (' + escape(content.impact) + ')' if affected else ''}</p>"
                f'{paragraphs}<p><a href="{escape(content.link)}">How it stands</a></p>'
                f'<hr><p style="font-size:.85em">You get this because you subscribed to '
                f'<a href="{escape(content.home)}">{escape(name)} status</a>. '
                f'<a href="{escape(leave)}">No more of it</a></p>'
            ),
            subtype="html",
        )
        return mail.as_bytes(policy=_WIRE)

    def _begun(self, to: str, subject: str, name: str, now: datetime) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(display_name=f"{name} status", addr_spec=self._post.sender)
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = subject
        mail["Date"] = format_datetime(now)
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        return mail

    def _message_id(self, *parts: str) -> str:
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
        return f"<{digest}@{self._domain}>"


def _html(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f'</head><body style="{_STYLE}">{body}</body></html>\n'
    )
