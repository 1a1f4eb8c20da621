"""Write docs/semantics.md from the scenarios of the tests: ``python -m tools.semantics_page``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from support.scenarios import Topic

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "semantics.md"
_INTRO = """\
What the solver makes of requirements. Every sentence in the lists below is shown by scenarios in
[tests/scenarios](../tests/scenarios): small package worlds, each with its answer, which the tests
solve. Where uv and pip differ, the sentence says which of them is followed."""


def page(topics: Iterable[Topic]) -> str:
    """Return the page of these topics."""
    return "\n".join(_lines(topics)) + "\n"


def _lines(topics: Iterable[Topic]) -> Iterator[str]:
    yield "# Semantics"
    yield ""
    yield "<!-- Written by `python -m tools.semantics_page`: change tests/scenarios. -->"
    yield ""
    yield _INTRO
    for topic in topics:
        yield from ("", f"## {topic.title}", "", topic.intro, "")
        for sentence in topic.sentence:
            count = len(sentence.scenario)
            shown = "1 scenario" if count == 1 else f"{count} scenarios"
            yield f"- {sentence.says} ({shown})"


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.scenarios import topics  # noqa: PLC0415 - found by the line above

    PAGE.write_text(page(topics()), encoding="utf-8")


if __name__ == "__main__":
    main()
