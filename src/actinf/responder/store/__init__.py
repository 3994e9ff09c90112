"""The store: tables in one SQLite file, and what is asked of them."""
