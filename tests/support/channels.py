"""A channel that reaches nobody: what it was given stands in a list, and it fails as it is told."""

import threading

from actinf.errors import ChannelError
from actinf.responder.channels.port import Delivery, Message


class RecordingChannel:
    """The test double of the port; it passes the port's own tests.

    Args:
        name: see `Channel.name`.
        takes_key: whether it shows a message with the same key once.

    Attributes:
        attempts: every message that it was given, in order.
        shown: what people have seen, by reference; an update replaces what it updates.
        failures: raised one after another, the next one at each attempt; None among them: that attempt succeeds.
    """

    def __init__(self, name: str = "double", *, takes_key: bool = False):
        self.name = name
        self.takes_key = takes_key
        self.attempts: list[Message] = []
        self.shown: dict[str, Message] = {}
        self.failures: list[ChannelError | None] = []
        self._references: dict[str, str] = {}
        self._lock = threading.Lock()

    def send(self, message: Message) -> Delivery:
        with self._lock:
            self.attempts.append(message)
            failure = self.failures.pop(0) if self.failures else None
            if failure is not None:
                if getattr(failure, "may_have_arrived", False):
                    self._show(message)
                raise failure
            return Delivery(reference=self._show(message))

    def _show(self, message: Message) -> str:
        known = message.update_of if message.update_of in self.shown else None
        if known is None and self.takes_key:
            known = self._references.get(message.key)
        reference = known or f"{self.name}-{len(self.shown) + 1}"
        self.shown[reference] = message
        self._references[message.key] = reference
        return reference
