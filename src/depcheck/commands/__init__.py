"""One module per command: each takes parsed options and a console, and returns an exit code."""
