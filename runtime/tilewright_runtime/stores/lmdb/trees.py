"""The trees of an LMDB file, checked with numpy.

The native kernel checks the same where it is installed. A tree has branches, whose nodes name pages
one level down, and leaves, whose nodes are keys with their values; a value that is too long for a
leaf lies on overflow pages of its own. The nodes of a page grow down from its end, and what points
to them grows up from its header.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .faults import LOST, NO_ENTRY, NO_FREE_LIST, NO_TABLE, ORDER, OTHER_PAGE
from .metas import Meta, Tree, tree_of
from .pages import HEADER_BYTES, LONGEST_KEY, Numbers, PageFile

#: Pages that are looked at together.
_PART_PAGES = 1024

_NODE_BYTES = 8
_PAGE_NUMBER = struct.Struct("=Q")
_IS_BRANCH, _IS_LEAF = 1, 2
#: What a node of a leaf may be beside a value: one on pages of its own, or the root of a table.
_IS_BIG, _IS_TABLE = 1, 2


def check_trees(pages: PageFile, meta: Meta, names: Collection[bytes]) -> None:
    """Check the trees of some tables, and the free pages.

    Raises StoreError for the first page that is damaged.
    """
    for table in _tables(pages, meta.main, names):
        for _ in _TreeCheck(pages, table).leaves():
            pass
    for nodes in _TreeCheck(pages, meta.free, has_numbers=True).leaves():
        _use_free(pages, nodes)


def _tables(pages: PageFile, main: Tree, names: Collection[bytes]) -> list[Tree]:
    """Find the trees of the tables that are ours."""
    tables = []
    for nodes in _TreeCheck(pages, main).leaves():
        for i in np.flatnonzero(nodes.flags == _IS_TABLE).tolist():
            if nodes.key(i) not in names:
                continue
            table = tree_of(nodes.value(i))
            if table is None or not table.is_sound(pages.last_page):
                raise pages.damaged(int(nodes.pages[i]), NO_TABLE)
            tables.append(table)
    return tables


def _use_free(pages: PageFile, nodes: _Nodes) -> None:
    """Check lists of free pages.

    Checked are their numbers, and that each page is used nowhere else.
    """
    for i in range(len(nodes.starts)):
        content, page = nodes.value(i), int(nodes.pages[i])
        if nodes.flags[i] == _IS_BIG:
            content = pages.read_value(_PAGE_NUMBER.unpack(content)[0], int(nodes.numbers[i]))
        if len(content) % 8 or not content:
            raise pages.damaged(page, NO_FREE_LIST)
        free = np.frombuffer(content, np.int64)
        if not 0 <= free[0] < len(free):
            raise pages.damaged(page, NO_FREE_LIST)
        free = free[1 : 1 + free[0]]
        pages.use_each(np.full(len(free), page), free)


class _Nodes(NamedTuple):
    """The nodes of some pages, page by page."""

    content: NDArray[np.uint8]
    pages: Numbers
    """The number of each node's page."""
    firsts: Numbers
    """Where the nodes of each page begin, and at last how many there are."""
    starts: Numbers
    """Where each begins in the content."""
    key_sizes: Numbers
    flags: Numbers
    numbers: Numbers
    """The page that a branch's node names, or the size of a leaf's value."""

    def key(self, i: int) -> bytes:
        """Read the key of a node."""
        begin = int(self.starts[i]) + _NODE_BYTES
        return self.content[begin : begin + int(self.key_sizes[i])].tobytes()

    def value(self, i: int) -> bytes:
        """Read the value of a node.

        It may be the page where the value begins.
        """
        begin = int(self.starts[i] + self.key_sizes[i]) + _NODE_BYTES
        size = _PAGE_NUMBER.size if self.flags[i] & _IS_BIG else int(self.numbers[i])
        return self.content[begin : begin + size].tobytes()


