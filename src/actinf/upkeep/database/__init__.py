"""The PostgreSQL of an installation: the server of its pod, and the adapter that tells how it is."""
