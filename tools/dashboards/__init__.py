"""What Grafana shows: one dashboard for each kind of incident, one of the memory of pods, one of the engine.

`write_dashboards.py` makes files of it.
"""

from dashboards.api_down import API_DOWN
from dashboards.database import DATABASE
from dashboards.engine import ENGINE
from dashboards.memory import HIGH_MEMORY, POD_MEMORY
from dashboards.parts import Board, Query, Shown
from dashboards.security import SECURITY
from dashboards.upkeep import UPKEEP

__all__ = ["BOARDS", "Board", "Query", "Shown"]

BOARDS = (API_DOWN, DATABASE, HIGH_MEMORY, POD_MEMORY, SECURITY, UPKEEP, ENGINE)