class _TreeCheck:
    """Follows one tree from its root to its leaves.

    It goes in the order of the keys.
    """

    def __init__(self, file: PageFile, tree: Tree, has_numbers: bool = False) -> None:
        self._file = file
        self._tree = tree
        self._has_numbers = has_numbers
        self._last: bytes | None = None
        self._branches = self._leaves = self._overflows = self._entries = 0

    def leaves(self) -> Iterator[_Nodes]:
        """Yield the nodes of all leaves, part by part.

        Raises StoreError for a damaged page.
        """
        tree = self._tree
        if tree.is_empty:
            return
        root = np.array([tree.root], dtype=np.int64)
        self._file.use_each(root, root)
        yield from self._below(root, [b""], tree.depth)
        counted = (self._branches, self._leaves, self._overflows, self._entries)
        if counted != (tree.branches, tree.leaves, tree.overflows, tree.entries):
            raise self._file.damaged(tree.root, LOST)

    def _below(self, pages: Numbers, lows: Sequence[bytes], depth: int) -> Iterator[_Nodes]:
        """Follow pages of one level.

        No key on a page is less than its low.
        """
        for at in range(0, len(pages), _PART_PAGES):
            part, low = pages[at : at + _PART_PAGES], lows[at : at + _PART_PAGES]
            nodes = self._nodes(part, depth == 1)
            self._require_order(nodes, depth == 1)
            if depth == 1:
                self._leaves += len(part)
                self._entries += len(nodes.starts)
                self._require_between(part, nodes, low)
                self._use_overflows(nodes)
                yield nodes
            else:
                self._branches += len(part)
                self._file.use_each(nodes.pages, nodes.numbers)
                yield from self._below(nodes.numbers, self._lows(nodes, low), depth - 1)

    def _nodes(self, pages: Numbers, is_leaf: bool) -> _Nodes:
        """Take pages of one level apart."""
        content, size = self._file.read(pages), self._file.page_bytes
        words = content[: len(pages) * size].view(np.uint16).reshape(len(pages), -1)
        own = content[: len(pages) * size].view(np.int64)[:: size // 8]
        lower, upper = words[:, 6].astype(np.int64), words[:, 7].astype(np.int64)
        counts = (lower - HEADER_BYTES) >> 1
        is_sound = (own == pages) & (words[:, 5] == (_IS_LEAF if is_leaf else _IS_BRANCH))
        is_sound &= (counts >= (1 if is_leaf else 2)) & (lower & 1 == 0)
        self._file.require(is_sound & (lower <= upper) & (upper <= size), pages, OTHER_PAGE)

        firsts = np.append(0, np.cumsum(counts))
        page = np.repeat(np.arange(len(pages)), counts)
        slots = np.arange(firsts[-1]) - firsts[page]
        offsets = words[page, HEADER_BYTES // 2 + slots].astype(np.int64)
        is_inside = (offsets >= upper[page]) & (offsets <= size - _NODE_BYTES) & (offsets & 1 == 0)
        self._file.require(is_inside, pages[page], NO_ENTRY)
        starts = page * size + offsets
        heads = content.view(np.uint16)[(starts >> 1)[:, None] + np.arange(4)].astype(np.int64)
        numbers = heads[:, 0] | heads[:, 1] << 16
        flags, key_sizes = heads[:, 2], heads[:, 3]
        if not is_leaf:
            numbers, flags = numbers | flags << 32, np.zeros_like(flags)
        nodes = _Nodes(content, pages[page], firsts, starts, key_sizes, flags, numbers)
        self._require_nodes(nodes, offsets, size - upper, is_leaf)
        return nodes

    def _require_nodes(self, nodes: _Nodes, offsets: Numbers, used: Numbers, is_leaf: bool) -> None:
        """Check that nodes fill what is used of their pages."""
        sizes = nodes.key_sizes + _NODE_BYTES
        is_sound = nodes.key_sizes <= LONGEST_KEY
        if is_leaf:
            sizes = sizes + np.where(nodes.flags == _IS_BIG, _PAGE_NUMBER.size, nodes.numbers)
            is_sound &= (nodes.flags <= _IS_TABLE) & (nodes.key_sizes > 0)
        if self._has_numbers and is_leaf:
            is_sound &= nodes.key_sizes == _PAGE_NUMBER.size
        sizes = sizes + (sizes & 1)
        is_sound &= offsets + sizes <= self._file.page_bytes
        self._file.require(is_sound, nodes.pages, NO_ENTRY)
        filled = np.add.reduceat(sizes, nodes.firsts[:-1])
        self._file.require(filled == used, nodes.pages[nodes.firsts[:-1]], NO_ENTRY)

    def _require_order(self, nodes: _Nodes, is_leaf: bool) -> None:
        """Check that the keys of each page grow."""
        width = int(nodes.key_sizes.max()) + 7 & ~7
        if not width:
            return
        rows = sliding_window_view(nodes.content, width)[nodes.starts + _NODE_BYTES]
        rows[np.arange(width) >= nodes.key_sizes[:, None]] = 0
        order = "=u8" if self._has_numbers else ">u8"
        keys, rows_before = rows.view(order), np.arange(len(rows) - 1)
        differing = (keys[:-1] != keys[1:]).argmax(axis=1)
        one, other = keys[rows_before, differing], keys[rows_before + 1, differing]
        is_longer = nodes.key_sizes[:-1] < nodes.key_sizes[1:]
        is_sound = (one < other) | ((one == other) & is_longer)
        # The first key of a branch stands for all that are less than the second.
        firsts = nodes.firsts[1:-1]
        is_sound[firsts - 1] = True
        if not is_leaf:
            is_sound[nodes.firsts[:-1]] = True
        self._file.require(is_sound, nodes.pages[1:], ORDER)

    def _require_between(self, pages: Numbers, nodes: _Nodes, lows: Sequence[bytes]) -> None:
        """Require that keys lie where branches look for them."""
        for i, low in enumerate(lows):
            first = self._comparable(nodes.key(int(nodes.firsts[i])))
            if first < low or (self._last is not None and self._last >= low):
                raise self._file.damaged(int(pages[i]), ORDER)
            self._last = self._comparable(nodes.key(int(nodes.firsts[i + 1]) - 1))

    def _lows(self, nodes: _Nodes, lows: Sequence[bytes]) -> list[bytes]:
        """Read the least key that each child may have."""
        keys = [self._comparable(nodes.key(i)) for i in range(len(nodes.starts))]
        for first, low in zip(nodes.firsts.tolist(), lows, strict=False):
            keys[first] = low
        return keys

    def _comparable(self, key: bytes) -> bytes:
        return key[::-1] if self._has_numbers and sys.byteorder == "little" else key

    def _use_overflows(self, nodes: _Nodes) -> None:
        for i in np.flatnonzero(nodes.flags == _IS_BIG).tolist():
            (first,) = _PAGE_NUMBER.unpack(nodes.value(i))
            page, size = int(nodes.pages[i]), int(nodes.numbers[i])
            self._overflows += self._file.use_overflow(page, first, size)
