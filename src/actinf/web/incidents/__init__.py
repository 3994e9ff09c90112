"""The console of incidents: pages of the process that responds to them, usable on a phone at night."""
