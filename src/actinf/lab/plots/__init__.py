"""Pictures of recorded runs: what agents believed, how they weighed their policies, what they did and learned.

Every function takes a trace (the Dataset of `simulate` or `open_trace`) or an `Explanation` and returns a matplotlib
Figure, which `save` writes as PNG, SVG or PDF.  They are the pictures of the report.  Matplotlib is imported when one
is drawn; nothing is shown, and pyplot is left alone.
"""

from actinf.lab.plots.behaviour import action_shares, action_shares_by_episode
from actinf.lab.plots.beliefs import belief_maps, beliefs
from actinf.lab.plots.free_energy import free_energy
from actinf.lab.plots.learned import learned_probabilities
from actinf.lab.plots.learning import learning_curves
from actinf.lab.plots.paths import paths
from actinf.lab.plots.policies import expected_free_energy, policies_compared, policy_posterior
from actinf.lab.plots.style import save

__all__ = [
    "action_shares",
    "action_shares_by_episode",
    "belief_maps",
    "beliefs",
    "expected_free_energy",
    "free_energy",
    "learned_probabilities",
    "learning_curves",
    "paths",
    "policies_compared",
    "policy_posterior",
    "save",
]
