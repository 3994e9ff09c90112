"""One self-contained page per run: what was run, what the agents did, believed and learned, and how to run it again."""

from actinf.lab.report.writing import write_report

__all__ = ["write_report"]
