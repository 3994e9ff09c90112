"""The files that the pages of incidents use."""

from pathlib import Path

from actinf.web.assets import Assets

__all__ = ["ASSETS"]

ASSETS = Assets(Path(__file__).with_name("static"))
