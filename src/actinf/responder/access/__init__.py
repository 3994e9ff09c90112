"""Who may use the server, and what each may do: accounts with their roles, keys, passwords, sessions of browsers."""
