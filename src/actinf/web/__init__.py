"""Pages for people, served by the process of the API.  Nothing on them comes from another origin."""
