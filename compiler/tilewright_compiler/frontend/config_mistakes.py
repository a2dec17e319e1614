"""Mistakes in the configuration file, at their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from tilewright.declaration import CallSite
from tilewright.suggestions import nearest

from .diagnostics import Diagnostic, diagnostic

if TYPE_CHECKING:
    import yaml
    from pydantic import BaseModel, ValidationError


def mistakes(
    error: ValidationError, model: type[BaseModel], path: str, tree: yaml.Node | None
) -> list[Diagnostic]:
    """Report each mistake of a file at its line."""
    diagnostics = []
    for mistake in error.errors():
        names = [str(part) for part in mistake["loc"]]
        message = _message(model, names, mistake["type"], mistake["msg"])
        diagnostics.append(diagnostic("TW005", CallSite(path, _line(tree, names)), message))
    return diagnostics


def _message(model: type[BaseModel], names: list[str], kind: str, reason: str) -> str:
    if kind == "extra_forbidden":
        known = _settings(model, names[:-1])
        return f"there is no setting {'.'.join(names)!r}. {nearest(names[-1], known)}"
    if kind == "model_type":
        first, *others = _settings(model, names)
        return (
            f"{'.'.join(names) or 'the file'}: has to hold settings by name, a line each, such as "
            f"`{first}: …`. Known: {', '.join([first, *others])}."
        )
    return f"{'.'.join(names)}: {reason.removeprefix('Value error, ').rstrip('.')}."


def _settings(model: type[BaseModel], section: list[str]) -> list[str]:
    """Name the settings of a section."""
    for name in section:
        kind = model.model_fields[name].annotation
        model = next(
            part for part in (kind, *get_args(kind)) if hasattr(part, "model_fields")
        )  # a section may be left out
    return list(model.model_fields)


def _line(node: yaml.Node | None, names: list[str]) -> int:
    """Find the line of a setting or its section."""
    line = 1
    for name in names:
        pairs = node.value if node is not None and isinstance(node.value, list) else []
        pair = next(((key, value) for key, value in pairs if key.value == name), None)
        if pair is None:
            break
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line
