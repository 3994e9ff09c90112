"""The way back after an incident: load is taken on step by step, each one only when the one before has proved itself.

A ramp is a plan (`plan`) that is carried out in the background (`driver`), on a cluster (`cluster`, `kubectl`), with
trials (`trials`) and by what is measured (`gates`).  What it is about to do is written down before it is done, so that
a process which dies anywhere is taken up by the next one (`state`, `actinf.responder.store.ramps`).
"""
