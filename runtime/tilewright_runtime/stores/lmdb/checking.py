"""Checks the pages of an LMDB file beforehand.

LMDB trusts its file, so a damaged page may end the process. Here the pages are only looked at.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Collection
from types import ModuleType

from ...states.kernel import kernel
from .faults import FAULTS
from .metas import Meta, damaged

#: The tables of a store.
TABLES = (b"tiles", b"documents")


def check_pages(
    file: str | os.PathLike[str], meta: Meta, names: Collection[bytes] = TABLES
) -> None:
    """Check every page that a moment of a file needs.

    `names` are those of its tables. Raises StoreError for the first that is damaged.
    """
    descriptor = os.open(file, os.O_RDONLY)
    try:
        native = kernel()
        if native is None:
            _check_with_numpy(file, descriptor, meta, names)
        else:
            _check_natively(native, file, descriptor, meta, names)
    finally:
        os.close(descriptor)


def _check_with_numpy(
    file: str | os.PathLike[str], descriptor: int, meta: Meta, names: Collection[bytes]
) -> None:
    from .pages import PageFile
    from .trees import check_trees

    check_trees(PageFile(file, descriptor, meta), meta, names)


def _check_natively(
    native: ModuleType,
    file: str | os.PathLike[str],
    descriptor: int,
    meta: Meta,
    names: Collection[bytes],
) -> None:
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        wrong = native.check_pages(content, meta.last_page, meta.free, meta.main, tuple(names))
    if wrong is not None:
        page, fault = wrong
        raise damaged(file, page, FAULTS[fault])
