# ruff: noqa: INP001, T201  # a script, embedded in install.sh, that prints its answer
"""Compare what is installed with a stage file; runs under the target's Python (>= 3.8) alone."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

PIN = re.compile(
    r"(?:# )?(?P<name>[a-z0-9-]+)==(?P<version>[^\s,]+)"
    r"(?:, pinned by (?:commit|sha256) (?P<source>\S+)| --hash=\S+)?"
)
RELEASE = re.compile(r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)(.*)")
SPELLINGS = {
    "alpha": "a",
    "beta": "b",
    "c": "rc",
    "pre": "rc",
    "preview": "rc",
    "r": "post",
    "rev": "post",
}


def canonical(version: str) -> str:
    """Spell a version in one way (PEP 440), keeping its local label."""
    public, _, local = version.strip().lower().partition("+")
    match = RELEASE.fullmatch(public)
    if not match:
        return version
    numbers = [str(int(number)) for number in match[2].split(".")]
    while len(numbers) > 1 and numbers[-1] == "0":
        numbers.pop()
    tail = re.sub(r"^-(?=\d+$)", "post", match[3])
    parts = re.findall(r"([a-z]+)[-_.]?(\d*)", tail)
    spelled = [SPELLINGS.get(word, word) + str(int(number or 0)) for word, number in parts]
    label = "+" + re.sub(r"[-_]", ".", local) if local else ""
    return f"{int(match[1] or 0)}!{'.'.join(numbers)}{''.join(spelled)}{label}"


def normalised(name: str) -> str:
    """Spell a name in one way (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def origins(distribution: Distribution) -> list[str]:
    """Return the commit and hashes that a distribution was installed from (PEP 610)."""
    record = json.loads(distribution.read_text("direct_url.json") or "{}")
    archive = record.get("archive_info", {})
    hashes = [*archive.get("hashes", {}).values(), archive.get("hash", "").partition("=")[2]]
    return list(filter(None, [record.get("vcs_info", {}).get("commit_id"), *hashes]))


def complaint(pin: re.Match[str], found: Distribution | None) -> str | None:
    """Say what is wrong with one pin, None where nothing is."""
    name, version, source = pin["name"], pin["version"], pin["source"]
    if found is None:
        return f"{name}: want {version}, not installed"
    if canonical(found.version) != canonical(version):
        return f"{name}: want {version}, found {found.version}"
    if source and source not in origins(found):
        return f"{name}: want {source}, installed from {' '.join(origins(found)) or 'elsewhere'}"
    return None


def main(stage_file: str) -> int:
    """Print one line per mismatch; return 1 if there is any."""
    sys.path[:] = [entry for entry in sys.path if entry]  # the working directory installs nothing
    installed: dict[str, Distribution] = {}
    for distribution in distributions():
        installed.setdefault(normalised(distribution.metadata["Name"] or ""), distribution)
    lines = Path(stage_file).read_text(encoding="utf-8").splitlines()
    pins = filter(None, map(PIN.fullmatch, lines))
    complaints = list(filter(None, (complaint(pin, installed.get(pin["name"])) for pin in pins)))
    print("\n".join(complaints))
    return 1 if complaints else 0


sys.exit(main(sys.argv[1]))
