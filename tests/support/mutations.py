"""Ways in which somebody may spoil a lock set, or change what it was solved from."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.lockfiles.record import RECORD, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from depcheck.conflicts.model import Rule

SPECS = Path(__file__).parents[2] / "images" / "data"


@dataclass
class Scene:
    """One lock set that may be spoilt, and what it is judged against."""

    folder: Path
    others: Path
    """Folder with the whole lock sets of all images."""
    rules: tuple[Rule, ...]
    spec: str | None = None
    digests: dict[str, str] = field(default_factory=dict)
    touched_rules: bool = False

    def read(self, path: str = "pylock.toml") -> str:
        return (self.folder / path).read_bytes().decode()

    def write(self, text: str, path: str = "pylock.toml") -> None:
        (self.folder / path).write_bytes(text.encode())

    def reseal(self) -> None:
        """Make the record agree with the files, as a forger would."""
        record = json.loads(self.read(RECORD))
        for path in record["files"]:
            record["files"][path]["sha256"] = sha256((self.folder / path).read_bytes()).hexdigest()
        record["digest"] = digest_of(record)
        self.write(json.dumps(record), RECORD)


class NotHereError(Exception):
    """The lock set has nothing that could be spoilt in this way."""


Mutation = "Callable[[Scene, Random], None]"


def packages(text: str) -> list[str]:
    """Return the blocks of a lock's packages."""
    return re.findall(r"^\[\[packages\]\]\n(?:.+\n)+", text, re.MULTILINE)


def pick(rng: Random, found: Sequence[str]) -> str:
    if not found:
        raise NotHereError
    return rng.choice(found)


def change_package(
    scene: Scene, rng: Random, pattern: str, new: Callable[[re.Match[str]], str]
) -> None:
    """Change one match of a pattern in one package."""
    text = scene.read()
    block = pick(rng, [each for each in packages(text) if re.search(pattern, each)])
    changed = re.sub(pattern, new, block, count=1)
    if changed == block:
        raise NotHereError
    scene.write(text.replace(block, changed, 1))


def version(scene: Scene, rng: Random) -> None:
    """Change the version wherever the package states it: a lock whose parts disagree is no lock."""
    text = scene.read()
    block = pick(rng, packages(text))
    old = re.findall(r'(?m)^version = "(.*)"', block)[0]
    _move(scene, block, old, f"{rng.randint(90, 99)}.{old}")


def _move(scene: Scene, block: str, old: str, new: str) -> None:
    spellings = {old: new, old.replace("+", "%2B"): new.replace("+", "%2B")}
    changed = block
    for one, other in spellings.items():
        changed = changed.replace(one, other)
    scene.write(scene.read().replace(block, changed, 1))


def hash_of_a_file(scene: Scene, rng: Random) -> None:
    change_package(
        scene,
        rng,
        r'sha256 = "(.)',
        lambda m: f'sha256 = "{rng.choice("0123456789abcdef".replace(m[1], ""))}',
    )


def no_hash(scene: Scene, rng: Random) -> None:
    change_package(scene, rng, r'sha256 = "[0-9a-f]{32}', lambda _: 'md5 = "')


def url(scene: Scene, rng: Random) -> None:
    change_package(scene, rng, r'url = "https://[^/]+/', lambda _: 'url = "https://files.example/')


def index(scene: Scene, rng: Random) -> None:
    change_package(
        scene, rng, r'(?m)^index = ".*"', lambda _: 'index = "https://index.example/simple"'
    )


def local_label(scene: Scene, rng: Random) -> None:
    blocks = [each for each in packages(scene.read()) if re.search(r'(?m)^version = ".*\+', each)]
    block = pick(rng, blocks)
    old = re.findall(r'(?m)^version = "(.*)"', block)[0]
    _move(scene, block, old, f"{old.partition('+')[0]}+{rng.choice(['cu92', 'cu100', 'rocm5.0'])}")


def dropped_pin(scene: Scene, rng: Random) -> None:
    text = scene.read()
    scene.write(text.replace(pick(rng, packages(text)) + "\n", "", 1))


