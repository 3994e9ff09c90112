"""What the API refuses, as the answers that kubectl prints."""


class Refusal(Exception):
    """An answer that is no success.

    Args:
        code: the HTTP status
        reason: the word by which programs tell refusals apart, `NotFound`
        message: what kubectl prints
    """

    def __init__(self, code: int, reason: str, message: str, **details: object):
        super().__init__(message)
        self.code = code
        self.status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        }


class NotFound(Refusal):
    """There is no such object."""

    def __init__(self, kind: str, name: str):
        plural, _, group = kind.partition(".")
        super().__init__(404, "NotFound", f'{kind} "{name}" not found', name=name, kind=plural, group=group)


class AlreadyThere(Refusal):
    """An object of that name exists."""

    def __init__(self, kind: str, name: str):
        super().__init__(409, "AlreadyExists", f'{kind} "{name}" already exists', name=name, kind=kind)


class Conflict(Refusal):
    """The object was changed by somebody else meanwhile."""

    def __init__(self, kind: str, name: str):
        why = "the object has been modified; please apply your changes to the latest version and try again"
        message = f'Operation cannot be fulfilled on {kind} "{name}": {why}'
        super().__init__(409, "Conflict", message, name=name, kind=kind)


class Invalid(Refusal):
    """The object makes no sense."""

    def __init__(self, kind: str, name: str, what: str):
        causes = [{"reason": "FieldValueInvalid", "message": what.partition(": ")[2], "field": what.partition(": ")[0]}]
        super().__init__(422, "Invalid", f'{kind} "{name}" is invalid: {what}', name=name, kind=kind, causes=causes)


class BadRequest(Refusal):
    """The request cannot be understood."""

    def __init__(self, message: str):
        super().__init__(400, "BadRequest", message)
