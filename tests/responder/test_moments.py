"""Moments that are asked for: those with which nobody can count are refused before anything is written."""

import pytest
from pydantic import ValidationError

from actinf.responder.verbs import AddAction, Note, OpenIncident, SuspectBreach, Verb

FAR = ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z"]


@pytest.mark.parametrize("far", FAR)
def test_a_moment_that_is_centuries_away_is_refused(far: str) -> None:
    """A day before the first of all days there is none: the limit of such an action item could not be computed."""
    asked: list[tuple[type[Verb] | type[OpenIncident], dict[str, str]]] = [
        (AddAction, {"text": "a", "owner": "b", "due": far}),
        (Note, {"text": "a", "at": far}),
        (SuspectBreach, {"what": "a", "aware_at": far}),
        (OpenIncident, {"component": "a", "impact": "b", "detected_at": far}),
    ]
    for kind, fields in asked:
        with pytest.raises(ValidationError, match="expected a year 1970 to 2999"):
            kind.model_validate(fields)
