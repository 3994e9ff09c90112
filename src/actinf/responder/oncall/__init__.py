"""Who is on call, by rotation and by exception, and where nobody is.  Pure: every time is an argument, and aware."""
