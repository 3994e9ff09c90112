"""Write src/actinf/client/blocking/ from src/actinf/client/asynchronous/: the same client without `async` and `await`.

python tools/write_blocking_client.py            write the modules
python tools/write_blocking_client.py --check    exit with 1 when they are not what would be written
"""

import re
import subprocess
import sys
from pathlib import Path

from writing import write_or_check

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "src" / "actinf" / "client"
SOURCE, TARGET = CLIENT / "asynchronous", CLIENT / "blocking"

WORDS = [
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r", Awaitable\b", ""),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\bAsyncGenerator\[(\w+)\]", r"Generator[\1, None, None]"),
    (r"\bAsync([A-Z]\w*)", r"\1"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\ba(close|read|iter_lines|iter_bytes)\b", r"\1"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"^import asyncio\n", "import time\n"),
    (r"actinf\.client\.asynchronous\b", "actinf.client.blocking"),
]
PACKAGE = '''\
"""The client for programs that do one thing after another.

Its modules are written by `tools/write_blocking_client.py` from those of `actinf.client.asynchronous`: change those.
"""
'''


def blocking(source: Path) -> str:
    """The module without `async` and `await`, in the house's form."""
    if source.name == "__init__.py":
        return PACKAGE
    text = source.read_text(encoding="utf-8")
    for word, instead in WORDS:
        text = re.sub(word, instead, text, flags=re.MULTILINE)
    name = str(TARGET / source.name)
    known = "lint.isort.known-first-party=['actinf']"
    for command in (
        ["check", "--select", "I,F811,UP028", "--fix", "--unsafe-fixes", "--quiet", "--config", known],
        ["format", "--quiet"],
    ):
        ruff = [str(Path(sys.executable).with_name("ruff")), *command, "--stdin-filename", name, "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return text


if __name__ == "__main__":
    modules = {TARGET / source.name: blocking(source) for source in sorted(SOURCE.glob("*.py"))}
    sys.exit(write_or_check(modules, there=TARGET.glob("*.py")))
