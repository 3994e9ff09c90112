"""Who may do what: workspaces, keys and the scopes that a key has."""
