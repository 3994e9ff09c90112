"""What the public is told: notices of incidents and of planned work, and the status page that they make."""
