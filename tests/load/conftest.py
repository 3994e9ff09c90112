"""Keeps the locustfile out of this process: where locust is imported, it exchanges sockets and threads."""

collect_ignore = ["locustfile.py"]
