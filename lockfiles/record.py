"""Write ``gate.json``: what a lock set was solved from, and the hash of each of its files.

The gate reads this instead of TOML: where every hash still holds, nothing needs to be worked out
again. Keys of the document: ``schema`` (number of this form), ``depcheck`` (version that wrote it),
``image``, ``variant``, ``command`` (the command line that the files name), ``spec`` (``path``,
``files``: SHA-256 by path, ``keys``: the variant as plain values), ``rules`` (``files``: SHA-256 by
path, ``digests``: by the id of each rule that holds for the variant), ``indexes`` (digest of the
recording by location, null for a live index), ``pins`` (``version`` and ``sha256`` by name),
``files`` (``sha256`` and ``executable`` by path), ``findings`` and ``notes`` (what the gate found
when the lock set was written) and ``digest``, the SHA-256 over everything else.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from depcheck import __version__
from depcheck.lockfiles import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depcheck.resolver.solution import Solution

RECORD = "gate.json"
EXECUTABLE = frozenset({"install.sh", "validate_dependencies"})
"""Files of a lock set that can be run."""
SCHEMA = 1


class Inputs(NamedTuple):
    """What a solve was given, in the form that tells later what changed."""

    spec: str
    """Name of a built-in image, or the path of the spec as it was given."""
    spec_files: Mapping[str, str]
    """SHA-256 of the spec and of the baselines that it extends, by path."""
    keys: Mapping[str, Any]
    """The variant as plain values, by key."""
    rule_files: Mapping[str, str]
    """SHA-256 of the files that state rules, by path."""
    rules: Mapping[str, str]
    """Digest of each rule that holds for the variant, by id."""
    findings: Sequence[Mapping[str, Any]] = ()
    """What the gate has to say of the pins themselves, as documents."""
    notes: Sequence[str] = ()


def gate_json(
    solution: Solution, files: Mapping[str, bytes], command: str, inputs: Inputs
) -> bytes:
    """Return ``gate.json`` of a lock set, keys sorted."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "depcheck": __version__,
        "image": solution.image,
        "variant": solution.variant,
        "command": command,
        "spec": {
            "path": inputs.spec,
            "files": dict(inputs.spec_files),
            "keys": dict(inputs.keys),
        },
        "rules": {"files": dict(inputs.rule_files), "digests": dict(inputs.rules)},
        "indexes": {
            index.name if index.name == "default" else index.url: index.digest
            for index in solution.indexes
        },
        "pins": {
            pin.name: {"version": pin.version, "sha256": pin.file.sha256 if pin.file else None}
            for pin in solution.pins
        },
        "files": {
            path: {"sha256": hashlib.sha256(content).hexdigest(), "executable": path in EXECUTABLE}
            for path, content in files.items()
        },
        "findings": list(inputs.findings),
        "notes": list(inputs.notes),
    }
    document["digest"] = digest_of(document)
    return json_text.dumps(document).encode()


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 over a record, its own digest left out."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
