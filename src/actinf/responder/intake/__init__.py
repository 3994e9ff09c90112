"""What comes in from outside: alerts and changes, read with distrust, told apart, quieted, and put together.

`authentic` says who may send; `alertmanager`, `sentry` and `signed` read what was sent into an `Alert` or a `Change`;
`silence` says what is not to be told, `recheck` what has to be seen again first, `fingerprint` and `grouping` which
incident it belongs to.  All of it is pure: what time it is, and what stands already, are arguments.
"""
