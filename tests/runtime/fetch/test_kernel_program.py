"""The native kernel answers as numpy does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import to_arrow
from support.everything import every_operation, some_events, written
from support.examples import few
from support.kernels import both, numpy_only, required_kernel
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.process import start
from tilewright import Operation
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import CorruptRecordError, FetchError
from tilewright_runtime.fetch.kernel_program import KernelTiles
from tilewright_runtime.stores import Store
from tilewright_runtime.stores.checked import Checked
from tilewright_runtime.tiles.header import start_of
from tilewright_runtime.tiles.keys import TileKeys

MOMENTS = [Operation.VARIANCE, Operation.STDDEV, Operation.SKEW, Operation.KURTOSIS]
NUMBERS = [
    Operation.COUNT,
    Operation.SUM,
    Operation.AVERAGE,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
    *MOMENTS,
]
_DAEMON = """
import threading
from tilewright_kernel import _native

is_held, forever = threading.Event(), threading.Event()


def hold():
    covers = _native.Covers([])
    is_held.set()
    forever.wait()


threading.Thread(target=hold, daemon=True).start()
is_held.wait()
"""
KEYS = [{"k": key, "m": m} for key in ("a", "é::{}", "", "unknown") for m in (1, -(2**60))]


@cache
def everything() -> Store:
    return written(every_operation(), some_events(2_000))


@pytest.mark.parametrize("age_ms", [0, 1, 7 * MINUTE + 123, 61 * MINUTE, 26 * HOUR])
def test_all_kinds_of_states_and_types(age_ms: int) -> None:
    """Each operation, type and key, at times that cut tiles, heads and windows."""
    kernel, numpy = both(every_operation(), everything())
    requests = [(keys, AT - age_ms) for keys in KEYS]
    # As texts, in which NaN is equal to itself and -0.0 is not 0.0.
    assert repr(kernel.fetch_many(requests)) == repr(numpy.fetch_many(requests))


def test_the_tiles_are_the_same() -> None:
    """Rows, starts and levels of the kernel are those of numpy."""
    kernel, numpy = both(every_operation(), everything())
    tiles = []
    for fetcher in (kernel, numpy):
        state = fetcher.request(KEYS[0], AT)
        for step in fetcher.context.steps[:3]:
            step.work(fetcher.context, [state])
        tiles.append(state.tiles)
    own, reference = tiles
    assert isinstance(own, KernelTiles) and not isinstance(reference, KernelTiles)
    assert own.rows.tolist() == reference.rows.tolist()
    assert (own.starts, own.bounds) == (reference.starts, reference.bounds)


def numbers_of(values: Sequence[float], windows: Sequence[str]) -> tuple[str, str]:
    """Write a value a minute, and fetch all numbers with the kernel and without it."""
    plan = plan_of({"k": "string", "x": "double"}, ["k"], aggregations("x", NUMBERS, windows))
    store = open_store("memory:")
    events = [{"k": "a", "x": x, "ts": AT - 1 - i * MINUTE} for i, x in enumerate(values)]
    with Writer(plan, store) as writer:
        writer.write(to_arrow(events, {"k": "string", "x": "double"}))
    kernel, numpy = both(plan, store)
    return repr(kernel.fetch({"k": "a"}, AT)), repr(numpy.fetch({"k": "a"}, AT))


@few(25)
@given(st.lists(st.floats(), min_size=1, max_size=70))
def test_floats_are_merged_in_one_order(values: list[float]) -> None:
    """Sums and moments round alike, whatever the values are."""
    own, reference = numbers_of(values, ["15m", "1h"])
    assert own == reference


def test_many_tiles_are_added_up_in_one_order() -> None:
    """Sums of more than a block of 128 tiles are halved as numpy halves them."""
    own, reference = numbers_of([1.1**i for i in range(900)], ["15h"])
    assert own == reference


def sums_of(*integers: int) -> tuple[Fetcher, Fetcher]:
    operations = [Operation.SUM, Operation.AVERAGE]
    plan = plan_of({"k": "string", "n": "bigint"}, ["k"], aggregations("n", operations))
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write([{"k": "a", "n": n, "ts": AT - 1} for n in integers])
    return both(plan, store)


def test_an_average_beyond_the_integers_of_doubles_is_rounded_once() -> None:
    """Python divides the integers themselves."""
    large = 2**62 + 1
    kernel, numpy = sums_of(large, 1, 1)
    assert kernel.fetch({"k": "a"}, AT).features["n_average_1h"] == (large + 2) / 3
    assert kernel.fetch({"k": "a"}, AT) == numpy.fetch({"k": "a"}, AT)


def test_a_sum_that_does_not_fit_is_refused_with_the_same_words() -> None:
    """The kernel leaves it to Python."""
    for fetcher in sums_of(2**63 - 1, 1):
        with pytest.raises(FetchError, match=r"n_sum_1h: the sum 9223372036854775808 does not fit"):
            fetcher.fetch({"k": "a"}, AT)


def damaged(record: bytes, at: int) -> bytes:
    return record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]


@pytest.mark.parametrize("at", [0, 4, 5, 8, 32, 40, -1])
def test_a_damaged_record_is_named_with_the_same_words(at: int) -> None:
    """Whatever byte changed, numpy says what is wrong with it."""
    plan = every_operation()
    store = written(plan, some_events(50))
    fetchers = both(plan, store)
    request = fetchers[0].request(KEYS[0], AT)
    ranges = fetchers[0].program.ranges(AT)
    found = zip(ranges, store.scan(plan.name, request.entity, ranges), strict=True)
    size_ms, newest = next((wanted.size_ms, part[-1]) for wanted, part in found if part)
    keys = TileKeys(plan.name, size_ms, [request.entity], [0], [start_of(newest)])
    store.transact(  # type: ignore[attr-defined]
        lambda transaction: transaction.put_tiles(keys, [damaged(newest, at % len(newest))])
    )
    messages = []
    for fetcher in fetchers:
        with pytest.raises(CorruptRecordError) as raised:
            fetcher.fetch(KEYS[0], AT)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


def test_records_that_were_sound_are_not_checked_again() -> None:
    """A cache gives the same bytes each time; the others of a range are checked."""
    fetcher, _ = both(every_operation(), everything())
    state, program = fetcher.request(KEYS[0], AT), fetcher.program
    ranges = program.ranges(AT)
    found = everything().scan(fetcher.plan.name, state.entity, ranges)
    records = list(map(list, found))
    counts = list(map(len, records))
    first = next(index for index, count in enumerate(counts) if count)
    records[first][0] = damaged(records[first][0], -1)
    checked = Checked(counts)
    with pytest.raises(CorruptRecordError):
        program.decode(state.entity, ranges, records, str, checked)
    assert not checked.is_sound
    checked.is_sound = True
    assert isinstance(program.decode(state.entity, ranges, records, str, checked), KernelTiles)


@pytest.mark.parametrize("edge", ["prorate", "exact"])
def test_edges_that_the_kernel_does_not_know_are_left_to_numpy(edge: str) -> None:
    """Parts of tiles and raw events are merged by numpy."""
    asked = aggregations("n", [Operation.SUM], edge=edge)
    plan = plan_of({"k": "string", "n": "bigint"}, ["k"], asked)
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write([{"k": "a", "n": n, "ts": AT - n * MINUTE} for n in range(1, 90)])
    kernel, numpy = both(plan, store)
    assert kernel.fetch({"k": "a"}, AT) == numpy.fetch({"k": "a"}, AT)


def test_the_kernel_can_be_turned_off() -> None:
    """A variable of the environment says so when a fetcher is made."""
    with numpy_only():
        fetcher = Fetcher(every_operation(), everything())
    state = fetcher.request(KEYS[0], AT)
    for step in fetcher.context.steps[:3]:
        step.work(fetcher.context, [state])
    assert not isinstance(state.tiles, KernelTiles)


def test_a_thread_that_outlives_its_process_is_no_leak() -> None:
    """A daemon thread may hold objects of the kernel at the end."""
    required_kernel()
    ended = start(_DAEMON)
    assert ended.communicate() == ("", "")
    assert ended.returncode == 0
