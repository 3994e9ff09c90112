"""The private world of a container: its own mounts, process ids and host name, on the machine's own programs.

A container sees the machine's files through an overlay: read-only where its manifest says so, else with a layer that
goes with it.  Its volumes are bound into that, and new folders are made in that alone.  It shares the network with
everybody: a pod has an address of its own, not a network of its own.
"""

import functools
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("unshare", "nsenter", "setpriv", "mount", "chroot", "hostname")
SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Programs of the machine that a pod starts must be in sight, whatever is mounted over them.
KEPT_IN_SIGHT = (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).resolve().parents[3])


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A folder or a file of the machine, and where a container sees it."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What a container sees.

    Attributes:
        scratch: an empty folder over which the container mounts its own root; the machine sees it empty
        mounts: in the order in which they are made
        hostname: the name of the pod
        writable: whether files outside the volumes can be written; what is written is gone with the container
        working_directory: where its command starts
    """

    scratch: Path
    mounts: tuple[Mount, ...]
    hostname: str
    writable: bool = True
    working_directory: str = "/"

    def command(self, argv: list[str], *, report: Path) -> list[str]:
        """The command that starts `argv` as process 1 of the sandbox.

        Its process id, as the machine knows it, is written to the file `report`.  It dies with us.
        """
        die_with_us = [program("setpriv"), "--pdeathsig", "KILL"]
        # A shell waits outside, and ends with the code of what it waited for: `unshare --fork` loses a SIGKILL.
        wait = f'exec 3>&2 2>/dev/null; {shlex.join(die_with_us)} "$@" 2>&3 3>&-; exit $?'
        unshare = [*die_with_us, program("unshare"), "--mount", "--pid", "--uts", "/bin/sh", "-c", wait, "sh"]
        return [*unshare, "/bin/sh", "-c", self._script(report), "sh", *argv]

    def _script(self, report: Path) -> str:
        mount = program("mount")
        scratch, root = shlex.quote(str(self.scratch)), shlex.quote(f"{self.scratch}/root")
        layers = f"lowerdir={scratch}/places:/"
        if self.writable:
            layers += f",upperdir={scratch}/upper,workdir={scratch}/work"
        lines = [
            "set -e",
            "read pid rest < /proc/self/stat",
            f"{mount} -t tmpfs -o mode=755 stand-in {scratch}",
            f"cd {scratch}; mkdir root upper work places",
        ]
        for each in self.mounts:
            place = shlex.quote(f"{self.scratch}/places{_resolved(each.target)}")
            if each.source.is_dir():
                lines.append(f"mkdir -p {place}")
            else:
                lines.append(f"mkdir -p $(dirname {place}); : > {place}")
        lines += [
            f"{mount} -t overlay -o {layers} stand-in {root}",
            f"{mount} --rbind /dev {root}/dev; {mount} --rbind /sys {root}/sys; {mount} -t proc proc {root}/proc",
        ]
        for each in self.mounts:
            place = shlex.quote(f"{self.scratch}/root{_resolved(each.target)}")
            if each.source.is_dir():  # one volume within another: a runtime makes the place for it
                lines.append(f"[ -e {place} ] || mkdir -p {place}")
            lines.append(f"{mount} --bind {shlex.quote(str(each.source))} {place}")
            if each.read_only:
                lines.append(f"{mount} -o remount,bind,ro {place}")
        for path in map(str, KEPT_IN_SIGHT):
            place = shlex.quote(f"{self.scratch}/root{path}")
            lines.append(f"[ -e {place} ] || {{ mkdir -p {place}; {mount} --rbind {shlex.quote(path)} {place}; }}")
        lines += [
            f"{program('hostname')} {shlex.quote(self.hostname)}",
            f"echo $pid > {shlex.quote(str(report))}",
            f'cd {root}; exec {program("chroot")} . /bin/sh -c \'cd "$0"; exec "$@"\' '
            f'{shlex.quote(self.working_directory)} "$@"',
        ]
        return "\n".join(lines)


def is_closed(pid: int) -> bool:
    """Whether process 1 of a sandbox sees its own root by now, and not the machine's any more."""
    return Path(f"/proc/{pid}/root/").stat().st_dev != Path("/").stat().st_dev


def entered(pid: int, argv: list[str], *, working_directory: str = "/") -> list[str]:
    """The command that starts `argv` in the sandbox whose process 1 the machine knows as `pid`."""
    enter = [program("nsenter"), "--target", str(pid), "--mount", "--pid", "--uts", "--root"]
    enter.append(f"--wd=/proc/{pid}/root{working_directory}")
    return [program("setpriv"), "--pdeathsig", "KILL", *enter, "--", *argv]


def with_mounts(mounts: list[Mount], argv: list[str]) -> list[str]:
    """The command that starts `argv` on the machine itself, but with some files bound over those that are there."""
    lines = ["set -e"]
    mount = program("mount")
    lines += [f"{mount} --bind {shlex.quote(str(each.source))} {shlex.quote(each.target)}" for each in mounts]
    lines.append('exec "$@"')
    return [program("unshare"), "--mount", "/bin/sh", "-c", "\n".join(lines), "sh", *argv]


@functools.cache
def program(name: str) -> str:
    found = shutil.which(name, path=SEARCHED)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed (Debian: util-linux, mount)")
    return found


def _resolved(target: str) -> str:
    """A mount path without symbolic links of the machine: a container mounts below /run what it calls /var/run."""
    return os.path.realpath(target)


def reason_against(folder: Path) -> str | None:
    """Why no sandbox can be made on this machine; None where it can."""
    missing = [name for name in NEEDED if shutil.which(name, path=SEARCHED) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: util-linux, mount, hostname)"
    if os.geteuid() != 0:
        return "private mounts need root"
    scratch = folder / "attempt"
    scratch.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(scratch=scratch, mounts=(), hostname="attempt")
    done = subprocess.run(
        sandbox.command(["/bin/sh", "-c", "exit 0"], report=folder / "attempt.pid"),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return None if done.returncode == 0 else f"no private mounts on this machine: {done.stderr.strip()[-300:]}"
