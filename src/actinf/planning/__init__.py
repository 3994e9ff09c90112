"""Planning: from beliefs to the expected free energy of policies, and to an action."""
