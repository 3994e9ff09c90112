"""Small HTTP servers beside the database, the cache and nginx: how is it, told within a second whatever it does.

`seen` is what is known, `watch` keeps it up to date, `endpoints` answers from it; `postgres`, `cache` and `nginx` look.
"""
