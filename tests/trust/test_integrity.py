"""One flipped bit anywhere is detected, or it is where nothing reads.

``pytest tests/trust/test_integrity.py --full -s`` flips a thousand bits of each kind of file.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from support.damage import flipped
from support.recording import record
from support.small import files_of, small
from support.wheelhouse import make_sdist, make_wheel, serve
from support.world import UNIVERSE, make_world

from depcheck.artifacts.store import FactStore, builtin_facts, write_facts
from depcheck.cache import Cache
from depcheck.errors import DepcheckError
from depcheck.index.live.answers import Answers
from depcheck.index.live.http import Http, IndexUnreachableError
from depcheck.index.live.live_index import LiveIndex, live_indexes
from depcheck.index.live.once import Once
from depcheck.index.live.remote_file import hash_of
from depcheck.index.model import InvalidMetadataError
from depcheck.index.snapshot import embedded_path, open_snapshot

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFUSALS = (DepcheckError, InvalidMetadataError)


def outcomes(whole: bytes, read: Callable[[bytes], object], count: int, seed: str) -> Counter[str]:
    """Flip bits and count what becomes of each: an error, or the same answer as before."""
    random = Random(seed)
    right = read(whole)
    found: Counter[str] = Counter()
    for _ in range(count):
        bit = random.randrange(len(whole) * 8)
        try:
            answer = read(flipped(whole, bit))
        except REFUSALS:
            found["detected"] += 1
        else:
            found["same answer" if answer == right else f"WRONG at bit {bit}"] += 1
    print(f"{seed}: {dict(found)}")
    return found


def undetected(found: Counter[str]) -> list[str]:
    return [kind for kind in found if kind.startswith("WRONG")]


def everything_in(path: Path) -> object:
    """Read all that a recording can be asked for."""
    snapshot = open_snapshot(path)
    try:
        return [
            (
                info,
                [(each, _project(snapshot.index(info.location), each)) for each in sorted(names)],
            )
            for info, names in (
                (info, snapshot.index(info.location).names()) for info in snapshot.infos()
            )
        ] + [snapshot.index(info.location).compiled() for info in snapshot.infos()]
    finally:
        snapshot.close()


def _project(index: object, name: str) -> object:
    project = index.project(name)  # type: ignore[attr-defined]
    ranks = range(len(project.versions))
    return [
        (dist, index.file(project, dist))  # type: ignore[attr-defined]
        for rank in ranks
        if project.is_recorded(rank)
        for dist in project.dists(rank)
    ]


def reading_file(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def reading(content: bytes) -> object:
        path.write_bytes(content)
        return read(path)

    return reading


def test_flips_in_a_recording(tmp_path: Path, full: bool) -> None:
    whole = record(tmp_path / "whole.sqlite", UNIVERSE).read_bytes()

    found = outcomes(
        whole,
        reading_file(tmp_path / "flipped.sqlite", everything_in),
        1000 if full else 300,
        "recording",
    )

    assert [] == undetected(found)


def test_flips_in_what_a_recording_says_of_itself(tmp_path: Path) -> None:
    """Moments and digests go into locks: each bit of them is tried."""
    path = record(tmp_path / "whole.sqlite", UNIVERSE)
    whole = path.read_bytes()
    moment = open_snapshot(path).infos()[0].moment.encode()
    place = whole.index(moment) * 8
    read = reading_file(tmp_path / "flipped.sqlite", everything_in)
    silent = []
    for bit in range(place, place + len(moment) * 8):
        try:
            read(flipped(whole, bit))
        except DepcheckError:
            continue
        silent.append(bit)

    assert [] == silent


def test_flips_in_the_recording_that_ships(tmp_path: Path, full: bool) -> None:
    """Read through the projects whose rows the flipped bits are in, and all others."""
    whole = embedded_path().read_bytes()
    names = ("torch", "numpy", "transformers", "triton")

    def read(path: Path) -> object:
        snapshot = open_snapshot(path)
        try:
            return [
                (info.location, name, _project(snapshot.index(info.location), name))
                for info in snapshot.infos()
                for name in names
                if name in snapshot.index(info.location).names()
            ]
        finally:
            snapshot.close()

    found = outcomes(
        whole, reading_file(tmp_path / "flipped.sqlite", read), 1000 if full else 5, "embedded"
    )

    assert [] == undetected(found)


def test_flips_in_facts(tmp_path: Path, full: bool) -> None:
    store = builtin_facts()
    assert store is not None
    facts = dict(list(store.all().items())[:40])
    write_facts(tmp_path / "facts.sqlite", facts)
    whole = (tmp_path / "facts.sqlite").read_bytes()

    found = outcomes(
        whole,
        reading_file(tmp_path / "flipped.sqlite", lambda path: FactStore(path).all()),
        1000 if full else 100,
        "facts",
    )

    assert [] == undetected(found)


def test_the_facts_that_ship_are_sealed(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "artifacts" / "data" / "recorded.sqlite"
    whole = path.read_bytes()

    found = outcomes(
        whole,
        reading_file(tmp_path / "flipped.sqlite", lambda path: type(FactStore(path))),
        5,
        "shipped facts",
    )

    assert Counter(detected=5) == found


def test_flips_in_the_cache(tmp_path: Path, full: bool) -> None:
    """A damaged entry counts as absent."""
    cache = Cache(tmp_path)
    cache.write("pages", "demo", {"fetched": 1, "etag": "x"}, bytes(range(256)) * 4)
    (path,) = (each for each in tmp_path.rglob("*") if each.is_file())
    right = cache.read("pages", "demo")
    whole = path.read_bytes()
    random = Random("cache")
    answers = []
    for _ in range(1000 if full else 300):
        path.write_bytes(flipped(whole, random.randrange(len(whole) * 8)))
        answers.append(cache.read("pages", "demo"))

    assert right is not None
    assert [None] * len(answers) == answers


def test_flips_in_the_answers_of_indexes(tmp_path: Path, full: bool) -> None:
    """A damaged entry counts as absent and a damaged file as empty; both are written anew."""
    entries = {name: ({"fetched": 1, "etag": name}, name.encode() * 999) for name in "abc"}
    written = Answers(tmp_path)
    with written.together():
        for name, entry in entries.items():
            written.write("pages", name, *entry)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    random = Random("answers")
    found: Counter[str] = Counter()
    for _ in range(1000 if full else 100):
        path.write_bytes(flipped(whole, random.randrange(len(whole) * 8)))
        for name, entry in entries.items():
            answer = Answers(tmp_path).read("pages", name)
            found["absent" if answer is None else "right" if answer == entry else "WRONG"] += 1
    path.write_bytes(whole[: len(whole) // 2])
    Answers(tmp_path).write("pages", "a", *entries["a"])
    Answers(tmp_path).write("pages", "a", *entries["a"])

    assert {"absent", "right"} == set(found)
    assert entries["a"] == Answers(tmp_path).read("pages", "a")


@pytest.mark.parametrize("kind", ["wheel", "sdist", "metadata"])
def test_flips_in_files_of_an_index(tmp_path: Path, kind: str, full: bool) -> None:
    """What a solve reads of a file is right, or an error; the lock's hash judges the rest."""
    house = tmp_path / "house"
    make = make_sdist if kind == "sdist" else make_wheel
    path = make(house, "demo", "1.0", requires=("numpy>=1,<2", "scipy; extra == 'x'"))
    whole = path.read_bytes()
    with serve({"main": house}) as served:
        answer = served.answer
        content = [b""]

        def flipped_answer(asked: str) -> tuple[str, bytes] | None:
            wanted = f"{path.name}.metadata" if kind == "metadata" else path.name
            if kind == "wheel" and asked.endswith(".metadata"):
                return None
            found = answer(asked)
            return (found[0], content[0]) if found and asked.endswith(wanted) else found

        served.answer = flipped_answer  # type: ignore[assignment, method-assign]
        if kind == "metadata":
            whole = (answer(f"/main/files/{path.name}.metadata") or ("", b""))[1]
        look_up = live_indexes(Answers(tmp_path / "answers"))
        pages = look_up(served.index_url("main"))
        assert isinstance(pages, LiveIndex)
        project = pages.project("demo")
        assert project is not None
        dist = project.dists(0)[0]

        def read(raw: bytes) -> object:
            content[0] = raw
            pages._metadata = Once()
            shutil.rmtree(tmp_path / "answers", ignore_errors=True)
            pages._answers = Answers(tmp_path / "answers")
            return pages.core_metadata(project, dist)

        found = outcomes(whole, read, 1000 if full else 60, kind)

    assert [] == undetected(found)


