"""Assembly: a model, inference, planner and learning become an agent that can be started and stepped."""

from actinf.agent.agent import Agent
from actinf.agent.explanation import Explanation
from actinf.agent.session import Session, Snapshot, Step

__all__ = ["Agent", "Explanation", "Session", "Snapshot", "Step"]
