"""Start the command line: ``depcheck``, or ``python -m depcheck``."""

import sys

from depcheck import __version__


def main() -> int:
    """Answer ``--version`` at once, as scripts ask for it often; leave the rest to the parser."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"depcheck {__version__}\n")
        return 0
    from depcheck.cli import main as run  # noqa: PLC0415 - the version needs none of it

    return run()


if __name__ == "__main__":
    sys.exit(main())
