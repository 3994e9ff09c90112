"""Whether the service works: for whoever keeps it alive, without a key."""
