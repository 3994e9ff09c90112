"""Every error that actinf raises on purpose, under one root.

    ActinfError
    ├── ModelError           a model that contradicts itself
    ├── FileError            a file that cannot be read as what it says it is
    ├── SettingError         a setting that is out of its range or has no meaning here
    ├── BudgetError          work refused before it starts because it would not fit
    ├── ObservationError     an observation that the model does not know
    │   └── ImpossibleObservation
    ├── TraceError           a recorded run that is missing, unfinished or of another model
    ├── Stopped              work that ended half-way because whoever started it asked for that
    ├── WorldError           a world that is code raised an exception
    ├── AdviceError          a question about an incident that the models of incidents do not understand
    ├── DatabaseError        a database server that does not start, stop or answer
    ├── BackupError          a backup that is missing, damaged, of another server, or not to be had
    ├── MissingExtra         an optional dependency that is not installed
    ├── ResponderError       what the responder to incidents refuses, or cannot do
    │   ├── NoSuchIncident       none of that id
    │   ├── NoSuchEvidence       the incident has no such file
    │   ├── EvidenceAltered      a file of evidence is gone, or is not what was taken
    │   ├── NoSuchSilence        no silence or window of maintenance of that name
    │   ├── ContactsLocked       contacts and vendors cannot be opened: their key is missing, or another
    │   ├── OutOfTurn            an incident is not in a state for that
    │   ├── NotMeasured          monitoring does not answer
    │   ├── ClusterTrouble       the cluster does not answer, or refuses
    │   │   └── ClusterRefused       and will refuse again, as it stands
    │   ├── NoSuchRamp           the incident has no ramp
    │   ├── StoreError           its store cannot be used
    │   ├── PublishingError      the status page cannot be written
    │   ├── SubscriptionRefused  somebody cannot subscribe, or leave, in this way
    │   ├── WebhookRefused       a webhook that is not what it should be
    │   │   └── WebhookUnauthenticated   nobody knows who sent it
    │   └── ChannelError         a message did not reach the one it was for
    │       ├── ChannelRefused       and never will, as it stands
    │       └── ChannelTrouble       not now; try again later
    └── ServiceError         what the service, or its client, refuses
        ├── Unauthenticated      no key, or none that is valid
        ├── Forbidden            a key that may not do this
        ├── NotFound             no such object in the key's workspace
        ├── Conflict             out of order, or already there
        ├── IdempotencyError     a key that was used for another request
        ├── Unfinished           not ended in the time that was given; it goes on
        ├── RateLimited          too many requests; try again later
        └── ServiceUnavailable   not now: the database is away, or there is no room; try again later

A message names the thing, its value, what was expected and how to mend it.  This module imports nothing.
"""

__all__ = [
    "ActinfError",
    "AdviceError",
    "BackupError",
    "BudgetError",
    "ChannelError",
    "ChannelRefused",
    "ChannelTrouble",
    "ClusterRefused",
    "ClusterTrouble",
    "Conflict",
    "ContactsLocked",
    "DatabaseError",
    "EvidenceAltered",
    "FileError",
    "Forbidden",
    "IdempotencyError",
    "ImpossibleObservation",
    "MissingExtra",
    "ModelError",
    "NoSuchEvidence",
    "NoSuchIncident",
    "NoSuchRamp",
    "NoSuchSilence",
    "NotFound",
    "NotMeasured",
    "ObservationError",
    "OutOfTurn",
    "PublishingError",
    "RateLimited",
    "ResponderError",
    "ServiceError",
    "ServiceUnavailable",
    "SettingError",
    "Stopped",
    "StoreError",
    "SubscriptionRefused",
    "TraceError",
    "Unauthenticated",
    "Unfinished",
    "WebhookRefused",
    "WebhookUnauthenticated",
    "WorldError",
]


class ActinfError(Exception):
    """The root of all errors that actinf raises on purpose.

    Attributes:
        request_id: names the request in the service's logs, where it was the service that refused; else None.
    """

    request_id: "str | None" = None


class ModelError(ActinfError, ValueError):
    """A generative model contradicts itself; every mistake found is listed, one a line.

    Attributes:
        problems: the mistakes, one sentence each, as pairs of (where, what); `where` is the path of the part
            inside the model, for example `("A", "cue")`.
    """

    def __init__(self, problems: "list[tuple[tuple[str | int, ...], str]] | str"):
        if isinstance(problems, str):
            problems = [((), problems)]
        self.problems = list(problems)
        super().__init__("\n".join(what for _, what in self.problems))


class FileError(ActinfError, ValueError):
    """A file cannot be read as what it says it is; every mistake is listed as `file:line: message`."""

    def __init__(self, problems: "list[str] | str"):
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class SettingError(ActinfError, ValueError):
    """A setting is out of its range, or has no meaning together with the others."""


class BudgetError(ActinfError, MemoryError):
    """Work was refused before it started because it would not fit into the memory it may use."""


class ObservationError(ActinfError, ValueError):
    """An observation or an executed action that the model does not know."""


class ImpossibleObservation(ObservationError):
    """An observation that no state with positive probability can produce; the agent's beliefs are left as they were."""


class TraceError(ActinfError):
    """A recorded run is missing, unfinished, or belongs to another model."""


class Stopped(ActinfError):
    """Work ended half-way because whoever started it asked for that; what was finished before is not lost by it."""


