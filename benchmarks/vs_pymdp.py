"""actinf beside inferactively-pymdp 1.0.4, both sides in turn in one run.

    python benchmarks/vs_pymdp.py --vs /path/to/peer/bin/python --rows step,batch --repeats 5 --json out.json

Without --vs only actinf is measured.  Exit status: 0, or 1 where posteriors differ by more than 1e-5.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from actinf.errors import ActinfError
from actinf.lab.bench import ROWS, Bench, render, select

RESULTS = """# Results

Written by `benchmarks/vs_pymdp.py --markdown benchmarks/results.md`. README.md says what each row and column is. The
ratios are what carries over to another machine; the times beside them only say what the ratios were made of.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vs", type=Path, metavar="PYTHON", help="interpreter that has inferactively-pymdp 1.0.4")
    parser.add_argument("--rows", default="", help="step, batch, sweep, start, memory, or keys (--list), with commas")
    parser.add_argument("--repeats", type=int, default=5, help="how often the sides take turns (default: 5)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables, as benchmarks/results.md")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--no-check", action="store_true", help="do not compare the posteriors first")
    parser.add_argument("--list", action="store_true", help="list the rows")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{row.key:20} {row.title}" for row in ROWS))
        return 0
    try:
        rows = select([word for word in arguments.rows.split(",") if word])
        bench = Bench(arguments.vs, arguments.repeats, lambda doing: print(doing, file=sys.stderr, flush=True))
        report = bench.run(rows, check=not arguments.no_check)
    except ActinfError as error:
        print(error, file=sys.stderr)
        return 2
    print(render(report))
    if arguments.markdown:
        arguments.markdown.write_text(f"{RESULTS}\n{render(report)}\n", encoding="utf-8")
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")
    return 0 if all(agreement.holds for agreement in report.agreements) else 1


if __name__ == "__main__":
    sys.exit(main())
