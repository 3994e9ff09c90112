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
    ├── DatabaseError        a database server that does not start, stop or answer
    └── MissingExtra         an optional dependency that is not installed

A message names the thing, its value, what was expected and how to mend it.  This module imports nothing.
"""

__all__ = [
    "ActinfError",
    "BudgetError",
    "DatabaseError",
    "FileError",
    "ImpossibleObservation",
    "MissingExtra",
    "ModelError",
    "ObservationError",
    "SettingError",
    "Stopped",
    "TraceError",
    "WorldError",
]


class ActinfError(Exception):
    """The root of all errors that actinf raises on purpose."""


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


class DatabaseError(ActinfError, RuntimeError):
    """A database server does not start, stop or answer; the message ends with what it wrote into its log."""


class MissingExtra(ActinfError, ImportError):
    """An optional dependency is not installed; the message holds the command that installs it."""

    def __init__(self, module: str, extra: str, purpose: str):
        super().__init__(
            f"{purpose} needs the package {module!r}, which is not installed: it is in the extra {extra!r}, "
            f"in a clone: pip install '.[{extra}]'"
        )