def test_flips_in_a_lock_set(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    full: bool,
) -> None:
    """The gate closes on every flipped bit of every file of a lock set."""
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("demo.toml")
    folder = tmp_path / "locks" / "demo" / "cu121"
    files = files_of(folder)
    random = Random("lock set")
    codes: Counter[int] = Counter()
    for _ in range(1000 if full else 40):
        path = random.choice(sorted(files))
        whole = files[path]
        (folder / path).write_bytes(flipped(whole, random.randrange(len(whole) * 8)))
        codes[world.gate("demo.toml")[0]] += 1
        (folder / path).write_bytes(whole)
    print(f"lock set: exit codes {dict(codes)}")

    assert {1} == set(codes)
    assert 0 == world.gate("demo.toml")[0]


@pytest.fixture
def without_hashes(tmp_path: Path) -> Iterator[str]:
    make_wheel(tmp_path / "house", "demo", "1.0")
    with serve({"main": tmp_path / "house"}) as served:
        answer = served.answer

        def bare(asked: str) -> tuple[str, bytes] | None:
            found = answer(asked)
            if found is None or not found[0].startswith("text/html"):
                return found
            return found[0], found[1].replace(b"#sha256=", b"#md5=")

        served.answer = bare  # type: ignore[assignment, method-assign]
        yield served.index_url("main")


