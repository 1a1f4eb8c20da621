"""The decorator of values: ``dataclass(frozen=True, slots=True, kw_only=True)``, made quicker.

A frozen dataclass compiles six methods for each class, and one command imports some sixty of them:
a tenth of the CPU of a solve. Here only ``__init__`` is compiled, and all classes share the rest.
``fields``, ``replace`` and ``is_dataclass`` of the standard library take these classes as well.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
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
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)
    made.__init__ = _initializer(made)
    made.__compared__ = _key_of([each.name for each in fields(made) if each.compare])
    for name, method in _SHARED.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]


def _initializer(cls: type) -> Callable[..., None]:
    """Compile ``__init__``: it sets each slot by the slot's own descriptor."""
    names: dict[str, Any] = {}
    parameters, lines = [], []
    for each in fields(cls):
        names[f"set_{each.name}"] = getattr(cls, each.name).__set__
        value = each.name
        if not each.init:
            names[f"default_{each.name}"] = each.default
            value = f"default_{each.name}"
        elif each.default is not MISSING:
            names[f"default_{each.name}"] = each.default
            parameters.append(f"{each.name}=default_{each.name}")
        elif each.default_factory is not MISSING:
            names["MISSING"] = MISSING
            names[f"make_{each.name}"] = each.default_factory
            parameters.append(f"{each.name}=MISSING")
            value = f"make_{each.name}() if {value} is MISSING else {value}"
        else:
            parameters.append(each.name)
        lines.append(f"set_{each.name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    head = ", ".join(["self", *(["*", *parameters] if parameters else [])])
    text = "\n ".join([f"def __init__({head}):", *lines, "pass"])
    exec(text, names)  # noqa: S102 - as dataclasses do; the names are those of our own fields
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _key_of(names: list[str]) -> Any:
    """Return what reads the named attributes of a value, for comparing and hashing it."""
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
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


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
}
