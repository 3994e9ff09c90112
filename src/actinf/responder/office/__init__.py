"""Where commands go with what they want done: to the store of this machine, or to a server that has one.

Both take the same requests and answer with the same documents, so that a command does not know which it talks to.
"""
