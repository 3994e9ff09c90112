"""The client for programs that do one thing after another.

Its modules are written by `tools/write_blocking_client.py` from those of `actinf.client.asynchronous`: change those.
"""
