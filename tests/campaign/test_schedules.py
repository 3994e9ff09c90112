"""Schedules changed in many ways, and asked at every step: never a silent gap, never two at a post."""

from hypothesis import HealthCheck, settings
from support.schedule_machine import ScheduleMachine

TestSchedule = ScheduleMachine.TestCase
TestSchedule.settings = settings(
    max_examples=1_000, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
