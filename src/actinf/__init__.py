"""Active Inference Simulation Lab: build, run and study agents that perceive, plan and learn by minimising free energy."""

from actinf.agent import Agent, Explanation, Session, Snapshot, Step
from actinf.inference.exact import Exact
from actinf.inference.fixed_point import FixedPoint
from actinf.learning.dirichlet import Learning
from actinf.model import Control, Factor, Modality, Model, Table
from actinf.planning.choice import BestPolicy, MarginalAction
from actinf.planning.exhaustive import Exhaustive

__version__ = "0.1.0.dev0"
