"""A Slack on a loopback port: it keeps rooms and messages, refuses what Slack refuses, and can fall ill.

Only what is used of Slack's Web API is here, as its documentation describes it.  Nothing that passes here was tried on
Slack itself.
"""

import hashlib
import hmac
import json
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

TOKEN = "xoxb-test-000000"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
ILLNESSES = ("mute", "hangs_up", "garbage", "html", "list", "nested", "drips", "broken", "busy", "forbidden")


@dataclass
class Call:
    """One call of the API, as it arrived."""

    method: str
    arguments: dict[str, Any]
    authorization: str


@dataclass
class Room:
    """A channel of the workspace."""

    id: str
    name: str
    is_private: bool = False
    topic: str = ""
    purpose: str = ""
    members: list[str] = field(default_factory=list)
    is_archived: bool = False


class SlackStub:
    """A workspace with the room #incidents and the members U012AB3CD and U0GRACE99.

    Attributes:
        calls: all that was asked, in order.
        rooms: by id.
        messages: by (room or member, timestamp).
        illness: None, or what it does instead of answering: one of ILLNESSES.
        refuse: a method's name to the error that it answers with.
        retry_after: what a busy Slack says.
        whispers: what was said to one member alone, in reply to a tap: (the member, what).
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.rooms: dict[str, Room] = {"C000INC": Room("C000INC", "incidents")}
        self.members = {"U012AB3CD", "U0GRACE99"}
        self.messages: dict[tuple[str, str], dict[str, Any]] = {}
        self.illness: str | None = None
        self.refuse: dict[str, str] = {}
        self.retry_after = "7"
        self.rooms_on_a_page = 1000
        self.whispers: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/api/"

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def room(self, name: str) -> Room:
        return next(room for room in self.rooms.values() if room.name == name)

    def buttons(self, at: tuple[str, str]) -> dict[str, dict[str, Any]]:
        """The buttons below a message, each by what stands on it."""
        blocks = [block for block in self.messages[at]["blocks"] if block["type"] == "actions"]
        return {button["text"]["text"]: button for block in blocks for button in block["elements"]}

    def tap(self, at: tuple[str, str], label: str, user: str, url: str, **said: Any) -> httpx.Response:
        """Let a member tap on a button: what the app at `url` answers to the request that Slack makes then."""
        body = self.interaction(at, self.buttons(at)[label], user)
        return httpx.post(url, content=body, headers=self.signed(body, **said), timeout=10)

    def interaction(self, at: tuple[str, str], button: dict[str, Any], user: str) -> bytes:
        """The body of the request that Slack makes when a member taps on a button."""
        channel, timestamp = at
        action = {**button, "block_id": "actinf", "action_ts": f"{time.time():.6f}"}
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": "somebody", "team_id": "T9TK3CUKW"},
            "api_app_id": "A0AAAAAAA",
            "container": {
                "type": "message",
                "message_ts": timestamp,
                "channel_id": channel,
                "is_ephemeral": False,
            },
            "trigger_id": "12466734323.1395872398",
            "team": {"id": "T9TK3CUKW", "domain": "the-lab"},
            "channel": {"id": channel, "name": "incidents"},
            "message": {"type": "message", "ts": timestamp, "text": self.messages[at]["text"]},
            "state": {"values": {}},
            "response_url": f"{self.url.removesuffix('api/')}actions/T9TK3CUKW/{user}",
            "actions": [action],
        }
        return urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()

    @staticmethod
    def signed(body: bytes, *, secret: str = SIGNING_SECRET, when: float | None = None) -> dict[str, str]:
        """The headers with which Slack signs a request."""
        timestamp = str(int(time.time() if when is None else when))
        digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={digest}",
        }

    def answer(self, call: Call) -> dict[str, Any]:
        """What Slack would say."""
        with self._lock:
            self.calls.append(call)
            if call.authorization != f"Bearer {TOKEN}":
                return _no("invalid_auth")
            if call.method in self.refuse:
                return _no(self.refuse[call.method])
            answer = getattr(self, "_" + call.method.replace(".", "_"), None)
            return answer(call.arguments) if answer else _no("unknown_method")

    # ------------------------------------------------------------------------------------------------- the methods

    def _auth_test(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "team": "The lab", "user": "actinf"}

    def _chat_postMessage(self, asked: dict[str, Any]) -> dict[str, Any]:
        place = self._place(asked["channel"])
        if place is None:
            return _no("channel_not_found")
        if not _are_valid(asked.get("blocks", [])):
            return _no("invalid_blocks")
        timestamp = f"1700000000.{len(self.messages):06}"
        self.messages[(place, timestamp)] = asked
        return {"ok": True, "channel": place, "ts": timestamp, "message": {"text": asked["text"]}}

    def _chat_update(self, asked: dict[str, Any]) -> dict[str, Any]:
        at = (asked["channel"], asked["ts"])
        if at not in self.messages:
            return _no("message_not_found")
        if not _are_valid(asked.get("blocks", [])):
            return _no("invalid_blocks")
        self.messages[at] = {**self.messages[at], **asked}
        return {"ok": True, "channel": asked["channel"], "ts": asked["ts"], "text": asked["text"]}

    def _conversations_create(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["name"]
        if name != name.lower() or len(name) > 80 or not name.replace("-", "").replace("_", "").isalnum():
            return _no("invalid_name_specials")
        if any(room.name == name for room in self.rooms.values()):
            return _no("name_taken")
        room = Room(
            f"C{len(self.rooms):03}ROOM", name, is_private=str(asked.get("is_private")) in ("True", "1", "true")
        )
        self.rooms[room.id] = room
        return {"ok": True, "channel": {"id": room.id, "name": name}}

    def _conversations_list(self, asked: dict[str, Any]) -> dict[str, Any]:
        shown = [room for room in self.rooms.values() if not room.is_archived]
        start = int(asked.get("cursor") or 0)
        end = start + min(int(asked["limit"]), self.rooms_on_a_page)
        page = [{"id": room.id, "name": room.name} for room in shown[start:end]]
        return {
            "ok": True,
            "channels": page,
            "response_metadata": {"next_cursor": str(end) if end < len(shown) else ""},
        }

    def _conversations_setTopic(self, asked: dict[str, Any]) -> dict[str, Any]:
        if len(asked["topic"]) > 250:
            return _no("too_long")
        self.rooms[asked["channel"]].topic = asked["topic"]
        return {"ok": True}

    def _conversations_setPurpose(self, asked: dict[str, Any]) -> dict[str, Any]:
        if len(asked["purpose"]) > 250:
            return _no("too_long")
        self.rooms[asked["channel"]].purpose = asked["purpose"]
        return {"ok": True}

    def _conversations_invite(self, asked: dict[str, Any]) -> dict[str, Any]:
        room = self.rooms[asked["channel"]]
        if asked["users"] not in self.members:
            return _no("user_not_found")
        if asked["users"] in room.members:
            return _no("already_in_channel")
        room.members.append(asked["users"])
        return {"ok": True, "channel": {"id": room.id}}

    def _place(self, named: str) -> str | None:
        if named in self.members or named in self.rooms:
            return named
        return next((room.id for room in self.rooms.values() if f"#{room.name}" == named), None)


def shown_in(message: dict[str, Any]) -> str:
    """What a reader sees of the blocks of a message; whom it calls stands as <@U…>."""
    pieces = [
        element["text"] if element["type"] == "text" else f"<@{element['user_id']}>"
        for block in message["blocks"]
        if block["type"] == "rich_text"
        for section in block["elements"]
        for element in section["elements"]
    ]
    return "".join(pieces)


def _are_valid(blocks: list[dict[str, Any]]) -> bool:
    return all(_is_row_of_buttons(block) if block["type"] == "actions" else _is_text(block) for block in blocks)


def _is_row_of_buttons(block: dict[str, Any]) -> bool:
    buttons = block["elements"]
    names = [button["action_id"] for button in buttons]
    return (
        0 < len(buttons) <= 25
        and len(set(names)) == len(names)
        and all(
            button["type"] == "button"
            and button["text"]["type"] == "plain_text"
            and 0 < len(button["text"]["text"]) <= 75
            and len(button["action_id"]) <= 255
            and len(button.get("value", "")) <= 2000
            and len(button.get("url", "")) <= 3000
            and len(button.get("accessibility_label", "")) <= 75
            and button.get("style") in (None, "primary", "danger")
            for button in buttons
        )
    )


def _is_text(block: dict[str, Any]) -> bool:
    return all(
        block["type"] == "rich_text"
        and section["type"] == "rich_text_section"
        and (element["type"] == "user" or (element["type"] == "text" and 0 < len(element["text"]) <= 3000))
        for section in block["elements"]
        for element in section["elements"]
    )


def _no(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}


def _handler(stub: SlackStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            address, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if "json" in self.headers.get("Content-Type", ""):
                asked = json.loads(body)
            else:
                asked = dict(urllib.parse.parse_qsl(body or query))
            if address.startswith("/actions/"):
                stub.whispers.append((address.rpartition("/")[2], asked["text"]))
                self.say(200, b"ok", Content_Type="text/html")
                return
            call = Call(address.removeprefix("/api/"), asked, self.headers.get("Authorization", ""))
            if stub.illness is None:
                self.say(200, json.dumps(stub.answer(call)).encode())
                return
            stub.calls.append(call)
            getattr(self, stub.illness)()

        do_GET = do_POST

        def say(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def mute(self) -> None:
            """As good as 30 s slow: the answer comes when nobody waits for it any more."""
            stub.released.wait(30)
            self.close_connection = True

        def hangs_up(self) -> None:
            self.close_connection = True

        def garbage(self) -> None:
            self.wfile.write(b"\x00\xff\x16\x03 not HTTP at all\r\n\r\n")
            self.close_connection = True

        def html(self) -> None:
            self.say(200, b"<html>Sign in to the hotel's network</html>", Content_Type="text/html")

        def list(self) -> None:
            self.say(200, b"[1, 2]")

        def nested(self) -> None:
            self.say(200, b"[" * 100_000)

        def drips(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while not stub.released.wait(0.02):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    break
            self.close_connection = True

        def broken(self) -> None:
            self.say(503, b"no healthy upstream", Content_Type="text/plain")

        def busy(self) -> None:
            self.say(429, json.dumps(_no("ratelimited")).encode(), Retry_After=stub.retry_after)

        def forbidden(self) -> None:
            self.say(200, json.dumps(_no("invalid_auth")).encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
