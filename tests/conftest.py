"""What holds for the whole test run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.image import Image, copied, healthy_image
from support.tree import ROOMS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.append(str(ROOT))  # benchmarks, which are no part of what is installed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run tests/trust with its full numbers")


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the full numbers are wanted; the others take a sample of the same."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session", autouse=True)
def _rooms_keep_their_full_names() -> Iterator[None]:
    """Fail where anything imported ``resolver`` for `depcheck.resolver`: two copies of a module."""
    yield
    bare = {
        name: module.__file__
        for name, module in sys.modules.items()
        if name.partition(".")[0] in ROOMS and _is_in_a_room(getattr(module, "__file__", None))
    }

    assert {} == bare


def _is_in_a_room(file: str | None) -> bool:
    return file is not None and any((ROOT / room) in Path(file).parents for room in ROOMS)


@pytest.fixture(scope="session", autouse=True)
def _a_cache_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests out of the user's cache, and the user's cache out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEPCHECK_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Return an image that nobody spoils."""
    return healthy_image(tmp_path_factory.mktemp("healthy"))


@pytest.fixture
def image(healthy: Image, tmp_path: Path) -> Image:
    """Return an image that the test may spoil."""
    return copied(healthy, tmp_path / "image")
