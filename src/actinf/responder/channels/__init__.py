"""How a message reaches people: one port, and an adapter for each way out.

`port` says what a channel is, `messages` what is written, `neutral` how text of strangers is made harmless.  The
adapters `slack`, `mail` and `webhook` are imported where a setting asks for one; `none` is there when nothing does.
"""
