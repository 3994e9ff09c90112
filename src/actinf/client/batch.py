"""Steps of many agents in one request, of which some may have to be sent again."""

from collections.abc import Sequence

from actinf.client import operations
from actinf.client.next_step import NextStep
from actinf.client.operation import Operation, new_key
from actinf.client.replies import StepReply
from actinf.errors import ActinfError, RateLimited, ServiceUnavailable

__all__ = ["Batch"]


class Batch:
    """Steps that are sent together, each with a key of its own.

    A step that was refused for now (429, 503) is open, and asked for again together with all later ones of the same
    agent, which the service did not take because of it.  Had it taken one of them, the step would come out of its
    order: then its error stands.

    Args:
        steps: those of one agent are in their order.
    """

    def __init__(self, steps: Sequence[NextStep]):
        self._steps = [(step, new_key() if step.key is None else step.key) for step in steps]
        self._results: dict[int, StepReply | ActinfError] = {}
        self.open = list(range(len(self._steps)))

    def asked(self) -> Operation[list[StepReply | ActinfError]]:
        """What asks for the steps that are open."""
        return operations.take_steps([self._steps[at] for at in self.open])

    def take(self, ended: list[StepReply | ActinfError]) -> None:
        """Keep how the steps ended that were asked for."""
        self._results |= dict(zip(self.open, ended))
        waits_from: dict[str, int] = {}
        for at in self.open:
            agent = self._steps[at][0].agent_id
            if isinstance(self._results[at], StepReply):
                waits_from.pop(agent, None)
            elif isinstance(self._results[at], RateLimited | ServiceUnavailable):
                waits_from.setdefault(agent, at)
        never = len(self._steps)
        self.open = [at for at in self.open if at >= waits_from.get(self._steps[at][0].agent_id, never)]

    @property
    def retry_after(self) -> float:
        """Seconds after which the service says that it is worth asking again."""
        return max((getattr(self._results[at], "retry_after", 0.0) for at in self.open), default=0.0)

    @property
    def results(self) -> list[StepReply | ActinfError]:
        """How each step ended, in their order."""
        return [self._results[at] for at in range(len(self._steps))]
