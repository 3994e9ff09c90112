"""What a channel is: it takes a message, hands it to a provider, and says what became of it.

A channel neither waits nor tries again, and remembers nothing that would be missed after a crash: who sends decides
when, how often and in which order.  Each attempt ends within a bounded time.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from actinf.responder.oncall.people import Person

__all__ = ["Channel", "Delivery", "Kind", "Message", "Offer", "TriesOut"]


class Kind(StrEnum):
    """What a message is about."""

    ALERT = "alert"  # an incident was opened, or what is known of it has changed
    PAGE = "page"  # somebody has to act, and to say so
    ACKNOWLEDGED = "acknowledged"
    ESCALATION = "escalation"  # nobody answered: the next one is asked
    WARNING = "warning"  # a time limit comes near
    BREACH = "breach"  # a time limit has passed
    RESOLVED = "resolved"
    HANDOFF = "handoff"  # a shift begins
    REMINDER = "reminder"
    CONTACT_TEST = "contact_test"
    RAMP = "ramp"  # how the way back of a service goes
    WAR_ROOM = "war_room"  # make a room for an incident, or bring one that is there up to date


class Offer(StrEnum):
    """What can be done with one tap, where a channel takes taps."""

    ACKNOWLEDGE = "ack"
    LEAD = "lead"
    TAKE_OVER = "take-over"  # the lead, from whoever has it


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message.  Its texts may hold what strangers wrote: every channel makes them harmless for its own target.

    Args:
        kind: what it is about.
        key: names this message for ever; the same one on each attempt to send it.
        incident: which incident, "2026-11-23-001"; None: none in particular.
        to: whom it is for, or, where there is a room, whom it mentions; None: nobody in particular.
        subject: one line.
        fields: names and values, in the order in which they are shown.
        text: what is said beyond the fields; may be empty.
        update_of: the reference of an earlier delivery that this one edits, where the channel can do that, and else
            answers; None: it stands by itself.
        room: the chat room that it goes into, without "#"; None: to `to`, or where the channel sends by default.
        private: whether a room that is made for it is open to invited people alone.
        offers: what can be done with its incident now.
        link: where more of its incident is shown, an address of the web; None: nowhere.
    """

    kind: Kind
    key: str
    incident: str | None = None
    to: Person | None = None
    subject: str
    fields: tuple[tuple[str, str], ...] = ()
    text: str = ""
    update_of: str | None = None
    room: str | None = None
    private: bool = False
    offers: tuple[Offer, ...] = ()
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A message that the provider has accepted.

    Args:
        reference: what the provider calls it, for `Message.update_of`; None: it gives it no name.
    """

    reference: str | None = None


class Channel(Protocol):
    """A way to people.  Several threads may send at once."""

    @property
    def name(self) -> str:
        """Names the channel in timelines and logs."""
        ...

    @property
    def takes_key(self) -> bool:
        """Whether the provider drops a second message with the same key, so that sending twice shows one."""
        ...

    def send(self, message: Message) -> Delivery:
        """Hand one message to the provider, once.

        Args:
            message: what to send.

        Raises:
            ChannelRefused: it will not go out as it stands, however often it is tried.
            ChannelTrouble: not this time; `may_have_arrived` says whether trying again may show it twice.
        """
        ...


@runtime_checkable
class TriesOut(Protocol):
    """A channel that can see whether its provider would take a message, without sending one."""

    def try_out(self) -> str:
        """Go as far as a message would, and stop before it; what was seen, in a few words.

        Raises:
            ChannelRefused: no message would go out.
            ChannelTrouble: none would go out now.
        """
        ...
