"""Fuzz one reader of ours, guided by coverage: ``python -m tools.fuzz PARSER --seconds N``.

Needs atheris (``pip install atheris``). Ends with 0 where every input was taken or refused by the
errors that the reader declares; else it leaves the input as ``crash-*`` and shows the traceback.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

ROOT = Path(__file__).resolve().parent.parent
_LARGEST = 16_384
"""Bytes of an input; more where an example is longer, which would be cut off and mean nothing."""


def main() -> None:
    """Run libFuzzer on the reader that the command line names."""
    sys.path.insert(0, str(ROOT / "tests"))  # the table of readers belongs to the tests
    with atheris.instrument_imports(include=["depcheck"]):
        from support.parsers import parsers  # noqa: PLC0415 - instrumented while it is imported
    known = parsers()
    options = argparse.ArgumentParser(description="Fuzz one reader.")
    options.add_argument("parser", choices=sorted(known))
    options.add_argument("--seconds", type=int, default=600)
    chosen = options.parse_args()
    parser = known[chosen.parser]
    with TemporaryDirectory() as corpus:
        for number, seed in enumerate(parser.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        largest = max(_LARGEST, *(2 * len(seed) for seed in parser.seeds))
        words = [f"-max_total_time={chosen.seconds}", f"-max_len={largest}", "-timeout=20"]
        atheris.Setup([sys.argv[0], *words, corpus], parser.accepts)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
