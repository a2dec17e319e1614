"""Values with names, which nothing is compiled for."""

from __future__ import annotations

from typing import Any, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Frozen:
    """Values that are made once for a plan.

    Its annotations name its values, as those of a dataclass do. A dataclass compiles five methods
    of its own for that, so twenty of them take as long to import as a fetch with all its modules.
    """

    def __init__(self, *values: Any, **named: Any) -> None:
        names = list(type(self).__annotations__)
        given = dict(zip(names, values, strict=False)) | named
        if len(values) + len(named) > len(given) or not given.keys() <= set(names):
            raise TypeError(f"{type(self).__name__} has {', '.join(names)}")
        for name in names:
            if name in given:
                continue
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs its {name}")
            given[name] = getattr(type(self), name)
        self.__dict__.update(given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: copy it with another {name}")

    def __eq__(self, other: object) -> bool:
        return self.values() == other.values() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.values().values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{type(self).__name__}({shown})"

    def copied(self, **changed: Any) -> Self:
        """Copy it with other values."""
        return type(self)(**self.values() | changed)

    def values(self) -> dict[str, Any]:
        """Collect the values, without what is kept beside them."""
        return {name: self.__dict__[name] for name in type(self).__annotations__}


class Slotted:
    """Values that are made for each request or tile.

    Its `__slots__` name its values, and its `__init__` sets them.
    """

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({shown})"
