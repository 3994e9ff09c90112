"""Backups of the database that are restored and compared before they count, and the way back from them."""
