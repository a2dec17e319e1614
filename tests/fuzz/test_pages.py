"""Files of LMDB with any damage: read, or refused by an error of ours."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import damaged_bytes, fuzzed, only_errors_of_ours
from support.plans import AT
from support.session import Session, row, simple_plan
from tilewright_runtime import Fetcher, open_store
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.tiles.keys import TileKeys

PAGE = 4096


@cache
def whole() -> bytes:
    """The file of a store with branches, leaves, overflow pages and free pages."""
    with TemporaryDirectory() as folder:
        with open_store(f"lmdb:{folder}") as store:
            for size in (50, 100, 20_000):
                keys = TileKeys("t", 1000, ["a", "b"], [0, 1] * 100, [*range(0, 200_000, 1000)])
                store.put_newer(keys, [bytes([size % 251]) * size] * 200, None)
        return (Path(folder) / "data.mdb").read_bytes()


@cache
def written() -> tuple[bytes, list[Any]]:
    """The file of a store that a writer has filled, and what is answered from it."""
    with TemporaryDirectory() as folder:
        session = Session(url=f"lmdb:{folder}")
        for part in range(3):
            session.write([row(f"k{n % 5}", n, ts=AT - n * 60_000) for n in range(part, 90, 3)])
        session.close()
        return (Path(folder) / "data.mdb").read_bytes(), answers(folder)


def answers(folder: str) -> list[Any]:
    """What is answered from a store for all of its keys."""
    with open_store(f"lmdb:{folder}", create=False) as store:
        fetcher = Fetcher(simple_plan(), store)
        return [fetcher.fetch({"k": f"k{n}"}, at=AT).features for n in range(5)]


@st.composite
def damaged_pages(draw: st.DrawFn, whole: bytes) -> bytes:
    """Draw a file of which a page is damaged, empty or another one, or that is cut."""
    content = bytearray(whole)
    first, second = (draw(st.integers(0, len(content) // PAGE - 1)) for _ in range(2))
    here, there = (slice(page * PAGE, (page + 1) * PAGE) for page in (first, second))
    match draw(st.sampled_from(["bytes", "bytes", "header", "copy", "empty", "cut"])):
        case "bytes":
            content[here] = draw(damaged_bytes(bytes(content[here])))
        case "header":
            at = first * PAGE + draw(st.integers(0, 63))
            content[at] ^= draw(st.integers(1, 255))
        case "copy":
            content[here] = content[there]
        case "empty":
            content[here] = bytes(PAGE)
        case _:
            del content[draw(st.integers(0, len(content))) :]
    return bytes(content)


@fuzzed
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    """Tiles are read and put, or an error says what is damaged."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "data.mdb").write_bytes(data.draw(damaged_pages(whole())))
        with only_errors_of_ours(), open_store(f"lmdb:{folder}") as store:
            keys = TileKeys("t", 1000, ["a"], [0] * 200, [*range(0, 200_000, 1000)])
            store.get_tiles(keys)
            store.put_newer(keys, [b"\xff" * 300] * 200, None)


@fuzzed
@given(data=st.data())
def test_what_verify_lets_pass_is_answered_right(data: st.DataObject) -> None:
    """Damage that changes an answer is found, whether a record is damaged or lost."""
    content, expected = written()
    with TemporaryDirectory() as folder:
        (Path(folder) / "data.mdb").write_bytes(data.draw(damaged_pages(content)))
        with only_errors_of_ours():
            with open_store(f"lmdb:{folder}") as store:
                found = verify(store)
            if found.is_sound and found.tables:
                assert answers(folder) == expected
