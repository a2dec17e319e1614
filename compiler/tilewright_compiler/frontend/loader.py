"""Load the author's files and find the GroupBys in them."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import os
import re
import sys
import traceback
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import TypeVar

import tilewright
from tilewright.declaration import CallSite, Declaration, collecting
from tilewright.documents import read_document
from tilewright.group_by import GroupBy
from tilewright.source import EventSource
from tilewright.suggestions import nearest

from .author_files import AuthorFile, author_files, unread
from .diagnostics import Diagnostic, diagnostic

_Kind = TypeVar("_Kind", bound=Declaration)
#: What may take names from another module than ours, which holds no GroupBy.
_FROM_OTHERS = re.compile(r"\bfrom\b(?!\s+tilewright\b)")
#: Where a statement holds others.
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True)
class NamedGroupBy:
    """A GroupBy with its name and its module's sources.

    `variables` names the sources of the module, by identity. `root` is the folder below which its
    file was found, None where no variable holds it.
    """

    name: str
    group_by: GroupBy
    variables: Mapping[int, str]
    root: str | None


@dataclass
class Loaded:
    """All that the author's files hold."""

    group_bys: list[NamedGroupBy] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def load(paths: list[str]) -> Loaded:
    """Run the author's files and collect what they declare.

    A file that fails costs only its own GroupBys.
    """
    loaded = Loaded()
    modules: list[tuple[AuthorFile, ModuleType, set[str]]] = []
    files = author_files(paths, loaded.diagnostics)
    with (
        collecting() as declarations,
        _clean_interpreter({os.path.realpath(file.root) for file in files}),
    ):
        for file in files:
            ran = _run(file, loaded)
            if ran is not None:
                modules.append((file, *ran))
    loaded.declarations = list({id(d): d for d in declarations}.values())
    ran_paths = {file.real_path for file, *_ in modules}
    failed = {file.real_path for file in files} - ran_paths
    _find(modules, failed, loaded)
    return loaded


@contextmanager
def _clean_interpreter(roots: set[str]) -> Iterator[None]:
    """Leave no trace of the authors' modules.

    They vanish from `sys.modules` and write no byte code beside their files.
    """
    path, modules, dont_write = list(sys.path), set(sys.modules), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, dont_write
        for name in set(sys.modules) - modules:
            if _is_authors(sys.modules[name], roots):
                del sys.modules[name]


def _is_authors(module: ModuleType, roots: set[str]) -> bool:
    """Tell whether a module lies below a compiled folder.

    Libraries stay loaded, wherever they are installed.
    """
    if module.__name__.startswith("tilewright"):
        return False
    paths = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
    if any("site-packages" in path for path in paths):
        return False
    folders = tuple(root + os.sep for root in roots)
    return any(path and os.path.realpath(path).startswith(folders) for path in paths)


