"""Who wants to be mailed what the status page says, and mailing them."""
