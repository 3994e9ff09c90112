"""What monitoring says: whether the service has recovered, and how much an incident costs."""
