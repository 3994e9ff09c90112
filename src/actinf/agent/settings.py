"""What the choice objects of an agent lower to: codes and sizes."""

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Codes and sizes that shape an agent's program.

    Attributes:
        choice: code of `kernels.layout`.
        max_iterations: of the fixed point.
        joint_budget: joint support states that are tested for impossible observations.
        learns: the names of the parts that are learned, out of "A", "B", "D", "E".
        novelty: whether G holds the novelty of what is learned.
        horizon: actions in a policy.
        max_memory: bytes of workspace.
        has_habits: whether there is an E, given or learned.
        preference_sizes: (rows, outcomes) of C by modality.
        itemsize: bytes of a floating-point number.
    """

    choice: int
    max_iterations: int
    joint_budget: int
    learns: frozenset[str]
    novelty: bool
    horizon: int
    max_memory: int
    has_habits: bool
    preference_sizes: tuple[tuple[int, int], ...]
    itemsize: int

    @property
    def novelty_of_A(self) -> bool:
        """Whether G holds the expected information about A."""
        return self.novelty and "A" in self.learns

    @property
    def novelty_of_B(self) -> bool:
        """Whether G holds the expected information about B."""
        return self.novelty and "B" in self.learns
