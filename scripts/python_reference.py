"""Writes docs/reference/python.md from the docstrings of what can be imported."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/python.md"
#: (module, what it is for)
MODULES = (
    ("tilewright", "What a file of features imports."),
    ("tilewright_compiler.compile", "To compile without the command line, as in a notebook."),
    ("tilewright_runtime", "To write events and fetch features."),
)
#: Of modules that list no public names.
NAMES = {"tilewright_compiler.compile": ["compile_paths", "compile_group_by", "Compilation"]}
#: Public names that need packages of their own, so that they are in no `__all__`.
EXTRA = {"tilewright_runtime": ["AsyncClient", "Client"]}
_HEAD = """\
# Python

What Python code may import, from the docstrings. Names that are not here may change without notice.
`make docs` writes this page.
"""
#: Declarations know where they were made, which is nothing to pass.
_INTERNAL = {"site", "problems"}


def page() -> str:
    """Write the whole page."""
    parts = [_HEAD]
    for module, purpose in MODULES:
        parts.append(f"## {module}\n\n{purpose}\n")
        loaded = importlib.import_module(module)
        for name in NAMES.get(module) or sorted([*loaded.__all__, *EXTRA.get(module, [])]):
            parts.append(_entry(module, name, getattr(loaded, name)))
    return "\n".join(parts)


def _entry(module: str, name: str, thing: Any) -> str:
    shown = [f"### {name}", "", "```text", _signature(name, thing), "```", ""]
    shown += _docs(thing, f">>> from {module} import {name}")
    if inspect.isclass(thing):
        for method, function in _methods(thing):
            text = " ".join(_docs(function))
            shown += [f"- `{_signature(method, function)}`: {text}"]
    return "\n".join(shown).rstrip() + "\n"


def _methods(thing: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(thing).items():
        if not name.startswith(("_", "model_")) and inspect.isfunction(member) and member.__doc__:
            yield name, member


def _signature(name: str, thing: Any) -> str:
    if inspect.isclass(thing) and issubclass(thing, BaseModel):
        fields = []
        for field, info in thing.model_fields.items():
            if field not in _INTERNAL:
                called = info.alias or field
                fields.append(called if info.is_required() else f"{called}=…")
        return f"{name}({', '.join(fields)})"
    if inspect.isclass(thing) and issubclass(thing, Enum):
        return f"{name}.{', '.join(member.name for member in thing)}"
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return name
    try:
        signature = inspect.signature(thing)
    except ValueError:
        return name
    text = re.sub(r" at 0x[0-9a-f]+", "", str(signature)).replace("'", "")
    return f"{name}{text}".replace("(self, ", "(").replace("(self)", "()")


def _docs(thing: Any, imported: str = "") -> list[str]:
    """Give the docstring's lines, as text: a docstring marks code as Markdown does.

    A session in it begins with a line that imports the thing, so that it can be run.
    """
    lines = (inspect.getdoc(thing) or "").splitlines()
    session: list[str] = []
    shown: list[str] = []
    for line in [*lines, ""]:
        if line.startswith(">>>") or (session and line):
            session.append(line)
            continue
        if session:
            shown += ["```pycon", imported, *session, "```"]
            session = []
        shown.append(line)
    return shown


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
