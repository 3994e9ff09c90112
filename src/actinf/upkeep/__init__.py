"""What keeps an installation of the service alive: its database's backups, its health adapters."""
