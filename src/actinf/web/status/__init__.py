"""The public status page: files that any web server can give out, without script, and alone of its own.

It knows what was published, and nothing of incidents themselves.
"""

from actinf.web.status.site import render

__all__ = ["render"]
