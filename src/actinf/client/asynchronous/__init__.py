"""The client for programs that wait for many things at once.

`tools/write_blocking_client.py` writes `actinf.client.blocking` from the modules of this package.
"""
