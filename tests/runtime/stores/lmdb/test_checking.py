"""Pages of LMDB: sound as LMDB writes them, and refused when they are not."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from support.kernels import numpy_only
from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores.lmdb.checking import check_pages
from tilewright_runtime.stores.lmdb.metas import Meta, read_metas

PAGE = 4096
LEAF, BRANCH, OVERFLOW = 2, 1, 4


def check(folder: Path) -> None:
    """Check the pages of the newest commit with numpy and natively, which say the same."""
    file = folder / "data.mdb"
    metas = read_metas(file)
    assert metas is not None
    meta = max(metas, key=lambda meta: meta.transaction)
    with numpy_only():
        refusal = refusal_of(file, meta)
    assert str(refusal_of(file, meta)) == str(refusal)
    if refusal is not None:
        raise refusal


def refusal_of(file: Path, meta: Meta) -> StoreError | None:
    """What a check raises, if anything."""
    try:
        check_pages(file, meta)
    except StoreError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("seed", range(3))
def test_what_lmdb_writes_is_sound(tmp_path: Path, seed: int) -> None:
    """After any puts and deletes of any sizes, numbers and pages are as LMDB counts them."""
    draw = random.Random(seed)
    keys: list[bytes] = []
    with lmdb.open(str(tmp_path), map_size=1 << 28, max_dbs=2) as environment:
        tiles = environment.open_db(b"tiles")
        for _ in range(30):
            with environment.begin(write=True, db=tiles) as transaction:
                for _ in range(draw.choice([1, 40, 400])):
                    key = draw.choice(keys) if keys and draw.random() < 0.4 else draw.randbytes(40)
                    if draw.random() < 0.3:
                        transaction.delete(key)
                    else:
                        size = draw.choice([0, 9, 300, 2040, 9000])
                        transaction.put(key, draw.randbytes(size))
                        keys.append(key)
            check(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file with branches, leaves, overflow pages and free pages."""
    with lmdb.open(str(tmp_path), max_dbs=2) as environment:
        tiles = environment.open_db(b"tiles")
        for _ in range(3):
            with environment.begin(write=True, db=tiles) as transaction:
                for number in range(200):
                    size = 9000 if number == 77 else 100
                    transaction.put(b"key %03d" % number, bytes([number]) * size)
    check(tmp_path)
    return tmp_path


def pages_of(content: bytes | bytearray, kind: int) -> list[int]:
    """The numbers of all pages of a kind but for the metas, old ones too."""
    return [
        number
        for number in range(2, len(content) // PAGE)
        if struct.unpack_from("=QHH", content, number * PAGE)[::2] == (number, kind)
    ]


def change(folder: Path, edit: Callable[[bytearray], None]) -> None:
    """Edit the file's bytes."""
    content = bytearray((folder / "data.mdb").read_bytes())
    edit(content)
    (folder / "data.mdb").write_bytes(content)


def zeroed(content: bytearray, page: int) -> None:
    """Nothing is on the page."""
    content[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)


def replaced(content: bytearray, page: int) -> None:
    """Another page stands in its place."""
    other = next(at for at in pages_of(content, LEAF) if at != page)
    content[page * PAGE : (page + 1) * PAGE] = content[other * PAGE : (other + 1) * PAGE]


def of_another_kind(content: bytearray, page: int) -> None:
    """The page says that it is of another kind."""
    content[page * PAGE + 10] ^= LEAF | BRANCH


def with_more_room(content: bytearray, page: int) -> None:
    """The page says that it has one entry less."""
    content[page * PAGE + 12] -= 2


def with_an_entry_elsewhere(content: bytearray, page: int) -> None:
    """An entry begins elsewhere on the page."""
    content[page * PAGE + 16] ^= 64


def with_a_longer_key(content: bytearray, page: int) -> None:
    """The key of an entry is longer than it was."""
    (offset,) = struct.unpack_from("=H", content, page * PAGE + 18)
    content[page * PAGE + offset + 6] += 2


def with_another_key(content: bytearray, page: int) -> None:
    """The key of an entry is larger than that of the next one."""
    (offset,) = struct.unpack_from("=H", content, page * PAGE + 18)
    content[page * PAGE + offset + 8] ^= 0x80


#: What can happen to a page of any kind, and to one that has entries.
ANY = [zeroed, replaced, of_another_kind]
OF_ENTRIES = [*ANY, with_more_room, with_an_entry_elsewhere, with_a_longer_key, with_another_key]


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *((LEAF, damage) for damage in OF_ENTRIES),
        *((BRANCH, damage) for damage in OF_ENTRIES),
        *((OVERFLOW, damage) for damage in ANY),
    ],
)
def test_a_damaged_page_is_named(
    folder: Path, kind: int, damage: Callable[[bytearray, int], None]
) -> None:
    """Every page of the newest commit is looked at, whatever was done to it."""
    content = (folder / "data.mdb").read_bytes()
    refused = 0
    for page in pages_of(content, kind):
        change(folder, lambda edited, page=page: damage(edited, page))  # type: ignore[misc]
        try:
            check(folder)
        except StoreError as error:
            assert "page" in str(error)
            refused += 1
        (folder / "data.mdb").write_bytes(content)
    assert refused


def test_a_value_that_is_cut_is_named(tmp_path: Path) -> None:
    """The first page of a value may lie behind all others, and the file may end before it."""
    with lmdb.open(str(tmp_path), max_dbs=2) as environment:
        tiles = environment.open_db(b"tiles")
        for size in (10, 11, 12, 40_000):
            with environment.begin(write=True, db=tiles) as transaction:
                transaction.put(b"key", bytes(size))
    content = (tmp_path / "data.mdb").read_bytes()
    (first,) = pages_of(content, OVERFLOW)
    (tmp_path / "data.mdb").write_bytes(content[: first * PAGE + 8])
    with pytest.raises(StoreError, match=f"page {first} .*is cut"):
        check(tmp_path)


def test_a_lost_leaf_is_missed(folder: Path) -> None:
    """A branch that names fewer pages than LMDB has counted is an error."""
    content = (folder / "data.mdb").read_bytes()

    def edit(edited: bytearray) -> None:
        for page in pages_of(content, BRANCH):
            lower, upper = struct.unpack_from("=HH", content, page * PAGE + 12)
            (last,) = struct.unpack_from("=H", content, page * PAGE + lower - 2)
            (size,) = struct.unpack_from("=H", content, page * PAGE + last + 6)
            # The entry that is last in order is made to lie at the end of what is used.
            if last == upper:
                used = upper + (8 + size + 1 & ~1)
                struct.pack_into("=HH", edited, page * PAGE + 12, lower - 2, used)

    change(folder, edit)
    with pytest.raises(StoreError, match="has lost some of what lies below it"):
        check(folder)
