"""Moments as they are asked for: with their zone, and near enough that one can count with them."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from actinf.responder.oncall.local_time import utc

__all__ = ["Moment"]

#: UTC, of the years 1970 to 2999: of a moment at the end of all time, nothing after it could be said.
Moment = Annotated[AwareDatetime, AfterValidator(utc)]
