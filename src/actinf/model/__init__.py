"""What an agent believes about its world: named factors, modalities and controls, and the tables A, B, C, D, E."""

from actinf.model.model import Model
from actinf.model.records import ByName, Control, Factor, Modality
from actinf.model.table import Table

__all__ = ["ByName", "Control", "Factor", "Modality", "Model", "Table"]
