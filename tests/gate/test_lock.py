"""What the gate reads in a `pylock.toml`, and what it refuses to call a lock."""

from __future__ import annotations

import pytest

from depcheck.gate.lines import pin_lines
from depcheck.gate.lock import UnreadableLockError, parse_lock

HEAD = 'lock-version = "1.0"\ncreated-by = "t"\n'
HASHES = f'hashes = {{ sha256 = "{"a" * 64}" }}'
WHEEL = f'wheels = [{{ url = "https://x.example/n-1-py3-none-any.whl", {HASHES} }}]\n'
SDIST = f'sdist = {{ name = "n-1.tar.gz", url = "https://x.example/1", {HASHES} }}\n'
ARCHIVE = f'archive = {{ url = "https://x.example/a.zip", {HASHES} }}\n'


def package(*lines: str, name: str = "n", version: str = 'version = "1"\n') -> str:
    return f'\n[[packages]]\nname = "{name}"\n{version}{"".join(lines)}'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (package(WHEEL, version=""), "`n` has no version"),
        (package(WHEEL, SDIST), "`n` must have exactly one file"),
        (package(WHEEL.replace("]", f", {WHEEL[10:-2]}]")), "`n` must have exactly one file"),
        (package(WHEEL) + package(SDIST), "`n` is pinned twice"),
    ],
)
def test_another_kind_of_lock_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnreadableLockError) as caught:
        parse_lock(f"{HEAD}{text}".encode(), "pylock.toml")

    assert why == str(caught.value)


@pytest.mark.parametrize(
    ("line", "filename", "url"),
    [
        (WHEEL, "n-1-py3-none-any.whl", "https://x.example/n-1-py3-none-any.whl"),
        (SDIST, "n-1.tar.gz", "https://x.example/1"),
        (ARCHIVE, None, "https://x.example/a.zip"),
    ],
)
def test_each_kind_of_file_is_read(line: str, filename: str | None, url: str) -> None:
    lock = parse_lock(f"{HEAD}{package(line)}".encode(), "locks/pylock.toml")
    pin = lock.pins["n"]

    assert ("n==1", filename, url, "a" * 64) == (str(pin), pin.filename, pin.url, pin.sha256)
    assert filename is None or not pin.is_direct
    assert "locks/pylock.toml:5" == str(pin.location)


def test_what_depcheck_wrote_into_it_may_be_gone() -> None:
    text = f"{HEAD}packages = []\n"

    assert [{}, {}, {"a": 1}] == [
        parse_lock(f"{text}{more}".encode(), "pylock.toml").tool
        for more in ("", "[tool]\ndepcheck = 1\n", "[tool.depcheck]\na = 1\n")
    ]


def test_a_package_without_a_name_has_no_line() -> None:
    text = '[[packages]]\nversion = "1"\n[[packages]]\nname = "b"\n[[packages]]\nname = "b"\n'

    assert {"b": 4} == pin_lines(text)
