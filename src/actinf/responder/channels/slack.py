"""Messages and war rooms in Slack.

A message is laid out in a `rich_text` block, whose texts Slack shows as they are: what strangers wrote cannot become a
mention, a link or markup there.  What stands beside it, for notifications and screen readers, is escaped.

Slack takes no key: a message whose fate is unknown may show twice.  Its key travels in the message's metadata, by which
the two can be told to be one.  Editing a message and making a room are safe to repeat.

The app needs the scopes chat:write, chat:write.public, channels:manage, channels:read, groups:write and groups:read:
docs/howto/slack.md has them as a manifest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from actinf.errors import ChannelRefused, ChannelTrouble, SettingError
from actinf.responder.channels import neutral
from actinf.responder.channels.deadline import Deadline
from actinf.responder.channels.port import Delivery, Kind, Message
from actinf.responder.channels.retry_after import seconds_to_wait
from actinf.responder.channels.slack_layout import blocks_of, fallback_of, is_user
from actinf.responder.channels.slack_web import NoReply, SlackWeb
from actinf.runtime.listening import means_this_machine

__all__ = ["SlackChannel", "SlackSettings"]

_MOST_SECONDS = 30
_MOST_OF_A_TOPIC = 250
_ROOMS_ON_A_PAGE = 1000
_MOST_PAGES = 50

#: Slack itself is at fault, or asks to slow down.
_LATER = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "internal_error", "fatal_error", "service_unavailable",
     "request_timeout", "accesslimited"}
)  # fmt: skip
#: The message that was to be edited cannot be: what has changed is said in a new one.
_NOT_EDITABLE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_IS_IN_ALREADY = frozenset({"already_in_channel", "cant_invite_self"})
_WHAT_TO_MEND = {
    "not_authed": "set its token",
    "invalid_auth": "set a token that is valid",
    "token_expired": "set a token that is valid",
    "token_revoked": "install the app again and set its new token",
    "account_inactive": "install the app again and set its new token",
    "missing_scope": "give the app the scopes that the manual lists",
    "not_in_channel": "invite the app into the room",
    "channel_not_found": "make the room, or invite the app into it",
    "is_archived": "open the archived room again, or name another one",
    "user_not_found": "set the person's chat_id to their member id in Slack",
    "restricted_action": "let the app do this, in the workspace's settings",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackSettings:
    """Which Slack workspace, and where in it.

    Args:
        token: of the app, "xoxb-…".
        room: where incidents are announced, without "#".
        base_url: of Slack's API.
        proxy: "http://…" through which Slack is reached; None: directly.  The environment is not asked.
        seconds: how long each answer is waited for.
        buttons: whether messages offer what can be done with their incident; taps have to arrive then.

    Raises:
        SettingError: when one of them does not make sense.
    """

    token: SecretStr
    room: str = "incidents"
    base_url: str = "https://slack.com/api/"
    proxy: SecretStr | None = None
    seconds: float = 5.0
    buttons: bool = False

    def __post_init__(self) -> None:
        token = self.token.get_secret_value()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise SettingError("the token of Slack is empty, or holds blanks or line breaks: expected xoxb-…")
        parts = urlsplit(self.base_url)
        here = means_this_machine(parts.hostname)
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise SettingError(f"the address of Slack is {self.base_url!r}: expected https://slack.com/api/")
        if not self.room or self.room.startswith("#"):
            raise SettingError(f"the room for incidents in Slack is {self.room!r}: expected one without '#'")
        if not 0 < self.seconds <= _MOST_SECONDS:
            raise SettingError(f"Slack is waited for {self.seconds} s: expected more than 0, at most {_MOST_SECONDS}")


class SlackChannel:
    """Sends to rooms and to people in Slack, and makes war rooms.

    A reference is "<channel>:<timestamp>" of a message, or "<channel>" of a room.

    Args:
        settings: which workspace.
        now: the time, aware.
    """

    name = "slack"
    takes_key = False

    def __init__(self, settings: SlackSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._settings = settings
        self._now = now
        self._web = SlackWeb(
            token=settings.token.get_secret_value(),
            base_url=settings.base_url,
            proxy=settings.proxy.get_secret_value() if settings.proxy else None,
            seconds=settings.seconds,
        )
        self._deadline = Deadline(settings.seconds)

    def __repr__(self) -> str:
        return f"SlackChannel(room={self._settings.room!r})"

    def send(self, message: Message) -> Delivery:
        """Post a message, edit an earlier one, or see to a war room; see `Channel.send`."""
        if message.kind is Kind.WAR_ROOM:
            return self._see_to_room(message)
        channel, _, timestamp = (message.update_of or "").partition(":")
        if channel and timestamp:
            try:
                return self._edit(message, channel, timestamp)
            except _Answered as answered:
                if answered.code not in _NOT_EDITABLE:
                    raise self._final(answered) from None
        try:
            return self._post(message)
        except _Answered as answered:
            raise self._final(answered) from None

    def try_out(self) -> str:
        """Ask Slack whose token this is; see `TriesOut.try_out`."""
        try:
            reply = self._ask("auth.test", self._web.auth_test)
        except _Answered as answered:
            raise self._final(answered) from None
        return f"Slack knows the app, in {neutral.line(str(reply.get('team', 'a workspace')), 80)}"

    # ------------------------------------------------------------------------------------------------- messages

    def _post(self, message: Message) -> Delivery:
        destination = self._destination(message)
        reply = self._ask(
            "chat.postMessage",
            lambda: self._web.chat_postMessage(
                channel=destination,
                text=fallback_of(message),
                blocks=blocks_of(message, buttons=self._settings.buttons),
                metadata={"event_type": "actinf_message", "event_payload": {"key": message.key}},
                mrkdwn=False,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            ),
            repeatable=False,
        )
        return Delivery(reference=f"{_name(reply, 'channel')}:{_name(reply, 'ts')}")

    def _edit(self, message: Message, channel: str, timestamp: str) -> Delivery:
        self._ask(
            "chat.update",
            lambda: self._web.chat_update(
                channel=channel,
                ts=timestamp,
                text=fallback_of(message),
                blocks=blocks_of(message, buttons=self._settings.buttons),
                parse="none",
                link_names=False,
            ),
        )
        return Delivery(reference=message.update_of)

    def _destination(self, message: Message) -> str:
        if message.room is not None:
            return f"#{message.room}"
        if message.to is None or message.kind in (Kind.ALERT, Kind.RESOLVED):
            return f"#{self._settings.room}"
        if not is_user(message.to.chat_id):
            raise ChannelRefused(
                f"@{neutral.line(message.to.handle, 80)} cannot be reached in Slack: "
                "set the person's chat_id to their member id there, U… or W…"
            )
        return message.to.chat_id

    # ------------------------------------------------------------------------------------------------ war rooms

    def _see_to_room(self, message: Message) -> Delivery:
        """Make a room unless it is there, and bring topic, purpose and members up to date; safe to repeat."""
        room = message.room
        if not room:
            raise ChannelRefused(f"the message {neutral.line(message.key, 80)} is for a war room and names none")
        try:
            channel = self._made_or_found(room, private=message.private)
            topic = neutral.chat(neutral.line(message.subject, _MOST_OF_A_TOPIC), _MOST_OF_A_TOPIC)
            purpose = neutral.chat(neutral.line(message.text, _MOST_OF_A_TOPIC), _MOST_OF_A_TOPIC)
            self._ask("conversations.setTopic", lambda: self._web.conversations_setTopic(channel=channel, topic=topic))
            self._ask(
                "conversations.setPurpose",
                lambda: self._web.conversations_setPurpose(channel=channel, purpose=purpose),
            )
        except _Answered as answered:
            raise self._final(answered) from None
        if message.to is not None:
            self._invite(message.to.handle, message.to.chat_id, room, channel)
        return Delivery(reference=channel)

    def _invite(self, handle: str, user: str | None, room: str, channel: str) -> None:
        try:
            if user is None or not is_user(user):
                raise _Answered("conversations.invite", "user_not_found")
            self._ask("conversations.invite", lambda: self._web.conversations_invite(channel=channel, users=user))
        except _Answered as answered:
            if answered.code not in _IS_IN_ALREADY:
                refused = self._final(answered)
                raise ChannelRefused(
                    f"the room #{room} is there, but @{neutral.line(handle, 80)} is not invited into it: {refused}"
                ) from None

    def _made_or_found(self, room: str, *, private: bool) -> str:
        try:
            reply = self._ask(
                "conversations.create", lambda: self._web.conversations_create(name=room, is_private=private)
            )
        except _Answered as answered:
            if answered.code != "name_taken":
                raise
            return self._found(room)
        return _name(reply.get("channel"), "id")

    def _found(self, room: str) -> str:
        """The id of a room that an earlier attempt has made."""
        cursor = ""
        for _ in range(_MOST_PAGES):
            reply = self._page_of_rooms(cursor)
            listed = reply.get("channels")
            for channel in listed if isinstance(listed, list) else []:
                if isinstance(channel, dict) and channel.get("name") == room:
                    return _name(channel, "id")
            more = reply.get("response_metadata")
            cursor = str(more.get("next_cursor") or "") if isinstance(more, dict) else ""
            if not cursor:
                break
        raise ChannelRefused(
            f"Slack has a room #{room} already, which is archived or which the app cannot see: "
            "open it again, or invite the app into it"
        )

    def _page_of_rooms(self, cursor: str) -> dict[str, Any]:
        return self._ask(
            "conversations.list",
            lambda: self._web.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=_ROOMS_ON_A_PAGE,
                cursor=cursor or None,
            ),
        )

    # -------------------------------------------------------------------------------------------------- one call

    def _ask(self, method: str, call: Callable[[], SlackResponse], *, repeatable: bool = True) -> dict[str, Any]:
        """What Slack answers to one call.

        Args:
            method: of Slack's API, for the messages.
            call: what to do.
            repeatable: whether nothing shows twice when the same call is made again.

        Raises:
            _Answered: Slack says no.
            ChannelTrouble: no answer, not in time, none that makes sense, or "not now".
        """
        arrives = not repeatable
        try:
            data = self._deadline.run(call).data
        except SlackApiError as error:
            raise self._refusal(method, error, arrives) from None
        except NoReply as error:
            raise ChannelTrouble(
                f"Slack ({method}) {error}", may_have_arrived=arrives and error.was_connected
            ) from None
        except TimeoutError:
            raise ChannelTrouble(
                f"Slack ({method}) did not answer within {self._settings.seconds:g} s", may_have_arrived=arrives
            ) from None
        return data if isinstance(data, dict) else {}

    def _refusal(self, method: str, error: SlackApiError, arrives: bool) -> Exception:
        status, data = error.response.status_code, error.response.data
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        code = neutral.line(str(data.get("error", "no reason")), 80) if isinstance(data, dict) else "no reason"
        if status == 429 or code in _LATER or status >= 500:
            return ChannelTrouble(
                f"Slack ({method}) answered {status}, {code}: not now",
                retry_after=seconds_to_wait(headers.get("retry-after"), self._now()),
                may_have_arrived=arrives and (status >= 500 or code in ("internal_error", "fatal_error")),
            )
        return _Answered(method, code)

    def _final(self, answered: "_Answered") -> ChannelRefused:
        mend = _WHAT_TO_MEND.get(answered.code)
        return ChannelRefused(f"Slack ({answered.method}) refuses: {answered.code}" + (f"; {mend}" if mend else ""))


class _Answered(Exception):
    """Slack has understood a call and says no."""

    def __init__(self, method: str, code: str):
        self.method = method
        self.code = code
        super().__init__(f"{method}: {code}")


def _name(reply: object, key: str) -> str:
    """A name out of a reply.

    Raises:
        ChannelTrouble: it is missing: this is not Slack that answers.
    """
    value = reply.get(key) if isinstance(reply, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= 64 or not value.isascii() or ":" in value:
        raise ChannelTrouble(f"Slack accepted the call, but its answer has no {key!r}", may_have_arrived=True)
    return value
