"""The Python files below the paths that are compiled."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tilewright.declaration import CallSite
from tilewright.documents import read_document
from tilewright.suggestions import nearest_name

from .diagnostics import Diagnostic, diagnostic

_IMPORTS_US = re.compile(r"^\s*(?:from|import)\s+tilewright\b", re.MULTILINE)


@dataclass(frozen=True)
class AuthorFile:
    """A file, and the root that names its module."""

    path: str
    root: str
    given: bool

    @cached_property
    def module(self) -> str:
        """The module's name: its path below the root, with dots."""
        below, _ = os.path.splitext(os.path.relpath(self.path, self.root))
        return below.replace(os.sep, ".")

    @cached_property
    def real_path(self) -> str:
        """Its path without links."""
        return os.path.realpath(self.path)


def author_files(paths: list[str], diagnostics: list[Diagnostic]) -> list[AuthorFile]:
    """Find the files of paths and folders, in order.

    What cannot be found joins the diagnostics.
    """
    files: dict[str, AuthorFile] = {}
    for path in paths:
        if os.path.isdir(path):
            before = len(diagnostics)
            below = [
                AuthorFile(os.path.join(folder, name), path, given=False)
                for folder, name in _walk(path, diagnostics)
            ]
            if not below and len(diagnostics) == before:
                what = (
                    "no file below this folder imports tilewright. Name the folder that holds "
                    "your declarations."
                )
                diagnostics.append(diagnostic("TW003", CallSite(path, 0), what))
        elif os.path.isfile(path) and not path.endswith(".py"):
            what = (
                "this is not a Python file. Name the .py file that declares the GroupBys, or "
                "the folder that holds it."
            )
            diagnostics.append(diagnostic("TW003", CallSite(path, 0), what))
            continue
        elif os.path.isfile(path):
            below = [AuthorFile(path, os.path.dirname(path) or ".", given=True)]
        else:
            diagnostics.append(
                diagnostic(
                    "TW003",
                    CallSite(path, 0),
                    f"there is no such file or folder. {_beside(path)}",
                )
            )
            continue
        for file in below:
            files.setdefault(file.real_path, file)
    return sorted(files.values(), key=lambda file: (file.root, file.path))


def unread(path: str, error: OSError) -> Diagnostic:
    """Say that a file or folder cannot be read."""
    what = f"cannot be read: {error.strerror}. Check who may read it."
    return diagnostic("TW001", CallSite(path, 0), what)


def _walk(root: str, diagnostics: list[Diagnostic]) -> Iterator[tuple[str, str]]:
    def refuse(error: OSError) -> None:
        diagnostics.append(unread(str(error.filename), error))

    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if _is_walked(folder, name))
        for name in sorted(names):
            if not _is_loaded(name):
                continue
            try:
                content = read_document(os.path.join(folder, name))
            except OSError as error:
                refuse(error)
                continue
            if _IMPORTS_US.search(content.decode("utf-8", "replace")):
                yield folder, name


def _is_walked(parent: str, name: str) -> bool:
    """Tell whether a folder may hold declarations."""
    if name == "scripts" or name.startswith((".", "_")):
        return False
    return "pyvenv.cfg" not in _entries(parent, name)


def _is_loaded(name: str) -> bool:
    """Tell whether a file may hold declarations, by its name."""
    if name == "conftest.py" or name.startswith(("test_", "_", ".")):
        return False
    return name.endswith(".py")


def _entries(folder: str, name: str) -> list[str]:
    try:
        return os.listdir(os.path.join(folder, name))
    except OSError:
        return []


def _beside(path: str) -> str:
    """Suggest what lies beside a path that is not there."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        return f"There is no folder {folder} either. Paths are relative to {os.getcwd()}."
    names = [name for name in os.listdir(folder) if _is_loaded(name) or _is_folder(folder, name)]
    near = nearest_name(os.path.basename(path), names)
    if near is None:
        return f"Paths are relative to {os.getcwd()}."
    return f"Did you mean {os.path.join(os.path.dirname(path), near)!r}?"


def _is_folder(folder: str, name: str) -> bool:
    return os.path.isdir(os.path.join(folder, name))
