"""Tells when a store is not of the expected kind.

The kind is the one that the plan's author had in mind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.settings import STORE_SCHEMES


def unexpected_store(plan: Plan, url: str) -> str | None:
    """Say that a store is of an unexpected kind.

    The plan's configuration names another one. It is no error, since tests and first steps use a
    store at hand. None if it is of this kind, or if the configuration names none.
    """
    kind, scheme = plan.store.type, url.partition(":")[0]
    if kind is None or scheme in STORE_SCHEMES[kind]:
        return None
    return (
        f"{plan.name} was compiled for kv_store.type {kind}, and the store is {scheme}:…. Name a "
        f"store whose URL begins with {' or '.join(STORE_SCHEMES[kind])}, or change kv_store.type "
        "and compile again."
    )


def tell_unexpected(plans: Iterable[Plan], url: str, tell: Callable[[str], None]) -> None:
    """Tell of each plan that expects another kind of store."""
    for plan in plans:
        if what := unexpected_store(plan, url):
            tell(what)
