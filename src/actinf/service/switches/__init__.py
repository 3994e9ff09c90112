"""The switches of the protection: what operators see and throw while the service runs."""
