"""Answers that are worked out once, however many threads ask."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from depcheck.errors import DepcheckError
from depcheck.index.model import InvalidMetadataError

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")


class Once(Generic[K, V]):
    """Answers by key; a failure is an answer too. Who asks meanwhile waits."""

    def __init__(self) -> None:
        self._known: dict[K, V] = {}
        self._failed: dict[K, DepcheckError | InvalidMetadataError] = {}
        self._turns: dict[K, Lock] = {}

    def __contains__(self, key: K) -> bool:
        """Tell whether anybody has asked."""
        return key in self._turns

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the answer to a key, which is made if nobody has asked before."""
        if key in self._known:
            return self._known[key]
        with self._turns.setdefault(key, Lock()):
            if key in self._failed:
                raise self._failed[key]
            if key not in self._known:
                try:
                    self._known[key] = make()
                except (DepcheckError, InvalidMetadataError) as failure:
                    self._failed[key] = failure
                    raise
            return self._known[key]
