"""Write a lock set as one page of HTML that asks for nothing else: no network, no script needed.

Pins link to the pins that asked for them and to those that they need; a short script only filters
the table. Everything from outside is escaped.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from depcheck.lockfiles.stored import size_of
from depcheck.lockfiles.treemap import Box, squarified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from depcheck.lockfiles.explanation import ExplainedPin
    from depcheck.lockfiles.stored import StoredLockSet

_COLOURS = ("#8ecae6", "#ffb703", "#a8d5a2", "#f4a6a6", "#cdb4db", "#ffd6a5", "#b8c0ff", "#caffbf")
_WIDTH, _HEIGHT = 960, 420
_LETTER = 7
"""Width of a letter in the drawing, about."""
_SCRIPT = """
const field = document.getElementById("filter");
field.closest("p").hidden = false;
field.addEventListener("input", () => {
  const wanted = field.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("#pins tbody tr")) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }
});
"""


def report_html(stored: StoredLockSet) -> str:
    """Return the page of a lock set; the same for the same lock set."""
    style = (files("depcheck.lockfiles") / "templates" / "report.css").read_text(encoding="utf-8")
    title = escape(stored.title)
    body = "\n".join(
        (
            f"<h1>{title}</h1>",
            f"<p>{escape(stored.explanation.summary)}</p>",
            _table(None, ("what", "value"), _facts(stored)),
            "<h2>Download by package and stage</h2>",
            _treemap(stored),
            "<h2>Stages</h2>",
            _table(None, ("", "stage", "pins", "download", "so far"), _stages(stored)),
            "<h2>Packages</h2>",
            '<p hidden><label>Filter <input id="filter" type="search"></label></p>',
            _table("pins", ("package", "version", "size", "asked for by", "needs"), _pins(stored)),
            "<h2>Rules that hold, and what they waive</h2>",
            _table("rules", ("rule", "reason", "waives", "evidence"), _rules(stored)),
        )
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{style}</style></head>\n<body><main>\n{body}\n</main>\n"
        f"<script>{_SCRIPT}</script>\n</body></html>\n"
    )


def _facts(stored: StoredLockSet) -> Iterator[tuple[str, Sequence[str]]]:
    target = stored.target
    budget = _size(target.disk_budget) if target.disk_budget else "not stated"
    for name, value in (
        ("target", f"Python {target.python}, {target.platform}"),
        ("base image", target.base_image or "not stated"),
        ("compute capabilities", ", ".join(target.compute_capabilities) or "not stated"),
        ("disk budget", budget),
        ("as of", stored.explanation.as_of or "not stated"),
        ("download", _extent(stored.known_bytes, stored.unknown_sizes)),
        *(("variable", f"{key}={value}") for key, value in sorted(stored.env.items())),
        *(("the image must have", need) for need in stored.system),
        *(("warning", warning) for warning in stored.explanation.warnings),
    ):
        yield "", (escape(name), escape(value))


def _stages(stored: StoredLockSet) -> Iterator[tuple[str, Sequence[str]]]:
    known = 0
    for stage in stored.stages:
        known += stage.known_bytes
        yield (
            "",
            (
                str(stage.number),
                _swatch(stage.number) + escape(stage.name),
                str(len(stage.pins)),
                _extent(stage.known_bytes, stage.unknown_sizes),
                _size(known),
            ),
        )


def _pins(stored: StoredLockSet) -> Iterator[tuple[str, Sequence[str]]]:
    for name, each in stored.pins.items():
        askers = dict.fromkeys(via.source for via in each.pin.via)
        yield (
            f"pin-{name}",
            (
                f'<a href="#pin-{escape(name)}">{escape(name)}</a>',
                escape(each.pin.version),
                _size(size_of(each)),
                ", ".join(_link(asker, stored) for asker in askers),
                ", ".join(_link(need, stored) for need in each.pin.requires),
            ),
        )


def _rules(stored: StoredLockSet) -> Iterator[tuple[str, Sequence[str]]]:
    waivers = stored.explanation.waivers
    for name, rule in stored.explanation.rules.items():
        waived = (
            f"{each.package}=={each.version} needs {each.requirement}: "
            + (f"taken as {each.replacement}" if each.replacement else "dropped")
            for each in waivers
            if each.rule == name
        )
        yield (
            f"rule-{name}",
            (
                escape(name),
                escape(rule.reason),
                "<br>".join(map(escape, waived)),
                "<br>".join(map(_evidence, rule.evidence)),
            ),
        )


def _evidence(text: str) -> str:
    """Return evidence; what is an address on the web becomes a link, and nothing else does."""
    if not text.startswith(("https://", "http://")):
        return escape(text)
    return f'<a rel="noreferrer" href="{escape(text)}">{escape(text)}</a>'


def _link(name: str, stored: StoredLockSet) -> str:
    shown = escape(name)
    return f'<a href="#pin-{shown}">{shown}</a>' if name in stored.pins else shown


def _table(
    identity: str | None, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]
) -> str:
    """Return a table of cells that are HTML already; a row's first part is its anchor."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    lines = [
        _opening(anchor) + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        for anchor, cells in rows
    ]
    name = f' id="{identity}"' if identity else ""
    body = "\n".join(lines)
    return (
        f'<div class="wide"><table{name}><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _opening(anchor: str) -> str:
    return f'<tr id="{escape(anchor)}">' if anchor else "<tr>"


def _treemap(stored: StoredLockSet) -> str:
    sized = [
        (size, stage.number, each)
        for stage in stored.stages
        for each in stage.pins
        if (size := size_of(each))
    ]
    sized.sort(key=lambda entry: (-entry[0], entry[2].pin.name))
    whole = Box(x=0, y=0, width=_WIDTH, height=_HEIGHT)
    boxes = squarified([size for size, _, _ in sized], whole)
    cells = (
        _cell(box, size, number, each)
        for box, (size, number, each) in zip(boxes, sized, strict=True)
    )
    note = ""
    if stored.unknown_sizes:
        note = f'<p class="dim">{stored.unknown_sizes} of unknown size are not drawn.</p>'
    label = f"Download of {escape(stored.title)} by package; the table below has the numbers"
    drawn = "\n".join(cells)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">\n'
        f"{drawn}\n</svg>{note}"
    )


def _cell(box: Box, size: int, number: int, each: ExplainedPin) -> str:
    name = escape(each.pin.name)
    place = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
    text = ""
    if box.width > len(each.pin.name) * _LETTER + 8 and box.height > 16:  # noqa: PLR2004
        text = f'<text x="{box.x + 4:.1f}" y="{box.y + 14:.1f}">{name}</text>'
    return (
        f'<a href="#pin-{name}"><title>{name} {escape(each.pin.version)}, {_size(size)}, '
        f"stage {escape(each.stage)}</title>"
        f'<rect {place} fill="{_colour(number)}"/>{text}</a>'
    )


def _swatch(number: int) -> str:
    return f'<span aria-hidden="true" style="color:{_colour(number)}">&#9632;</span> '


def _colour(number: int) -> str:
    return _COLOURS[(number - 1) % len(_COLOURS)]


def _extent(known: int, unknown: int) -> str:
    return _size(known) + (f" and {unknown} of unknown size" if unknown else "")


def _size(count: int | None) -> str:
    if count is None:
        return "?"
    return f"{count / 1e6:.1f} MB" if count < 10**9 else f"{count / 1e9:.1f} GB"
