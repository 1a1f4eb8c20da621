"""Readers of what others wrote: each turns one kind of file, or an environment, into an inventory.

No reader looks anything up, runs anything of the environment it reads, or needs an index.
"""
