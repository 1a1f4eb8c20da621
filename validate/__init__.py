"""Runs inside the image: standard library only, Python 3.8 or later, imports no other room."""
