"""The lab console: agents stepped by hand, with the beliefs and the reasons behind every action."""
