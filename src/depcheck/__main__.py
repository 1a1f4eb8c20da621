"""Run the command line with ``python -m depcheck``."""

import sys

from depcheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
