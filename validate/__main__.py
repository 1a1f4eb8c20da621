"""Entry of the packed file, and of ``python -m depcheck.validate``. Any Python can read this file,
so that one that is too old says so.
"""  # noqa: D205

import sys

if sys.version_info < (3, 8):  # noqa: UP036  # the point of this file
    sys.stderr.write(
        "error: validate_dependencies needs Python 3.8 or later, this is {}.{} [old-python]\n\n"
        "hint: run it with a newer interpreter; --python names the one to check\n".format(
            *sys.version_info[:2]
        )
    )
    sys.exit(2)

from depcheck.validate.cli import main

if __name__ == "__main__":
    sys.exit(main())
