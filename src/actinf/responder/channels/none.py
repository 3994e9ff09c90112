"""No channel at all: what would have been sent stands in the log of the process, so that an incident runs without."""

import logging

from actinf.responder.channels.messages import digest
from actinf.responder.channels.neutral import line
from actinf.responder.channels.port import Delivery, Message

__all__ = ["NoChannel"]

_LOG = logging.getLogger("actinf.responder.channels")


class NoChannel:
    """Writes one line for each message and is never in trouble.

    The line says who would have been told of what, and not the text below the subject: a log outlives what people
    wrote and may want erased.
    """

    name = "none"
    #: There is nobody who could be told twice.
    takes_key = True

    def send(self, message: Message) -> Delivery:
        """Log a message; see `Channel.send`."""
        whom = f"@{message.to.handle}" if message.to else f"#{message.room}" if message.room else "everybody"
        _LOG.info("no channel is set up; to %s: %s", line(whom, 80), digest(message))
        return Delivery()
