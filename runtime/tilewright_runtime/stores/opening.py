"""Opens stores by their URLs."""

from __future__ import annotations

import importlib
import pkgutil
import re

from tilewright.documents import require_possible
from tilewright.suggestions import nearest_name

from ..errors import StoreError, shown
from .base import Store

#: How the URLs of stores begin that must be clusters, and are stores of the same modules.
CLUSTERS = ("redis+cluster:", "rediss+cluster:")

#: The package whose modules are the stores.
_BACKENDS = f"{__package__}.backends"

#: The user and password of a URL, which no message shows.
_PASSWORD = r"(//|^(?!.*//)).*@"


def store_modules() -> list[str]:
    """List the modules that hold a store.

    Their names are the schemes of URLs.
    """
    package = importlib.import_module(_BACKENDS)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def open_store(url: str, create: bool = True) -> Store:
    """Open a store by its URL, such as `lmdb:PATH`.

    It is made if it is not there and may be made. A store that is opened with `create=False` is
    only read. Raises StoreError if it cannot be opened.
    """
    _require_text(url)
    written, colon, rest = url.partition(":")
    names = store_modules()
    scheme, plus, _ = written.partition("+")
    if not colon or scheme not in names or (plus and not url.startswith(CLUSTERS)):
        known = ", ".join(f"{name}:" for name in names)
        masked = re.sub(_PASSWORD, r"\1***@", url)
        near = nearest_name(f"{written}:", [*(f"{name}:" for name in names), *CLUSTERS])
        advice = f" Did you mean {near}?" if colon and near is not None else ""
        raise StoreError(
            f"store {masked!r}: a store URL begins with one of {known} (for instance "
            f"lmdb:tiles.lmdb).{advice}"
        )
    store: Store = importlib.import_module(f"{_BACKENDS}.{scheme}").open_url(url, rest, create)
    return store


def _require_text(url: object) -> None:
    """Refuse what can be no URL and no path."""
    try:
        if isinstance(url, str):
            require_possible(url)
            return
    except OSError:
        pass
    raise StoreError(f"store {shown(url)} is no URL. Give a text such as 'lmdb:tiles.lmdb'.")
