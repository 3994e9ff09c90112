"""What the container file's RUN lines make, in a folder of one's own and by a user without rights."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "deploy" / "image"
CONTAINERFILE = IMAGE / "Containerfile"
# With a name: initdb refuses an account without one.
USER = pwd.getpwnam("nobody")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The lines of one stage, continued ones joined, without comments."""

    name: str
    lines: list[str]

    @property
    def runs(self) -> list[list[str]]:
        return [line.split()[1:] for line in self.lines if line.startswith("RUN ")]

    @property
    def variables(self) -> dict[str, str]:
        words = [word for line in self.lines if line.startswith("ENV ") for word in line.split()[1:]]
        return dict(word.split("=", 1) for word in words)


def stages() -> dict[str, Stage]:
    """The stages of the container file by name, in its order."""
    found: dict[str, Stage] = {}
    text = CONTAINERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    stage = Stage(name="", lines=[])
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("FROM "):
            stage = Stage(name=line.split()[-1], lines=[])
            found[stage.name] = stage
        elif line and not line.startswith("#"):
            stage.lines.append(line)
    return found


class Unprivileged:
    """A user without rights, and a folder that is theirs.

    Args:
        folder: theirs; handed over where this process is root.
        environment: beside PATH, HOME and what pip is told.
    """

    def __init__(self, folder: Path, **environment: str):
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "XDG_CONFIG_"))}
        home = folder / "home"
        home.mkdir()
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **kept, **environment}
        self._as = []
        if os.geteuid() == 0:
            self._as = [
                "setpriv",
                f"--reuid={USER.pw_uid}",
                f"--regid={USER.pw_gid}",
                "--clear-groups",
                "--no-new-privs",
            ]
            self.hand_over(folder)

    def hand_over(self, folder: Path) -> None:
        """Make a folder, with all in it, theirs."""
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, USER.pw_uid, USER.pw_gid, follow_symlinks=False)

    def command(self, *words: str | Path) -> list[str]:
        """The command line that runs these words as that user."""
        return [*self._as, *map(str, words)]

    def run(self, *words: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, and return what it said; a failure raises with it."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done


def copy_of_the_source(target: Path) -> Path:
    """The files that the container file copies, for a user who cannot read the checkout."""
    target.mkdir()
    for name in ("src", "deploy/image", "docs/runbooks"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, target / name)
    return target