class WorldError(ActinfError, RuntimeError):
    """A world that is code raised an exception, which is the cause of this one (`__cause__`)."""


class AdviceError(ActinfError, ValueError):
    """A type, a step, an outcome or a cause of an incident that its model does not know."""


class DatabaseError(ActinfError, RuntimeError):
    """A database server does not start, stop or answer; the message ends with what it wrote into its log."""


class BackupError(ActinfError, RuntimeError):
    """A backup is missing, damaged, of another server, or not to be had; live data was not touched."""


class MissingExtra(ActinfError, ImportError):
    """An optional dependency is not installed; the message holds the command that installs it."""

    def __init__(self, module: str, extra: str, purpose: str):
        super().__init__(
            f"{purpose} needs the package {module!r}, which is not installed: it is in the extra {extra!r}, "
            f"in a clone: pip install '.[{extra}]'"
        )


class ResponderError(ActinfError):
    """The responder to incidents refuses something, or cannot do it."""


class NoSuchIncident(ResponderError):
    """There is no incident of that id."""


class NoSuchEvidence(ResponderError):
    """The incident has no such file of evidence, or not any more."""


class EvidenceAltered(ResponderError):
    """A file of evidence is gone from the disk, or is not what was taken."""


class NoSuchSilence(ResponderError):
    """No silence of that number holds, or no window of maintenance of that name."""


class ContactsLocked(ResponderError):
    """Contacts and vendors cannot be opened: the file of their keys is missing, or lacks the one they need."""


class OutOfTurn(ResponderError):
    """An incident is not in a state for what is asked; the text says what would have to be done first."""


class NotMeasured(ResponderError):
    """A measurement could not be had: nobody measures, does not answer in time, or answers what is none."""


class ClusterTrouble(ResponderError):
    """A cluster does not answer, or refuses what was asked of it."""


class ClusterRefused(ClusterTrouble):
    """A cluster has answered, and said no: to who asks, or to what is asked; asked again, it will say the same."""


class NoSuchRamp(ResponderError):
    """An incident has no ramp of which something could be said or done."""


class PublishingError(ResponderError):
    """The status page cannot be written; what was there before stays."""


class StoreError(ResponderError):
    """The responder's store cannot be used: held, full, damaged, or of a later release."""


class SubscriptionRefused(ResponderError, ValueError):
    """Somebody cannot subscribe to the status page, or leave, in this way; the text is for them."""


class WebhookRefused(ResponderError, ValueError):
    """A webhook is not what it should be; nothing of it was taken.  The message names the field.

    Attributes:
        status: the HTTP status that says so: 400, or 413 where it is too large.
        why: in a word that can be counted: malformed, too_large.
    """

    def __init__(self, message: str, *, status: int = 400, why: str = "malformed"):
        self.status = status
        self.why = why
        super().__init__(message)


class WebhookUnauthenticated(WebhookRefused):
    """Nobody knows who sent a webhook: it has no token or signature, a wrong one, or one that is too old.

    Attributes:
        status: 401.
        why: in a word that can be counted: missing, wrong, stale.
    """

    def __init__(self, message: str, *, why: str):
        super().__init__(message, status=401, why=why)


class ChannelError(ResponderError):
    """A message did not reach the one it was for; the text names the channel, and never quotes a secret."""


class ChannelRefused(ChannelError):
    """The provider, or the address, will not take this message, today or tomorrow: somebody has to mend something."""


class ChannelTrouble(ChannelError, ConnectionError):
    """The message did not get through this time: nobody answers, not in time, or what comes back makes no sense.

    Attributes:
        retry_after: seconds that the provider asks to wait; None: it does not say.
        may_have_arrived: whether the message had been handed over when it went wrong, so that sending it again may
            show it twice.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, may_have_arrived: bool = False):
        self.retry_after = retry_after
        self.may_have_arrived = may_have_arrived
        super().__init__(message)


class ServiceError(ActinfError):
    """The service, or its client, refused a request."""


class Unauthenticated(ServiceError):
    """There is no key, or none that is valid: unknown, expired or revoked.

    Attributes:
        why: in a word that can be counted: no_key, malformed, unknown, revoked, expired, no_session.
    """

    def __init__(self, message: str, why: str = "unknown"):
        self.why = why
        super().__init__(message)


class Forbidden(ServiceError):
    """The key is valid, and lacks the scope that this needs."""


class NotFound(ServiceError, LookupError):
    """There is no such object in the workspace of the key."""


class Conflict(ServiceError):
    """The request does not fit the state of its object: a step out of order, a name that is taken."""


class IdempotencyError(ServiceError, ValueError):
    """The Idempotency-Key was used before, for another request."""


class Unfinished(ServiceError, TimeoutError):
    """What was waited for has not ended in the time that was given; nothing is wrong with it, and it goes on."""


class RateLimited(ServiceError):
    """Too many requests from this key.

    Attributes:
        retry_after: seconds after which it is worth trying again.
    """

    def __init__(self, message: str, retry_after: float = 1.0):
        self.retry_after = retry_after
        super().__init__(message)


class ServiceUnavailable(ServiceError, RuntimeError):
    """Not now: the database is away, or there is no room for the work.  Nothing was changed.

    Attributes:
        retry_after: seconds after which it is worth trying again.
    """

    def __init__(self, message: str, retry_after: float = 1.0):
        self.retry_after = retry_after
        super().__init__(message)
