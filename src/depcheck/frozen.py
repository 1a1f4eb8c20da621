"""The decorator of values: ``dataclass(frozen=True, slots=True, kw_only=True)``, made quicker.

A frozen dataclass compiles six methods for each class, and one command imports some sixty of them:
a tenth of the CPU of a solve. Here all classes share what they can, and the rest is made when it is
first asked for: ``__init__`` with the first value, what `dataclasses` knows of a class never, for
most. ``fields``, ``replace`` and ``is_dataclass`` of the standard library take these classes too.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """Stand in for what `typing` has from Python 3.11 on; it is for type checkers alone."""
        return lambda decorator: decorator


_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[_Class]) -> type[_Class]:
    """Return a class as a frozen dataclass with slots, whose fields are given by keyword."""
    stated: dict[str, Any] = dict(cls.__dict__)
    slots = tuple(stated["__annotations__"])
    for name in ("__dict__", "__weakref__", *slots):
        stated.pop(name, None)
    later = {name: _Later(make, cls) for name, make in _MADE_LATER.items()}
    members = _SHARED | later | stated | {"__slots__": slots, "__qualname__": cls.__qualname__}
    return type(cls.__name__, cls.__bases__, members)


class _Later:
    """An attribute of a class that is made when it is first asked for."""

    def __init__(self, make: Callable[[Any, type], Any], stated: type) -> None:
        self._make = make
        self._stated = stated

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, value: object, cls: type) -> Any:
        setattr(self._owner, self._name, self._make(self._owner, self._stated))
        return getattr(cls if value is None else value, self._name)


def _initializer(made: Any, stated: type) -> Callable[..., None]:
    """Compile ``__init__``: it sets each slot by the slot's own descriptor."""
    names: dict[str, Any] = {"MISSING": MISSING}
    defaults: dict[str, Any] = {}
    parameters, lines = [], []
    for name in made.__slots__:
        default, value = stated.__dict__.get(name, MISSING), name
        each: Field[Any] = default if isinstance(default, Field) else field(default=default)
        names[f"set_{name}"] = getattr(made, name).__set__
        if not each.init:
            names[name] = each.default
        else:
            parameters.append(name)
            if each.default_factory is not MISSING:
                names[f"make_{name}"] = each.default_factory
                value = f"make_{name}() if {name} is MISSING else {name}"
                defaults[name] = MISSING
            elif each.default is not MISSING:
                defaults[name] = each.default
        lines.append(f"set_{name}(self, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    head = ", ".join(["self", *(["*", *parameters] if parameters else [])])
    text = "\n ".join([f"def __init__({head}):", *lines, "pass"])
    exec(text, names)  # noqa: S102 - as dataclasses do; the names are those of our own fields
    initializer: Any = names["__init__"]
    initializer.__kwdefaults__ = defaults
    initializer.__qualname__ = f"{made.__qualname__}.__init__"
    return initializer  # type: ignore[no-any-return]


def _fields(_: type, stated: type) -> dict[str, Any]:
    """Return what `dataclasses` looks for: a field as it knows it, by name."""
    known: Any = dataclass(init=False, repr=False, eq=False, kw_only=True)(stated)
    return known.__dataclass_fields__  # type: ignore[no-any-return]


def _compared(made: type, _: type) -> Any:
    """Return what reads the fields that count, for comparing and hashing a value."""
    names = [each.name for each in fields(made) if each.compare]
    return staticmethod(attrgetter(*names) if names else tuple)


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> bool:
    if type(other) is not type(self):
        return NotImplemented  # type: ignore[no-any-return]
    equal: bool = self.__compared__(self) == self.__compared__(other)
    return equal


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


def _refuse_to_set(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_SHARED = {
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__getstate__": _state,
    "__setstate__": _set_state,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__match_args__": (),
}
_MADE_LATER = {
    "__init__": _initializer,
    "__dataclass_fields__": _fields,
    "__compared__": _compared,
}
