"""``frozen`` makes what a frozen dataclass with slots is."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@frozen
class Ours:
    """As below."""

    name: str
    count: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    digest: str = field(default="", init=False, compare=False, repr=False)


_OURS = Ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:  # type: ignore[no-redef] # so that both show the same name
    """As above."""

    name: str
    count: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    digest: str = field(default="", init=False, compare=False, repr=False)


_THEIRS = Ours


@frozen
class Kept:
    """Survives copies and pickles, and refuses what is wrong when it is made."""

    name: str
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a name is needed")

    def __str__(self) -> str:
        return self.name


def error_of(act: Callable[[], object]) -> str:
    """Return the kind of error and what it says, the class's own name left out."""
    try:
        act()
    except (AttributeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


@pytest.mark.parametrize(
    "seen",
    [
        lambda cls: repr(cls(name="a", env={"b": "c"})),
        lambda cls: cls(name="a") == cls(name="a", count=1),
        lambda cls: cls(name="a") == cls(name="a", count=2),
        lambda cls: cls(name="a") == ("a", 1, {}),
        lambda cls: cls(name="a").env is cls(name="a").env,
        lambda cls: error_of(lambda: hash(cls(name="a"))),
        lambda cls: hash(cls(name="a", env=())) == hash(cls(name="a", env=())),
        lambda cls: repr(replace(cls(name="a"), count=3)),
        lambda cls: [(each.name, each.init, each.compare) for each in fields(cls)],
        is_dataclass,
        lambda cls: cls.__slots__,
        lambda cls: hasattr(cls(name="a"), "__dict__"),
        lambda cls: error_of(lambda: setattr(cls(name="a"), "name", "b")),
        lambda cls: error_of(lambda: delattr(cls(name="a"), "name")),
        error_of,
        lambda cls: error_of(lambda: cls("a")),
        lambda cls: error_of(lambda: cls(name="a", other=1)),
        lambda cls: error_of(lambda: cls(name="a", digest="b")),
    ],
)
def test_a_frozen_class_is_what_a_frozen_dataclass_is(seen: Callable[[Any], Any]) -> None:
    assert seen(_THEIRS) == seen(_OURS)


def test_what_a_class_states_itself_stays() -> None:
    assert "a" == str(Kept(name="a"))


def test_a_class_judges_its_values_when_they_are_made() -> None:
    with pytest.raises(ValueError, match=r"^a name is needed$"):
        Kept(name="")


def pickled(value: Kept) -> Any:
    """Return what another process would get."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - what this test made


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_is_equal_and_frozen(again: Callable[[Kept], Kept]) -> None:
    made = Kept(name="a", tags=("b",))
    copied = again(made)

    assert made == copied
    with pytest.raises(FrozenInstanceError):
        copied.name = "c"  # type: ignore[misc]
