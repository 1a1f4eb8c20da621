"""A lock set as one self-contained page for the browser."""
