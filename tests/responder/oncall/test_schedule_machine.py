"""Whatever is done to a schedule; `make campaign` does it at length."""

import pytest
from hypothesis import HealthCheck, settings
from support.schedule_machine import ScheduleMachine

TestSchedule = ScheduleMachine.TestCase
TestSchedule.settings = settings(
    max_examples=8, stateful_step_count=6, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# Traced it would take twice as long, and the tests beside it reach what it does, but for a line or two.
pytestmark = pytest.mark.no_cover
