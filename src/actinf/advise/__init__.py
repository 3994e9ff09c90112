"""What to look at next in an incident: the engine's side of the advice, a process of its own.

For each type of incident a generative model in the format of model files says what each cause would show at each step
of the runbook, and what a step takes.  An agent with that model ranks the next check by expected free energy.  It is
asked over standard input and output (`python -m actinf.advise`); who asks needs nothing of it but a process.
"""
