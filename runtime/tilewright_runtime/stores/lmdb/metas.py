"""The meta pages of an LMDB file.

They are read before LMDB opens the file. There are two, and the newer one names the roots of two
trees: of pages that are free, and of the tables. Their numbers have the byte order of the machine.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from ...errors import StoreError

_MAGIC, _VERSION = 0xBEEFC0DE, 1
_IS_META = 8
_INTEGER_KEYS = 8
_NO_PAGE = (1 << 64) - 1
_DEEPEST = 32
_SMALLEST_PAGE, _LARGEST_PAGE = 1 << 9, 1 << 15
#: How often the pages are read again while another process commits.
_ATTEMPTS = 3

_HEADER = struct.Struct("=QHHIII")
_TREE = struct.Struct("=IHHQQQQQ")
_END = struct.Struct("=QQ")
_TREES_AT = 40
_END_AT = _TREES_AT + 2 * _TREE.size


class Tree(NamedTuple):
    """What LMDB keeps of a tree."""

    page_bytes: int
    """The size of all pages, in the tree of those that are free; else 0."""
    flags: int
    depth: int
    branches: int
    leaves: int
    overflows: int
    entries: int
    root: int

    @property
    def is_empty(self) -> bool:
        """Whether it has no page."""
        return self.root == _NO_PAGE

    def is_sound(self, last_page: int) -> bool:
        """Tell whether the numbers can be those of a tree."""
        if self.is_empty:
            return not any(self[2:7])
        return 2 <= self.root <= last_page and 0 < self.depth <= _DEEPEST and self.entries > 0


class Meta(NamedTuple):
    """What one of the meta pages says of the file."""

    free: Tree
    main: Tree
    last_page: int
    transaction: int


def tree_of(content: bytes) -> Tree | None:
    """Read a table's tree.

    Returns None if those are not the bytes of one.
    """
    if len(content) != _TREE.size:
        return None
    tree = Tree(*_TREE.unpack(content))
    return tree if (tree.page_bytes, tree.flags) == (0, 0) else None


def read_metas(file: str | os.PathLike[str]) -> tuple[Meta, Meta] | None:
    """Read both meta pages.

    Returns None for a file that is new. Raises StoreError if LMDB could not safely open the file.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        for _ in range(_ATTEMPTS):
            begin = os.pread(descriptor, 2 * _LARGEST_PAGE, 0)
            if not begin:
                return None
            first = _meta(file, begin, 0, 0)
            second = _meta(file, begin, 1, first.free.page_bytes)
            if abs(first.transaction - second.transaction) <= 1:
                return first, second
    finally:
        os.close(descriptor)
    raise damaged(file, 0, "is much older or newer than page 1")


def _meta(file: str | os.PathLike[str], begin: bytes, number: int, at: int) -> Meta:
    if len(begin) < at + _END_AT + _END.size:
        raise damaged(file, number, "is cut")
    page, _, kind, _, magic, version = _HEADER.unpack_from(begin, at)
    if (page, kind, magic, version) != (number, _IS_META, _MAGIC, _VERSION):
        raise damaged(file, number, "is no meta page of LMDB")
    free = Tree(*_TREE.unpack_from(begin, at + _TREES_AT))
    main = Tree(*_TREE.unpack_from(begin, at + _TREES_AT + _TREE.size))
    meta = Meta(free, main, *_END.unpack_from(begin, at + _END_AT))
    if not _is_sound(meta, number, at):
        raise damaged(file, number, "has numbers that cannot be")
    return meta


def _is_sound(meta: Meta, number: int, at: int) -> bool:
    size = meta.free.page_bytes
    return (
        _SMALLEST_PAGE <= size <= _LARGEST_PAGE
        and size & (size - 1) == 0
        and size == (at or size)
        and (meta.free.flags, meta.main.flags, meta.main.page_bytes) == (_INTEGER_KEYS, 0, 0)
        and (meta.transaction % 2 == number or not meta.transaction)
        and meta.free.is_sound(meta.last_page)
        and meta.main.is_sound(meta.last_page)
    )


def damaged(file: str | os.PathLike[str], page: int, what: str) -> StoreError:
    """Make the error of a damaged page."""
    folder, name = os.path.split(file)
    return StoreError(
        f"store lmdb:{folder} is damaged: page {page} of {name} {what}. Restore a whole "
        "copy, or write the events into a new store."
    )
