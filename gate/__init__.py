"""Judges a lock set against its spec, the rules, the target and the disk budget."""
