"""Buttons in Slack, from the message to the timeline and back to who tapped."""

from collections.abc import Iterator

import httpx
import pytest
from support.ports import wait_until
from support.responder_in_thread import responder_in_thread
from support.responder_site import ResponderSite
from support.responding import schedule_text
from support.slack_stub import SIGNING_SECRET, TOKEN, SlackStub

from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import Role
from actinf.responder.clocks.steady import SteadyClock
from actinf.responder.oncall.rotation import Schedule

ADA, BEN = "U012AB3CD", "U0GRACE99"


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStub]:
    stub = SlackStub()
    yield stub
    stub.stop()


@pytest.fixture(scope="module")
def process(slack: SlackStub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponderSite]:
    with responder_in_thread(
        tmp_path_factory.mktemp("taps"),
        slack_token=TOKEN,
        slack_url=slack.url,
        slack_signing_secret=SIGNING_SECRET,
        public_url="https://respond.example.org",
    ) as process:
        yield process


@pytest.fixture(scope="module")
def ada(process: ResponderSite) -> Iterator[httpx.Client]:
    """Who may do all; ben is known to Slack, and has no account."""
    store = process.store()
    access = Access(store, SteadyClock())
    access.set_account("ada", Role.ADMIN, by="root")
    with process.client(access.create_key("ada", by="root").text) as client:
        text = schedule_text().replace("{name: Ada", f"{{chat_id: {ADA}, name: Ada")
        text = text.replace("{name: Ben", f"{{chat_id: {BEN}, name: Ben")
        client.put("/v1/schedule", json={"schedule": Schedule.from_text(text).document()}).raise_for_status()
        yield client
    store.close()


def opened(ada: httpx.Client) -> str:
    said = {"component": "API", "impact": "requests fail", "severity": "P1"}
    return str(ada.post("/v1/incidents", json=said).json()["id"])


def found(slack: SlackStub, incident: str, place: str) -> tuple[str, str]:
    """Where a message of an incident is, once it has come."""

    def there() -> list[tuple[str, str]]:
        return [
            at
            for at in list(slack.messages)
            if at[0] == place and any(one.get("value") == incident for one in slack.buttons(at).values())
        ]

    wait_until(lambda: bool(there()), f"a message of {incident} in {place}")
    return there()[0]


def test_a_tap_acknowledges_and_both_messages_say_so(
    slack: SlackStub, process: ResponderSite, ada: httpx.Client
) -> None:
    incident = opened(ada)
    room, page = found(slack, incident, "C000INC"), found(slack, incident, ADA)
    assert list(slack.buttons(room)) == ["Acknowledge", "Take the lead", "Open"]
    assert slack.buttons(page)["Open"]["url"] == f"https://respond.example.org/incidents/{incident}"
    hook = f"{process.url}/hooks/slack/actions"

    refused = slack.tap(room, "Acknowledge", ADA, hook, secret="not the secret of the app")
    assert (refused.status_code, ada.get(f"/v1/incidents/{incident}").json()["lead"]) == (401, None)
    stale = slack.tap(room, "Acknowledge", ADA, hook, when=0)
    assert (stale.status_code, slack.whispers) == (401, [])

    tap = slack.interaction(page, slack.buttons(page)["Acknowledge"], ADA)
    headers = slack.signed(tap)
    for _ in range(2):  # the second one is recorded and sent again
        reply = httpx.post(hook, content=tap, headers=headers)
        assert (reply.status_code, reply.content) == (200, b"")
    wait_until(lambda: len(slack.whispers) == 1, "ada is told")
    assert slack.whispers == [(ADA, f"You have acknowledged {incident}: nobody else is paged for it.")]
    for at in (room, page):
        wait_until(lambda at=at: "Acknowledge" not in slack.buttons(at), f"{at} is edited")  # type: ignore[misc]
        assert "Lead: @ada" in slack.messages[at]["text"].replace(f"<@{ADA}>", "@ada")

    assert slack.tap(room, "Take the lead", BEN, hook).status_code == 200
    wait_until(lambda: len(slack.whispers) == 2, "ben is told")
    assert slack.whispers[1][0] == BEN
    assert "have no account" in slack.whispers[1][1]
    assert slack.tap(room, "Open", ADA, hook).status_code == 200
    assert ada.get(f"/v1/incidents/{incident}").json()["lead"] == "ada"


def test_without_a_signing_secret_no_tap_is_taken(serving: ResponderSite, slack: SlackStub) -> None:
    with serving.client() as client:
        reply = client.post("/hooks/slack/actions", content=b"payload=1", headers=slack.signed(b"payload=1"))
    assert reply.status_code == 403
    assert "ACTINF_RESPOND_SLACK_SIGNING_SECRET" in reply.json()["detail"]