def added_pin(scene: Scene, rng: Random) -> None:
    text = scene.read()
    names = set(re.findall(r'(?m)^name = "(.*)"', text))
    other = rng.choice(sorted(scene.others.glob("*/*/pylock.toml"))).read_text()
    block = pick(
        rng,
        [
            each
            for each in packages(other)
            if re.findall(r'(?m)^name = "(.*)"', each)[0] not in names
            and "+" not in each.split("url")[0]
        ],
    )
    scene.write(text.replace("[[packages]]", f"{block}\n[[packages]]", 1))


def marker(scene: Scene, _rng: Random) -> None:
    text = scene.read()
    scene.write(text.replace("python_version == '3.", "python_version >= '3.", 1))


def requires_python(scene: Scene, rng: Random) -> None:
    change_package(
        scene, rng, r'(?m)^requires-python = ".*"', lambda _: 'requires-python = ">=3.13"'
    )


def added_waiver(scene: Scene, rng: Random) -> None:
    text = scene.read()
    block = pick(rng, packages(text))
    name, release = re.findall(r'(?m)^(?:name|version) = "(.*)"', block)[:2]
    waiver = (
        f'[[tool.depcheck.waivers]]\npackage = "{name}"\nversion = "{release}"\n'
        'requirement = "setuptools<1"\nrule = "made-up"\nreason = "somebody was in a hurry"\n'
    )
    scene.write(f"{text}\n{waiver}")


def dropped_waiver(scene: Scene, rng: Random) -> None:
    text = scene.read()
    found = re.findall(r"\n\[\[tool\.depcheck\.waivers\]\]\n(?:.+\n)+", text)
    scene.write(text.replace(pick(rng, found), "", 1))


def stage_order(scene: Scene, rng: Random) -> None:
    text = scene.read()
    stages = re.findall(r"\[\[tool\.depcheck\.stages\]\]\n(?:.+\n)+", text)
    if len(stages) < 2:
        raise NotHereError
    at = rng.randrange(len(stages) - 1)
    one, other = stages[at : at + 2]
    scene.write(text.replace(f"{one}\n{other}", f"{other}\n{one}", 1))


def target(scene: Scene, rng: Random) -> None:
    text = scene.read()
    scene.write(
        text.replace('platform = "manylinux_2_', f'platform = "manylinux_2_{rng.randint(1, 9)}', 1)
    )


def changed_line(path: str, pattern: str) -> Callable[[Scene, Random], None]:
    """Return a mutation that spoils one line of a file."""

    def mutation(scene: Scene, rng: Random) -> None:
        paths = sorted(
            each.relative_to(scene.folder).as_posix() for each in scene.folder.glob(path)
        )
        file = pick(rng, paths)
        lines = scene.read(file).split("\n")
        places = [number for number, line in enumerate(lines) if re.search(pattern, line)]
        if not places:
            raise NotHereError
        place = rng.choice(places)
        if rng.random() < 0.5:
            del lines[place]
        else:
            lines[place] = lines[place][:-1]
        scene.write("\n".join(lines), file)

    return mutation


def line_endings(scene: Scene, rng: Random) -> None:
    path = pick(rng, ["install.sh", "requirements.txt", "pylock.toml", "explain.json"])
    scene.write(scene.read(path).replace("\n", "\r\n"), path)


def run_bit(scene: Scene, _rng: Random) -> None:
    (scene.folder / "install.sh").chmod(0o644)


def missing_file(scene: Scene, rng: Random) -> None:
    files = [each.name for each in scene.folder.iterdir() if each.is_file() and each.name != RECORD]
    (scene.folder / pick(rng, sorted(files))).unlink()


def unexpected_file(scene: Scene, rng: Random) -> None:
    scene.write("torch\n", rng.choice(["stages/00-first.txt", "constraints.txt"]))


def record(scene: Scene, rng: Random) -> None:
    text = scene.read(RECORD)
    places = [match.start() for match in re.finditer(r"(?<=[0-9a-f]{8})[0-9a-f]", text)]
    place = rng.choice(places)
    scene.write(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :], RECORD)


def no_record(scene: Scene, _rng: Random) -> None:
    (scene.folder / RECORD).unlink()


