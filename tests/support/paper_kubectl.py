"""A kubectl for tests that need no cluster: one deployment, whose replicas are a number in a file and ready at once."""

from pathlib import Path

__all__ = ["PaperKubectl"]

_SCRIPT = """#!/bin/sh
there=$(cat {file})
case " $* " in
*" get deployment "*)
    printf '{{"metadata": {{"generation": 1}}, "spec": {{"replicas": %s, ' "$there"
    printf '"selector": {{"matchLabels": {{"a": "b"}}}}}}, '
    printf '"status": {{"observedGeneration": 1, "readyReplicas": %s, "updatedReplicas": %s}}}}' "$there" "$there" ;;
*" get horizontalpodautoscalers"*) echo '{{"items": []}}' ;;
*" scale "*)
    for one in "$@"; do
        case $one in
        --current-replicas="$there") ;;
        --current-replicas=*) echo "error: Expected replicas to be ${{one#*=}}, was $there" >&2; exit 1 ;;
        --replicas=*) echo "${{one#*=}}" >{file}.$$ && mv {file}.$$ {file} ;; # whole, for whoever reads meanwhile
        esac
    done ;;
esac
"""


class PaperKubectl:
    """The program, and the number that it keeps.

    Args:
        folder: for both.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.program, self._file = folder / "kubectl", folder / "replicas"
        self.program.write_text(_SCRIPT.format(file=self._file), encoding="utf-8")
        self.program.chmod(0o755)
        self.replicas = 1

    @property
    def replicas(self) -> int:
        """As many as there are."""
        return int(self._file.read_text(encoding="ascii"))

    @replicas.setter
    def replicas(self, count: int) -> None:
        whole = self._file.with_suffix(".new")
        whole.write_text(f"{count}\n", encoding="ascii")
        whole.replace(self._file)
