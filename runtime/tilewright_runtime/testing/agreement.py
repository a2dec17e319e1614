"""Whether two sets of records say the same of each tile, state by state.

The bytes must be the same for counts, sums of integers and decimals, min, max, first, last, sets, counts by value and lists.
Sums of floats may differ by 1e-9 of the sum of the magnitudes (the state `sum_abs_{input}` if the plan has one, else the sum
itself), moments by 1e-9 of that power of the spread which they are sums of, and sketches, whose bytes depend on the order
of their updates, by their stated error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import datasketches as ds
import numpy as np

from tilewright.windows import format_duration
from tilewright_compiler.plan import Plan, State

from ..block import Block
from ..errors import CorruptRecordError
from ..keys import tile_id
from ..layout import NEWEST, SEQUENCE, Layout, layout_of
from ..records import RecordCodec
from ..state_kinds import NUMPY_DTYPES

TOLERANCE = 1e-9
_QUANTILES = [place / 50 for place in range(1, 50)]


class Tile(NamedTuple):
    """Which tile: its level, entity and start."""

    size_ms: int
    entity: str
    start_ms: int

    def __str__(self) -> str:
        return f"{self.entity} {format_duration(self.size_ms)} {tile_id(self.start_ms, self.size_ms)}"


def disagreements(plan: Plan, expected: Mapping[Tile, bytes], found: Mapping[Tile, bytes]) -> list[str]:
    """What is wrong with the records that were found, a line each."""
    wrong = [f"{tile}: is there, but has no events" for tile in found if tile not in expected]
    codec = RecordCodec(layout_of(plan))
    for tile, record in expected.items():
        if tile not in found:
            wrong.append(f"{tile}: is missing")
            continue
        try:
            got = codec.decode_block([found[tile]], lambda _, tile=tile: str(tile))  # type: ignore[misc]
        except CorruptRecordError as error:
            wrong.append(str(error))
            continue
        want = codec.decode_block([record], lambda _: "the embedded writer's record")
        wrong += [f"{tile}: {what}" for what in _differences(plan, codec.layout, want, got)]
    return wrong


def _differences(plan: Plan, layout: Layout, want: Block, got: Block) -> Iterator[str]:
    for word, name in ((SEQUENCE, "events"), (NEWEST, "newest event")):
        if want.rows[0, word] != got.rows[0, word]:
            yield f"{name} is {got.rows[0, word]}, not {want.rows[0, word]}"
    for column in plan.tile_layout.columns:
        name = f"{column.state}.{column.field}"
        dtype = NUMPY_DTYPES[column.dtype]
        one, other = (
            float(block.rows.view(dtype)[0, layout.names[name]]) if column.dtype == "f64" else int(block.rows[0, layout.names[name]])
            for block in (want, got)
        )
        if not _same(one, other, _allowed(column.merge, name, one, want, layout)):
            yield f"{name} is {other!r}, not {one!r}"
    states = {state.id: state for state in plan.states}
    for field in plan.tile_layout.variable:
        name = f"{field.state}.{field.field}"
        first, second = want.variable[name][0], got.variable[name][0]
        if first != second and (what := _sketches_differ(states[field.state], first, second)) is not None:
            yield f"{name} {what}"


def _same(want: float, got: float, allowed: float) -> bool:
    return want == got or (math.isnan(want) and math.isnan(got)) or abs(want - got) <= allowed


def _allowed(merge: str, name: str, want: float, tile: Block, layout: Layout) -> float:
    if name.startswith("sum_") and name.endswith(".sum"):
        word = layout.names.get(f"sum_abs_{name.removeprefix('sum_')}")
        return TOLERANCE * abs(want if word is None else float(tile.rows.view(np.float64)[0, word]))
    if merge != "moments":
        return 0.0
    state, _, field = name.rpartition(".")
    numbers = tile.rows.view(np.float64)[0]
    n, mean = int(tile.rows[0, layout.names[f"{state}.n"]]), float(numbers[layout.names[f"{state}.mean"]])
    spread = math.sqrt(float(numbers[layout.names[f"{state}.m2"]]) / max(n, 1))
    return TOLERANCE * (abs(mean) + spread if field in ("mean", "rest") else n * spread ** int(field.removeprefix("m")))


def _sketches_differ(state: State, want: bytes | None, got: bytes | None) -> str | None:
    if state.kind not in _SKETCHES or want is None or got is None:
        return f"is {got!r}, not {want!r}"
    return _SKETCHES[state.kind](want, got)


class _Quantiles(NamedTuple):
    """A kind of sketch that gives quantiles."""

    read: Callable[[bytes], Any]
    weight: Callable[[Any], int]
    error: Callable[[Any], float]
    """The error of a rank."""
    ranks: Callable[[Any, float], tuple[float, float]]
    """The parts of the values that lie below a value, and below it or at it."""

    def difference(self, first: bytes, second: bytes) -> str | None:
        """What is wrong with the second sketch."""
        want, got = self.read(first), self.read(second)
        total = self.weight(want)
        if self.weight(got) != total:
            return f"holds {self.weight(got)} values, not {total}"
        # Each has its own error, and with few values a rank is one value's weight wide.
        allowed = 2 * self.error(want) + 1.5 / total
        worst = max(self._off(want, got.get_quantile(q), q) for q in _QUANTILES)
        return f"has ranks {worst:.3f} apart, more than {allowed:.3f}" if worst > allowed else None

    def _off(self, sketch: Any, value: float, quantile: float) -> float:
        below, upto = self.ranks(sketch, value)
        return max(below - quantile, quantile - upto, 0.0)


_DIGEST = _Quantiles(
    read=ds.tdigest_double.deserialize,
    weight=lambda digest: int(digest.get_total_weight()),
    # Measured for merged digests of compression 200.
    error=lambda digest: 0.01 * 200 / digest.k,
    ranks=lambda digest, value: (digest.get_rank(math.nextafter(value, -math.inf)), digest.get_rank(value)),
)
_KLL = _Quantiles(
    read=ds.kll_doubles_sketch.deserialize,
    weight=lambda sketch: int(sketch.n),
    error=lambda sketch: float(sketch.normalized_rank_error(False)),
    ranks=lambda sketch, value: (sketch.get_rank(value, False), sketch.get_rank(value, True)),
)


def _distinct(first: bytes, second: bytes) -> str | None:
    want, got = (ds.hll_sketch.deserialize(part) for part in (first, second))
    # Three standard errors of the smaller of two sketches of 2**lg_k registers (HyperLogLog: 1.04 / sqrt(m)).
    allowed = 3 * 1.04 / math.sqrt(1 << want.lg_config_k) * max(want.get_estimate(), 1.0)
    off = abs(want.get_estimate() - got.get_estimate())
    if off > allowed:
        return f"counts {got.get_estimate():.1f} values, not {want.get_estimate():.1f}"
    both = ds.hll_union(want.lg_config_k)
    both.update(want)
    both.update(got)
    # Values that are hashed in another way, as by another library, count again where two sketches are merged.
    other = both.get_estimate() - want.get_estimate() > allowed
    return f"counts {both.get_estimate():.1f} values when it is merged with that of the same values" if other else None


def _frequent(first: bytes, second: bytes) -> str | None:
    want, got = (ds.frequent_strings_sketch.deserialize(part) for part in (first, second))
    if want.total_weight != got.total_weight:
        return f"counts {got.total_weight} values, not {want.total_weight}"
    for item, _, low, high in want.get_frequent_items(ds.frequent_items_error_type.NO_FALSE_POSITIVES):
        if got.get_upper_bound(item) < low or got.get_lower_bound(item) > high:
            return f"counts {item!r} {got.get_estimate(item)} times, not {want.get_estimate(item)}"
    return None


#: kind of a state -> what is wrong with the second of two sketches, or None
_SKETCHES: dict[str, Callable[[bytes, bytes], str | None]] = {
    "tdigest": _DIGEST.difference,
    "kll": _KLL.difference,
    "hll": _distinct,
    "frequent": _frequent,
}
