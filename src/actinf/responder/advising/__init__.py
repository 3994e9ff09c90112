"""What to look at next: the steps of the runbook, what was seen, and the advice of the engine behind a port."""
