"""Perception: from an observation to beliefs about hidden states, exactly or by mean field."""