def spec_key(scene: Scene, rng: Random) -> None:
    """Change one key of a copy of the spec, as its author would."""
    name = scene.folder.parent.name
    copies = scene.folder.parents[1] / "specs"
    shutil.copytree(SPECS, copies)
    text = (copies / f"{name}.toml").read_text()
    head, start, own = text.partition(f"[variants.{scene.folder.name}]")
    changed = rng.choice(
        [
            own.replace("requirements = [", 'requirements = [\n  "idna",', 1),
            re.sub(r'\n +"([a-z-]+)",', "", own, count=1),
            re.sub(r"as-of = (\d{4})-\d\d", r"as-of = \1-01", own, count=1),
        ]
    )
    if changed == own or not start:
        raise NotHereError
    (copies / f"{name}.toml").write_text(head + start + changed)
    scene.spec = str(copies / f"{name}.toml")


def rule(scene: Scene, rng: Random) -> None:
    """Take away, or change, a rule that had something to say in the solve."""
    applied = re.findall(r'(?m)^\[\[tool\.depcheck\.rules\]\]\nid = "(.*)"', scene.read())
    name = pick(rng, applied)
    gone = rng.random() < 0.5
    scene.rules = tuple(
        replace(each, reason="otherwise") if each.id == name else each
        for each in scene.rules
        if not (gone and each.id == name)
    )
    scene.touched_rules = True


def snapshot(scene: Scene, rng: Random) -> None:
    location = pick(rng, sorted(json.loads(scene.read(RECORD))["indexes"]))
    scene.digests[location] = "0" * 64


EDITED = frozenset({"lock-edited"})
FILE = frozenset({"file-edited"})


@dataclass(frozen=True)
class Kind:
    """A kind of mutation, and the codes that fit it."""

    mutate: Callable[[Scene, Random], None]
    seen: frozenset[str]
    """By comparison with the record; one of them must be found."""
    judged: frozenset[str] | None
    """By full judgement after a forger made the record agree; None where nothing can be forged."""


KINDS = {
    "version": Kind(version, EDITED, frozenset({"release-unknown"})),
    "hash": Kind(hash_of_a_file, EDITED, frozenset({"hash-unknown"})),
    "no hash": Kind(no_hash, EDITED, frozenset({"hash-missing"})),
    "url": Kind(url, EDITED, frozenset({"url-unknown"})),
    "index": Kind(index, EDITED, frozenset({"index-foreign"})),
    "local label": Kind(local_label, EDITED, frozenset({"release-unknown"})),
    "dropped pin": Kind(dropped_pin, EDITED, frozenset({"requirement-unsatisfied"})),
    "added pin": Kind(added_pin, EDITED, frozenset({"pin-unasked"})),
    "marker": Kind(marker, EDITED, frozenset({"lock-inconsistent"})),
    "requires-python": Kind(requires_python, EDITED, frozenset({"lock-inconsistent"})),
    "added waiver": Kind(added_waiver, EDITED, frozenset({"waiver-stale"})),
    "dropped waiver": Kind(dropped_waiver, EDITED, frozenset({"requirement-unsatisfied"})),
    "stage order": Kind(stage_order, EDITED, frozenset({"lock-inconsistent"})),
    "target": Kind(target, EDITED, frozenset({"lock-inconsistent"})),
    "script line": Kind(changed_line("install.sh", r"\S"), FILE, FILE),
    "requirement line": Kind(changed_line("requirements.txt", "=="), FILE, FILE),
    "stage line": Kind(changed_line("stages/*.txt", "=="), FILE, FILE),
    "layer line": Kind(changed_line("Dockerfile.stages", "RUN|pip"), FILE, FILE),
    "line endings": Kind(line_endings, frozenset({"line-endings"}), None),
    "run bit": Kind(run_bit, frozenset({"not-executable"}), None),
    "missing file": Kind(missing_file, frozenset({"file-missing"}), None),
    "unexpected file": Kind(unexpected_file, frozenset({"file-unexpected"}), None),
    "record": Kind(record, frozenset({"record-edited"}), None),
    "no record": Kind(no_record, frozenset({"record-missing"}), None),
    "spec key": Kind(spec_key, frozenset({"spec-drift"}), None),
    "rule": Kind(rule, frozenset({"rules-drift", "waiver-stale"}), None),
    "snapshot": Kind(snapshot, frozenset({"snapshot-drift"}), None),
}
