"""``depcheck images``: the built-in images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.errors import ExitCode
from depcheck.images.loader import builtin_names, find_spec
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from argparse import Namespace

    from depcheck.images.model import ImageSpec, Variant
    from depcheck.terminal import Console


def run(options: Namespace, console: Console) -> ExitCode:
    """List the built-in images, or show one image."""
    if options.action == "list":
        return _list(console)
    spec = find_spec(options.image)
    if console.as_json:
        console.document(_document(spec))
        return ExitCode.OK
    console.styled(f"{console.paint(spec.name, 'bold')}  {console.paint(spec.summary)}")
    for variant in spec.variants.values():
        _show(console, variant, default=variant.name == spec.default_variant)
    return ExitCode.OK


def _list(console: Console) -> ExitCode:
    specs = [find_spec(name) for name in builtin_names()]
    if console.as_json:
        console.document({"images": [_document(spec) for spec in specs]})
        return ExitCode.OK
    console.table((spec.name, ", ".join(spec.variants), spec.summary) for spec in specs)
    return ExitCode.OK


def _show(console: Console, variant: Variant, *, default: bool) -> None:
    target = variant.target
    as_of = f"uploads before {variant.as_of:%Y-%m-%d %H:%M} UTC" if variant.as_of else "no as-of"
    console.styled(f"\n{console.paint(variant.name, 'bold')}{' (default)' if default else ''}")
    rows = [
        ("target", f"python {target.python}, {target.platform}"),
        ("base image", target.base_image or "not stated"),
        ("capabilities", ", ".join(target.compute_capabilities) or "not stated"),
        ("disk budget", size_text(target.disk_budget)),
        ("as-of", as_of),
        *(
            ("index", f"{each.name} {each.url}: {', '.join(each.packages)}")
            for each in variant.indexes
        ),
        *(("env", f"{key}={value}") for key, value in sorted(variant.env.items())),
    ]
    console.table(rows, indent="  ")
    console.result("  requirements")
    stated = ((str(each.requirement), each.origin) for each in variant.requirements)
    console.table(stated, indent="    ")


def _document(spec: ImageSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "summary": spec.summary,
        "default-variant": spec.default_variant,
        "variants": {name: _variant(variant) for name, variant in spec.variants.items()},
    }


def _variant(variant: Variant) -> dict[str, Any]:
    target = variant.target
    return {
        "python": target.python,
        "platform": target.platform,
        "base-image": target.base_image,
        "compute-capabilities": list(target.compute_capabilities),
        "disk-budget-bytes": target.disk_budget,
        "as-of": variant.as_of.isoformat() if variant.as_of else None,
        "indexes": [
            {"name": each.name, "url": each.url, "packages": list(each.packages)}
            for each in variant.indexes
        ],
        "requirements": [
            {"requirement": str(each.requirement), "origin": each.origin}
            for each in variant.requirements
        ],
        "env": dict(variant.env),
    }
