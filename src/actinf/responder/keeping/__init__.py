"""The upkeep of the responder itself: backups of its store, and whether it would do what it is for."""
