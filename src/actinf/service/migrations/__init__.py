"""The history of the tables, by Alembic; carried out by `actinf db upgrade`."""
