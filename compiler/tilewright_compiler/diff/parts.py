"""Parts of two plans: matched by name, written in lines."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..humanize import one_line
from ..plan.model import Column

_Name = TypeVar("_Name", bound=Hashable)
_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Pairing(Generic[_Name, _Part]):
    """Parts that are gone, new, or in both plans.

    They are found by name.
    """

    gone: dict[_Name, _Part]
    new: dict[_Name, _Part]
    both: dict[_Name, tuple[_Part, _Part]]
    """The old part and the new one, in the new plan's order."""


def pair(old: Mapping[_Name, _Part], new: Mapping[_Name, _Part]) -> Pairing[_Name, _Part]:
    """Match the parts of two plans by name."""
    pairing: Pairing[_Name, _Part] = Pairing({}, {}, {})
    for name, part in old.items():
        if name not in new:
            pairing.gone[name] = part
    for name, part in new.items():
        if name in old:
            pairing.both[name] = (old[name], part)
        else:
            pairing.new[name] = part
    return pairing


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Write each changed field as `name old -> new`."""
    return [
        one_line(f"{name} {old[name]} -> {new[name]}") for name in new if old.get(name) != new[name]
    ]


def columns_text(columns: Iterable[Column]) -> str:
    """Write columns with their types."""
    return ", ".join(f"{column.name} {column.type}" for column in columns)
