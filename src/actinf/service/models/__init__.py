"""Models: immutable, known by the hash of their content, with names and versions."""
