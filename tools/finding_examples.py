"""Collect an example of every finding from the tests: ``python -m tools.finding_examples``.

The tests of the gate, of `inspect` and of the validator make nearly every finding. This runs them,
keeps for each code the shortest finding that was made, as the commands print it, and writes
`tools/finding_examples.json`, from which `tools.codes_page` takes its examples. Where tests are
named (``python -m tools.finding_examples tests/gate``), only these run, and the other examples
stay.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pip._internal.models.index import PyPI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

EXAMPLES = Path(__file__).with_suffix(".json")
_TESTS = ("tests/gate", "tests/artifacts", "tests/cli/test_inspect.py", "tests/validate")
_TEST_FOLDER = re.compile(r"/tmp/pytest-of-\w+/pytest-\d+/[^/\s]+/")  # noqa: S108 - only matched
_LOOPBACK = re.compile(r"https?://127\.0\.0\.1:\d+")
_NUMBERED = re.compile(r"^\d+/")
"""Where a test keeps several lock sets of one image."""
_DIGEST = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{32,}\b")
_OF_THIS_RUN = re.compile(r"/tmp/|/root/|/home/|pytest|\d+\.\d+ s|127\.0\.0\.1|\\x")  # noqa: S108
_EVIDENCE_LINES = 3
_WIDEST = 100


class Collector:
    """A plug-in of pytest that keeps what findings say, by the program that makes them."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def keep(self, program: str, code: str, first: str, evidence: Iterable[str]) -> None:
        """Keep one finding as its program prints it."""
        text = "\n    ".join([first, *evidence])
        text = _LOOPBACK.sub("https://index.example", text)
        text = text.replace(PyPI.simple_url, "https://index.example/simple")
        text = text.replace(PyPI.file_storage_domain, "files.example")
        lines = _DIGEST.sub(r"\1...", _TEST_FOLDER.sub("", text)).split("\n")
        lines[0] = _NUMBERED.sub("locks/", lines[0])
        short = [lines[0], *(line for line in lines[1:] if len(line) <= _WIDEST)]
        self.seen[program][code].add("\n".join(short[: _EVIDENCE_LINES + 1]))

    def pytest_sessionstart(self) -> None:
        """Listen to all three programs, before a test imports them."""
        self._listen_to_the_gate()
        self._listen_to_inspect()
        self._listen_to_the_validator()

    def _listen_to_the_gate(self) -> None:
        from depcheck.gate import codes  # noqa: PLC0415 - before any other module takes it
        from depcheck.gate.report import said  # noqa: PLC0415

        make: Callable[..., Any] = codes.finding

        def listening(*arguments: Any, **named: Any) -> Any:
            found = make(*arguments, **named)
            first = f"{found.location}: {found.level.value}: {said(found)} [{found.code}]"
            self.keep("gate", found.code, first, found.evidence)
            return found

        codes.finding = listening

    def _listen_to_inspect(self) -> None:
        from depcheck.artifacts.model import Finding  # noqa: PLC0415

        make: Callable[..., None] = Finding.__init__

        def listening(found: Finding, **named: Any) -> None:
            make(found, **named)
            subject = f"{found.subject}: " if found.subject else ""
            first = f"{found.severity.value} {subject}{found.message} [{found.code}]"
            self.keep("inspect", found.code, first, found.evidence)

        Finding.__init__ = listening  # type: ignore[assignment, method-assign]

    def _listen_to_the_validator(self) -> None:
        from support.image import Image  # noqa: PLC0415

        run = Image.report

        def listening(image: Image, *arguments: str, **options: Any) -> dict[str, Any]:
            document = run(image, *arguments, **options)
            for check in document["results"]:
                if "code" in check:
                    self._keep_result(check)
            return document

        Image.report = listening  # type: ignore[assignment, method-assign]

    def _keep_result(self, result: Mapping[str, Any]) -> None:
        first = (
            f"{result['status']} {result['check']} {result['subject']}: {result['message']} "
            f"[{result['code']}]"
        )
        evidence = (result.get("evidence") or "").splitlines()
        self.keep("validate", result["code"], first, evidence)


def shortest(texts: Iterable[str]) -> str | None:
    """Return the shortest text that reads the same in every run, if there is one."""
    lasting = [text for text in texts if not _OF_THIS_RUN.search(text)]
    return min(lasting, key=lambda text: (len(text), text), default=None)


def main(tests: Sequence[str]) -> int:
    """Run the tests and write the examples."""
    collector = Collector()
    options = ["-q", "-p", "no:xdist", *(tests or _TESTS)]
    code = pytest.main(options, plugins=[collector])
    if code:
        return int(code)
    found = json.loads(EXAMPLES.read_text(encoding="utf-8")) if tests else {}
    for program, codes in collector.seen.items():
        made = {name: text for name, said in codes.items() if (text := shortest(said))}
        found[program] = dict(sorted({**made, **found.get(program, {})}.items()))
    found = dict(sorted(found.items()))
    EXAMPLES.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
