"""Learning: from beliefs to Dirichlet counts."""
