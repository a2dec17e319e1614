"""Templates in a sandbox that quotes every author's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .humanize import one_line

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

Quoting = Callable[[Any], str]

#: What HTML has no place for: control characters other than white space, and lone surrogates.
_NOT_OF_HTML = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Code(str):
    """Text in the language of the generated file.

    A quoting filter makes it, or the compiler itself.
    """

    __slots__ = ()


def pages(folder: Path) -> SandboxedEnvironment:
    """Load templates of HTML from a folder.

    Every value is escaped, and nothing can be declared safe. Control characters are shown as Python
    writes them.
    """
    environment = _strict(folder, autoescape=True, finalize=_shown)
    del environment.filters["safe"]
    return environment


@cache  # a template is compiled once for all plans
def sources(folder: Path, **quoting: Quoting) -> SandboxedEnvironment:
    """Load templates of code from a folder.

    A text is written only as `Code`, which filters make of it: `{{ name | python }}` writes a
    literal of Python, `-- {{ name | comment }}` a text that stays in its line, and `quoting` adds
    filters for names and literals of the language at hand. `join` takes and gives code.

    Rendering raises TypeError if a text was not quoted, even a constant of the template: write that
    outside of `{{ }}`.
    """
    environment = _strict(folder, autoescape=False, finalize=_written)
    filters: dict[str, Quoting] = {"python": repr, "comment": one_line, **quoting}
    environment.filters |= {name: _making_code(quote) for name, quote in filters.items()}
    environment.filters["join"] = _joined
    return environment


def _strict(folder: Path, **settings: Any) -> SandboxedEnvironment:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **settings,
    )


def _shown(value: Any) -> Any:
    if type(value) is not str:  # what is marked up has been through here
        return value
    return _NOT_OF_HTML.sub(lambda found: repr(found[0])[1:-1], value)


def _written(value: Any) -> Any:
    from jinja2 import Undefined

    if isinstance(value, Code | int | Undefined):  # a strict one says itself what is missing
        return value
    raise TypeError(
        f"a template writes {value!r} as it is. Quote it with a filter, as in {{{{ name | python "
        "}}."
    )


def _making_code(quote: Quoting) -> Callable[[Any], Code]:
    return lambda value: Code(quote(value))


def _joined(parts: Iterable[Any], between: str = "") -> Code:
    return Code(between.join(str(_written(part)) for part in parts))