def test_a_hash_that_the_index_does_not_state_is_refused(
    tmp_path: Path, without_hashes: str
) -> None:
    world = small(tmp_path, DEPCHECK_CACHE_DIR=str(tmp_path / "cache"))
    (tmp_path / "demo.in").write_text("demo\n")

    code, out, err = world.run("compile", "demo.in", "--index-url", without_hashes, "--no-rules")

    assert (1, "") == (code, out)
    expected = (
        f"error: index `{without_hashes.rstrip('/')}` states no SHA-256 for "
        "`demo-1.0-py3-none-any.whl`, and a lock without it would prove nothing [unhashed-file]\n\n"
        "hint: pin another version of `demo`, or ask the indexes themselves and let the hash be "
        "computed from a download: `--hash-by-download demo`\n"
    )
    assert expected == err


def test_a_hash_is_computed_by_download_with_consent_and_said(
    tmp_path: Path, without_hashes: str
) -> None:
    world = small(tmp_path, DEPCHECK_CACHE_DIR=str(tmp_path / "cache"))
    (tmp_path / "demo.in").write_text("demo\n")
    words = ("compile", "demo.in", "--index-url", without_hashes, "--no-rules", "-o", "pylock.toml")

    assert 1 == world.run(*words, "--hash-by-download", "other")[0]
    assert 0 == world.run(*words, "--hash-by-download", "Demo")[0]
    lock = tomllib.loads((tmp_path / "pylock.toml").read_text())
    wheel = tmp_path / "house" / "demo-1.0-py3-none-any.whl"
    stated = lock["packages"][0]["wheels"][0]
    right = {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    assert (right, wheel.stat().st_size) == (stated["hashes"], stated["size"])
    assert [
        "the hash of `demo-1.0-py3-none-any.whl` was computed by download: its index states none"
    ] == lock["tool"]["depcheck"]["warnings"]


@pytest.mark.parametrize("largest", [10, None])
def test_a_file_to_hash_has_a_largest_size_and_comes_whole(
    tmp_path: Path, without_hashes: str, largest: int | None
) -> None:
    url = without_hashes.replace("simple/", "files/demo-1.0-py3-none-any.whl")
    wheel = (tmp_path / "house" / "demo-1.0-py3-none-any.whl").read_bytes()
    if largest is None:
        found = hash_of(Http(), url, largest=len(wheel))

        assert (hashlib.sha256(wheel).hexdigest(), len(wheel)) == found
        return
    with pytest.raises(IndexUnreachableError) as refused:
        hash_of(Http(), url, largest=largest)

    assert "file-too-large" == refused.value.reference
