"""Advice for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 20


def nearest_name(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Find the known name nearest to a misspelled one.

    >>> nearest_name("pric", ["price", "quantity"])
    'price'
    """
    from difflib import get_close_matches  # few names are misspelled

    return next(iter(get_close_matches(name, list(known), n=1, cutoff=cutoff)), None)


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest known name, or list all of them.

    >>> nearest("pric", ["price", "quantity"])
    "Did you mean 'price'?"
    """
    names = list(known)
    near = nearest_name(name, names)
    if near is not None:
        return f"Did you mean {near!r}?"
    if not names:
        return "None is known."
    return f"Known: {', '.join(names[:_MOST])}{', …' if len(names) > _MOST else ''}."
