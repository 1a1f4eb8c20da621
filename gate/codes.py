"""Every code that the gate may give a finding: its level unless a policy says otherwise."""

from __future__ import annotations

from typing import NamedTuple

from depcheck.gate.finding import Finding, Level, Location

_ERROR, _WARNING, _INFO = Level.ERROR, Level.WARNING, Level.INFO


class Code(NamedTuple):
    """What a code stands for."""

    level: Level
    summary: str


CODES: dict[str, Code] = {
    # the lock set as it was written
    "lock-missing": Code(_ERROR, "An image has no lock set"),
    "record-missing": Code(_ERROR, "A lock set has no record of what it was solved from"),
    "record-edited": Code(_ERROR, "The record of a lock set was edited"),
    "lock-edited": Code(_ERROR, "pylock.toml is not what the solve wrote"),
    "lock-unreadable": Code(_ERROR, "pylock.toml cannot be read as a lock"),
    "file-edited": Code(_ERROR, "A file of the lock set is not what the solve wrote"),
    "files-unjudged": Code(_WARNING, "Files cannot be compared with what the lock leads to"),
    "file-missing": Code(_ERROR, "A file of the lock set is missing"),
    "file-unexpected": Code(_ERROR, "A file in the lock set was not written by the solve"),
    "line-endings": Code(_ERROR, "A file of the lock set has other line endings"),
    "not-executable": Code(_ERROR, "A program of the lock set has lost its run bit"),
    # what it was solved from
    "spec-drift": Code(_ERROR, "The image spec changed since the solve"),
    "spec-missing": Code(_ERROR, "The spec of a lock set cannot be found"),
    "rules-drift": Code(_WARNING, "The known-conflict rules changed since the solve"),
    "snapshot-drift": Code(_INFO, "The recorded index changed since the solve"),
    # the pins
    "hash-missing": Code(_ERROR, "A pin has no hash"),
    "hash-unknown": Code(_ERROR, "The index states another hash than the lock"),
    "url-unknown": Code(_ERROR, "The index has the file at another address than the lock"),
    "file-unknown": Code(_ERROR, "The index has no such file of the release"),
    "release-unknown": Code(_ERROR, "The index has no such release"),
    "release-yanked": Code(_ERROR, "A release was yanked"),
    "url-dead": Code(_ERROR, "The file of a pin is not at its address (`--live`)"),
    "wheel-unfit": Code(_ERROR, "A wheel does not fit the target"),
    "python-unfit": Code(_ERROR, "A release does not take the target's Python"),
    "foreign-label": Code(_ERROR, "A version is labelled for another variant"),
    "missing-label": Code(_ERROR, "A version does not say which accelerator it was built for"),
    "mixed-labels": Code(_ERROR, "The torch family comes from several builds"),
    "mixed-cuda": Code(_ERROR, "Packages for several versions of CUDA come together"),
    "capability-uncovered": Code(_ERROR, "A pin has no kernels for a GPU of the target"),
    "wrong-cuda-version": Code(_ERROR, "A wheel is linked to a CUDA version that nothing brings"),
    "library-too-old": Code(_ERROR, "A wheel needs newer libraries than the base image has"),
    "abi-mismatch": Code(_ERROR, "A wheel calls torch by another C++ ABI than it has"),
    "file-collision": Code(_ERROR, "Packages overwrite each other's code"),
    "wheel-broken": Code(_ERROR, "A wheel is damaged or unsafe"),
    "index-foreign": Code(_ERROR, "A pin does not come from the index that it belongs to"),
    "requirement-unsatisfied": Code(_ERROR, "A requirement is neither met nor waived"),
    "pin-unasked": Code(_ERROR, "Nothing asks for a pin"),
    "pin-unrecorded": Code(_WARNING, "The recorded index does not know a pin"),
    "waiver-stale": Code(_ERROR, "No rule and no override justifies a waiver"),
    "rule-violated": Code(_ERROR, "The pins violate a known-conflict rule"),
    "build-not-allowed": Code(_ERROR, "A pin is built from source, and the spec does not allow it"),
    "lock-inconsistent": Code(_ERROR, "The lock differs from what its own pins lead to"),
    "vulnerable": Code(_ERROR, "A pin has a known vulnerability (`--vulnerabilities`)"),
    "vulnerability-unasked": Code(
        _WARNING, "Nobody can say whether a pin is vulnerable (`--vulnerabilities`)"
    ),
    # the image
    "budget-exceeded": Code(_ERROR, "The installation needs more disk than the budget"),
    "dockerfile-install": Code(_ERROR, "A Dockerfile installs packages outside the lock set"),
    # the policy itself
    "ignore-expired": Code(_ERROR, "An ignore of the policy has expired"),
    "ignore-unused": Code(_WARNING, "An ignore of the policy matches nothing"),
}


def finding(
    code: str,
    subject: str,
    message: str,
    *,
    at: Location,
    evidence: tuple[str, ...] = (),
    remedy: str | None = None,
) -> Finding:
    """Return a finding at its code's own level."""
    return Finding(
        code=code,
        level=CODES[code].level,
        subject=subject,
        message=message,
        location=at,
        evidence=evidence,
        remedy=remedy,
    )
