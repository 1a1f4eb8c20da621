"""Proof inside the image: it is as locked, its imports work, its GPU computes.

Runs on the standard library of Python 3.8 or later alone and imports no other room, since
`depcheck.lockfiles` packs it into the lock set as one executable file.
"""
