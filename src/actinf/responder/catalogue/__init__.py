"""Which parts the system has: what they are called, what to read when one fails, and what fails with it."""
