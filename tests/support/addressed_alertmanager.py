"""What a pod of the stand-in runs as `alertmanager`: Debian's, which is older than `url_file` (0.26).

It is given the same configuration with the address that is in each such file.

    python -m support.addressed_alertmanager --config.file=… --storage.path=… …
"""

import os
import sys
from pathlib import Path

import yaml


def main(arguments: list[str]) -> None:
    """Become Alertmanager."""
    given = dict(one.removeprefix("--").split("=", 1) for one in arguments)
    config = yaml.safe_load(Path(given["config.file"]).read_text(encoding="utf-8"))
    for receiver in config["receivers"]:
        for hook in receiver["webhook_configs"]:
            hook["url"] = Path(hook.pop("url_file")).read_text(encoding="utf-8").strip()
            if "http_config" in hook:
                token = Path(hook.pop("http_config")["authorization"]["credentials_file"])
                hook["http_config"] = {"authorization": {"credentials": token.read_text(encoding="utf-8").strip()}}
    changed = Path(given["storage.path"]) / "alertmanager.yml"
    changed.write_text(yaml.safe_dump(config), encoding="utf-8")
    rest = [one for one in arguments if not one.startswith("--config.file=")]
    os.execv("/usr/bin/prometheus-alertmanager", ["alertmanager", f"--config.file={changed}", *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
