"""Tells somebody in Slack what came of their tap, so that they alone see it.

It is told once and not kept: what was done stands on the timeline, and who tapped in vain can tap again.
"""

import http.client
import json
import logging
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from actinf.responder.channels import neutral
from actinf.responder.channels.slack_web import NoRedirect

__all__ = ["SlackReplies"]

_LOG = logging.getLogger(__name__)

_SECONDS = 5.0
#: More would be told long after anybody looks.
_MOST_WAITING = 50


class SlackReplies:
    """Replies, one after another, beside the loop that serves.

    Args:
        base_url: of Slack's API; replies go there, or to the host `hooks.` of it.
    """

    def __init__(self, base_url: str):
        api = urlsplit(base_url)
        self._scheme, self._hosts = api.scheme, {api.netloc, f"hooks.{api.netloc}"}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
        self._hands = ThreadPoolExecutor(1, "slack-reply")
        self._room = threading.BoundedSemaphore(_MOST_WAITING)

    def tell(self, reply_to: str, text: str) -> bool:
        """Let somebody be told; False: the address is none of Slack's, or too many wait.

        Args:
            reply_to: the address that Slack gave.
            text: what they are told.
        """
        address = urlsplit(reply_to)
        if address.scheme != self._scheme or address.netloc not in self._hosts:
            return False
        if not self._room.acquire(blocking=False):
            return False
        self._hands.submit(self._send, reply_to, text)
        return True

    def close(self) -> None:
        """Let what is being said be said, and nothing more."""
        self._hands.shutdown(cancel_futures=True)

    def _send(self, reply_to: str, text: str) -> None:
        said = {"response_type": "ephemeral", "replace_original": False, "text": neutral.chat(text)}
        body = json.dumps(said).encode()
        request = urllib.request.Request(reply_to, body, {"Content-Type": "application/json"})
        try:
            with self._opener.open(request, timeout=_SECONDS):
                pass
        except (OSError, http.client.HTTPException, ValueError) as error:
            _LOG.warning("Slack did not take the reply to a tap: %s", error)
        finally:
            self._room.release()
