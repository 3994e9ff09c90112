"""What an incident is: how severe it is, and why."""
