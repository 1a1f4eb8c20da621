"""Turns a problem into a solution: target, candidates, the search, its explanation."""
