"""What was only written into the log, for want of a channel, has not gone out."""

import sqlite3

import pytest

from actinf.responder.channels.none import NoChannel
from actinf.responder.store import outbox


@pytest.mark.parametrize(("channel", "gone_out"), [(NoChannel.name, False), ("mail", True)])
def test_a_log_is_no_channel(channel: str, gone_out: bool) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE outbox (channel TEXT, state TEXT)")
    connection.execute("INSERT INTO outbox VALUES ('mail', 'waits'), (?, 'sent')", [channel])
    assert outbox.anything_arrived(connection) is gone_out
    connection.close()
