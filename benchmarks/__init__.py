"""Measures depcheck beside its peers; no part of what is installed."""