def _run(file: AuthorFile, loaded: Loaded) -> tuple[ModuleType, set[str]] | None:
    try:
        source, code = _compiled(file)
    except SyntaxError as error:
        what = f"{_sentence(error.msg)} Correct this line; the file was left out."
        loaded.diagnostics.append(diagnostic("TW002", CallSite(file.path, error.lineno or 0), what))
        return None
    except OSError as error:
        loaded.diagnostics.append(unread(file.path, error))
        return None
    except ValueError as error:
        what = f"cannot be read: {error}. Save it as UTF-8 text."
        loaded.diagnostics.append(diagnostic("TW001", CallSite(file.path, 0), what))
        return None
    root = os.path.abspath(file.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    known = sys.modules.get(file.module)
    if known is not None and _is_of(known, file):
        return known, _imported(source)
    module = _new_module(file, known)
    try:
        exec(code, module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        sys.modules.pop(module.__name__, None)
        loaded.diagnostics.append(_exception(file, error))
        return None
    return module, _imported(source)


def _is_of(module: ModuleType, file: AuthorFile) -> bool:
    return _is_same(getattr(module, "__file__", None) or "", file.path)


def _is_same(path: str, other: str) -> bool:
    return path == other or os.path.realpath(path) == os.path.realpath(other)


def _compiled(file: AuthorFile) -> tuple[str, CodeType]:
    source = importlib.util.decode_source(read_document(file.path))
    return source, compile(source, file.path, "exec", dont_inherit=True)


def _new_module(file: AuthorFile, known: ModuleType | None) -> ModuleType:
    # An author's file may be called as a module of Python or of a library, such as `random.py`. It
    # must not take that module's place.
    name = file.module if known is None else f"tilewright_author.{file.module}"
    loader = importlib.machinery.SourceFileLoader(name, os.path.abspath(file.path))
    spec = importlib.util.spec_from_loader(name, loader)
    if spec is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    return module


def _imported(source: str) -> set[str]:
    """Collect a module's names from `from … import`.

    Only statements are walked, since no expression holds one.
    """
    names: set[str] = set()
    if _FROM_OTHERS.search(source) is None:
        return names  # without a tree, which takes longer to make than the module's code
    statements: list[ast.AST] = list(ast.parse(source).body)
    while statements:
        statement = statements.pop()
        if isinstance(statement, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in statement.names)
        for block in _BLOCKS:
            statements += getattr(statement, block, ())
    return names


def _exception(file: AuthorFile, error: BaseException) -> Diagnostic:
    """Report what running a file raised."""
    frames = traceback.extract_tb(error.__traceback__)
    here = os.path.realpath(file.path)
    lines = [frame.lineno or 0 for frame in frames if os.path.realpath(frame.filename) == here]
    text = _sentence(" ".join(str(error).split()) or "no reason given") + _of_import(error)
    what = f"{type(error).__name__}: {text} The file was left out; correct this line."
    return diagnostic("TW001", CallSite(file.path, lines[-1] if lines else 0), what)


def _find(
    modules: list[tuple[AuthorFile, ModuleType, set[str]]], failed: set[str], loaded: Loaded
) -> None:
    seen: set[int] = set()
    sources: dict[int, str] = {}
    own: dict[str, dict[int, str]] = {}
    for file, module, _ in reversed(modules):
        own[file.path] = _source_names(module)
        sources |= own[file.path]
    for candidate in _candidates(modules):
        group_by = candidate.group_by
        if id(group_by) not in seen:
            seen.add(id(group_by))
            name = group_by.name
            if name is None:
                name = f"{candidate.file.module}.{candidate.variable}"
            # A thousand modules would otherwise have a thousand copies of a thousand names.
            variables = ChainMap(own[candidate.file.path], sources)
            loaded.group_bys.append(NamedGroupBy(name, group_by, variables, candidate.file.root))
    _find_unassigned(seen, sources, failed, loaded)
    if loaded.diagnostics:
        return
    for file, module, _ in modules:
        if file.given and not _held(module, GroupBy):
            what = "declares no GroupBy. Assign one to a variable of the module."
            loaded.diagnostics.append(diagnostic("TW003", CallSite(file.path, 0), what))


def _source_names(module: ModuleType) -> dict[int, str]:
    return {id(source): name for name, source in _held(module, EventSource)}


@dataclass(frozen=True)
class _Candidate:
    file: AuthorFile
    variable: str
    group_by: GroupBy


def _candidates(modules: list[tuple[AuthorFile, ModuleType, set[str]]]) -> list[_Candidate]:
    """List the variables that hold a GroupBy.

    Its own module comes first: if a second module holds the GroupBy too, it belongs to the one
    whose own line made it.
    """
    own: list[_Candidate] = []
    others: list[_Candidate] = []
    for file, module, imported in modules:
        for variable, group_by in _held(module, GroupBy):
            if variable not in imported:
                is_own = _is_same(group_by.site.file, file.path)
                candidate = _Candidate(file, variable, group_by)
                (own if is_own else others).append(candidate)
    return own + others


def _find_unassigned(
    seen: set[int], sources: dict[int, str], failed: set[str], loaded: Loaded
) -> None:
    """Add GroupBys that have a name but no variable."""
    for declaration in loaded.declarations:
        if isinstance(declaration, GroupBy) and id(declaration) not in seen:
            if os.path.realpath(declaration.site.file) in failed:
                continue  # the file's own failure is reported
            if declaration.name is not None:
                named = NamedGroupBy(declaration.name, declaration, sources, None)
                loaded.group_bys.append(named)
            else:
                what = (
                    "this GroupBy is not assigned to a variable of its module, so it has no "
                    "name. Assign it, or give it a name=…."
                )
                loaded.diagnostics.append(diagnostic("TW004", declaration.site, what))


def _held(module: ModuleType, kind: type[_Kind]) -> list[tuple[str, _Kind]]:
    """List a module's variables that hold a kind of declaration.

    Of two variables with the same declaration, the first.
    """
    seen: set[int] = set()
    variables: list[tuple[str, _Kind]] = []
    for name, value in vars(module).items():
        if isinstance(value, kind) and id(value) not in seen:
            seen.add(id(value))
            variables.append((name, value))
    return variables


def _sentence(text: str) -> str:
    return text.rstrip(".") + ("" if text.endswith(("?", "!")) else ".")


def _of_import(error: BaseException) -> str:
    """Suggest the name that an import of this package meant."""
    wrong = re.match(r"cannot import name '(\w+)' from 'tilewright'", str(error))
    return f" {nearest(wrong[1], tilewright.__all__)}" if wrong else ""
