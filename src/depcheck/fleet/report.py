"""Tell what a fleet shares, what that saves, and what keeps it from sharing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.fleet.accounting import (
    Extent,
    downloaded,
    grounds,
    moves,
    obstacles,
    shared_layers,
    stored,
)
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depcheck.fleet.accounting import Move, Obstacle
    from depcheck.resolver.solution import Solution
    from depcheck.terminal import Console

_NAMED = 10


def document(own: Sequence[Solution], final: Sequence[Solution], *, apart: bool) -> dict[str, Any]:
    """Return what a fleet came to, from the images' own solutions and the aligned ones.

    Args:
        own: Each image solved by itself.
        final: The same images as they are locked.
        apart: Images on different bases are fleets of their own.
    """
    return {
        "layers": _before_and_after(stored(own), stored(final)),
        "downloads": _before_and_after(downloaded(own), downloaded(final)),
        "shared-layers": [
            {
                "name": stage.name,
                "pins": len(stage.pins),
                "known-bytes": stage.known_bytes,
                "unknown-sizes": stage.unknown_sizes,
                "images": titles,
            }
            for stage, titles in shared_layers(final)
        ],
        "bases": [
            {"base-image": ground.base_image, "python": ground.python, "images": titles}
            for ground, titles in grounds(final).items()
        ],
        "moved": [
            {
                "image": before.image,
                "variant": before.variant,
                "package": move.package,
                "before": move.before,
                "after": move.after,
            }
            for before, after in zip(own, final, strict=True)
            for move in moves(before, after)
        ],
        "obstacles": [
            {
                "package": each.package,
                "versions": dict(each.versions),
                "reasons": list(each.reasons),
                **_extent(each.extent),
            }
            for each in obstacles(final, apart=apart)
        ],
    }


def _before_and_after(before: Extent, after: Extent) -> dict[str, Any]:
    return {"before": _extent(before), "after": _extent(after)}


def _extent(extent: Extent) -> dict[str, int]:
    return {"known-bytes": extent.known, "unknown-sizes": extent.unknown}


def show(
    console: Console, own: Sequence[Solution], final: Sequence[Solution], *, apart: bool
) -> None:
    """Write the same for a person, what prevents more cut short."""
    count = "1 image" if len(final) == 1 else f"{len(final)} images"
    console.styled(console.paint(f"fleet of {count}", "bold", "green"))
    rows = [
        ("layers, each kept once", _change(stored(own), stored(final))),
        ("files, each downloaded once", _change(downloaded(own), downloaded(final))),
    ]
    console.table(rows, indent="  ")
    _show_layers(console, final)
    _show_moves(console, own, final)
    _show_obstacles(console, obstacles(final, apart=apart))
    console.result()


def _change(before: Extent, after: Extent) -> str:
    saved = before.known - after.known
    what = f"{size_text(saved)} less" if saved >= 0 else f"{size_text(-saved)} more"
    return f"{_size(before)} -> {_size(after)} ({what})"


def _size(extent: Extent) -> str:
    return size_text(extent.known) + (f" + {extent.unknown} unknown" if extent.unknown else "")


def _show_layers(console: Console, final: Sequence[Solution]) -> None:
    rows = [(stage.name, stage.label, ", ".join(titles)) for stage, titles in shared_layers(final)]
    console.heading("shared layers", indent="  ")
    console.table(rows or [("none",)], indent="    ")
    bases = grounds(final)
    if len(bases) > 1:
        console.heading("no layer is shared between", indent="  ")
        rows = [
            (ground.base_image or "no base image", f"python {ground.python}", ", ".join(titles))
            for ground, titles in bases.items()
        ]
        console.table(rows, indent="    ")


def _show_moves(console: Console, own: Sequence[Solution], final: Sequence[Solution]) -> None:
    moved = [
        (before.title, ", ".join(map(_move, found)))
        for before, after in zip(own, final, strict=True)
        for found in [moves(before, after)]
        if found
    ]
    if moved:
        console.heading("moved pins", indent="  ")
        console.table(moved, indent="    ")


def _move(move: Move) -> str:
    return f"{move.package} {move.before} -> {move.after or 'not needed'}"


def _show_obstacles(console: Console, found: Sequence[Obstacle]) -> None:
    if not found:
        return
    console.heading("what prevents more", indent="  ")
    console.table(map(_obstacle, found[:_NAMED]), indent="    ")
    if len(found) > _NAMED:
        console.result(f"    and {len(found) - _NAMED} smaller ones: see --json")


def _obstacle(found: Obstacle) -> tuple[str, str, str]:
    return (found.package, _size(found.extent), "; ".join(found.reasons))
