"""The oracle: what each operation answers, by brute force over raw events.

It is written from the rules alone (window, head, nulls, ties, ordering) and knows nothing of tiles
but the length of the one that a window's edge or head may cut, and nothing at all where the answer
is exact. An event is a mapping with `ts` in epoch milliseconds and its columns.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

Event = Mapping[str, Any]

#: Floats agree within this part of the sum of the magnitudes that they were made from.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Asked:
    """What a feature asks: an operation over a column, and over which time; `window_ms` is None for
    a lifetime.

    With a bucket it asks the same for each value of that column.
    """

    operation: str
    column: str
    window_ms: int | None = None
    edge_ms: int | None = None
    edge: str = "sawtooth"
    params: Mapping[str, Any] = field(default_factory=dict)
    bucket: str | None = None


def end_ms(events: Iterable[Event], at_ms: int, finest_ms: int) -> int:
    """Where the answer to a key's question at `at_ms` ends, given the key's events and the finest
    tile size.
    """
    tile = (at_ms - 1) // finest_ms * finest_ms
    #  tile     |..x..x....|        the tile of the millisecond before T is used whole …
    #  T              |
    #  tile     |..x..x..x.|        … unless it holds an event at or after T: then the window ends
    #                               where it begins
    return tile if any(at_ms <= event["ts"] < tile + finest_ms for event in events) else at_ms


def begin_ms(asked: Asked, at_ms: int) -> int | None:
    """Where a window begins; None at the beginning of time."""
    if asked.window_ms is not None and asked.edge == "exact":
        return at_ms - asked.window_ms
    if asked.window_ms is None or asked.edge_ms is None:
        return None
    oldest = at_ms - asked.window_ms
    return (
        -(-oldest // asked.edge_ms) * asked.edge_ms
        if asked.edge == "truncate"
        else oldest // asked.edge_ms * asked.edge_ms
    )


def chosen(
    asked: Asked, events: Sequence[Event], at_ms: int, finest_ms: int
) -> list[tuple[int, Any]]:
    """The (time, value) pairs of one key's events that count, oldest first; nulls do not, and of a
    list each element does.
    """
    begin, end = (
        begin_ms(asked, at_ms),
        at_ms if asked.edge == "exact" else end_ms(events, at_ms, finest_ms),
    )
    within = [
        event for event in events if (begin is None or begin <= event["ts"]) and event["ts"] < end
    ]
    counted = [(event["ts"], value) for event in within for value in _values(event[asked.column])]
    return sorted(
        ((ts, value) for ts, value in counted if value is not None),
        key=lambda pair: (pair[0], rank(pair[1])),
    )


def _values(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def prorated(
    asked: Asked, events: Sequence[Event], at_ms: int, finest_ms: int
) -> list[tuple[Fraction, Any]]:
    """The values of a prorated window with the part of each that counts: that of its tile which the
    window overlaps.
    """
    begin, end, counted = begin_ms(asked, at_ms), end_ms(events, at_ms, finest_ms), []
    for event in events:
        part = Fraction(1)
        if begin is not None and asked.window_ms is not None and asked.edge_ms is not None:
            #  tile     |..x..x....|        the edge tile: of all its events as much as of its time
            #  window         [----
            if event["ts"] < begin:
                continue
            if event["ts"] < begin + asked.edge_ms:
                part = min(
                    part, Fraction(begin + asked.edge_ms - (at_ms - asked.window_ms), asked.edge_ms)
                )
        if event["ts"] >= end:
            if end == at_ms or event["ts"] >= end + finest_ms:
                continue
            part = Fraction(
                at_ms - end, finest_ms
            )  # the newest tile holds later events, which no tile can tell from earlier ones
        counted += [(part, value) for value in _values(event[asked.column]) if value is not None]
    return counted


def _bad_prorated(asked: Asked, got: Any, pairs: Sequence[tuple[Fraction, Any]]) -> str | None:
    count = sum((part for part, _ in pairs), Fraction())
    if asked.operation == "COUNT":
        return (
            None
            if type(got) is float and got == float(count)
            else f"COUNT({asked.column}) gives {got!r}, the oracle says {count}"
        )
    if not pairs:
        return None if got is None else f"{asked.operation} of nothing is {got!r}"
    if any(isinstance(value, float) and not math.isfinite(value) for _, value in pairs):
        want = float(total([value for _, value in pairs]))
        return (
            None
            if _same(got, want, 0.0)
            else f"{asked.operation}({asked.column}) gives {got!r}, the oracle says {want!r}"
        )
    divisor = count if asked.operation == "AVERAGE" else Fraction(1)
    want = _rounded(sum((part * Fraction(value) for part, value in pairs), Fraction()) / divisor)
    # A part of the smallest numbers may be rounded to none, and sums of the largest may overflow.
    allowed = (
        TOLERANCE
        * _rounded(sum((abs(Fraction(value)) for _, value in pairs), Fraction()))
        / float(divisor)
        + 1e-300
    )
    return (
        None
        if _same(got, want, allowed)
        else f"{asked.operation}({asked.column}) gives {got!r}, the oracle says {want!r}"
    )


def rank(value: Any) -> tuple[int, Any]:
    """A sort key in the order of SQL: NaN is the largest number."""
    return (1, 0) if is_nan(value) else (0, value)


def is_nan(value: Any) -> bool:
    """Whether a value is the float NaN."""
    return isinstance(value, float) and math.isnan(value)


def total(values: Sequence[Any]) -> Any:
    """The exact sum, as a value of the kind of its parts; floats are added as fractions and rounded
    once.
    """
    floats = [value for value in values if isinstance(value, float)]
    if not floats:
        return sum(values[1:], values[0])
    if any(map(is_nan, floats)) or {math.inf, -math.inf} <= set(floats):
        return math.nan
    infinite = [value for value in floats if math.isinf(value)]
    return infinite[0] if infinite else _rounded(sum(map(Fraction, floats), Fraction()))


def _rounded(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def magnitude(values: Sequence[Any]) -> float:
    """The sum of the magnitudes, infinite where it is too large for a double."""
    return _rounded(
        sum(
            (
                Fraction(abs(value))
                for value in values
                if not isinstance(value, float) or math.isfinite(value)
            ),
            Fraction(),
        )
    )


def _mean(values: Sequence[Any]) -> float:
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        return float(total(values))
    return _rounded(sum(map(Fraction, values), Fraction()) / len(values))


def _top(values: Sequence[Any], k: int) -> list[dict[str, Any]]:
    ranked = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"item": item, "count": count} for item, count in ranked[:k]]


def _distinct(values: Sequence[Any]) -> int:
    return len({"NaN" if is_nan(value) else value for value in values})


def _ordered(values: Sequence[Any], largest_first: bool = False) -> list[Any]:
    return sorted(values, key=rank, reverse=largest_first)


def _histogram(values: Sequence[Any], k: int) -> dict[Any, int]:
    by_rank: dict[tuple[int, Any], list[Any]] = {}
    for value in values:
        by_rank.setdefault(rank(value), []).append(value)
    ranked = sorted(by_rank.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return {same[0]: len(same) for _, same in ranked[: k or None]}


def _first(pairs: Sequence[tuple[int, Any]], k: int) -> list[Any]:
    larger_first = sorted(pairs, key=lambda pair: rank(pair[1]), reverse=True)
    return [value for _, value in sorted(larger_first, key=lambda pair: pair[0])[:k]]


def _last(pairs: Sequence[tuple[int, Any]], k: int) -> list[Any]:
    return [
        value
        for _, value in sorted(pairs, key=lambda pair: (pair[0], rank(pair[1])), reverse=True)[:k]
    ]


def _oldest(pairs: Sequence[tuple[int, Any]]) -> Any:
    first = min(ts for ts, _ in pairs)
    return max((value for ts, value in pairs if ts == first), key=rank)


def _newest(pairs: Sequence[tuple[int, Any]]) -> Any:
    return max(pairs, key=lambda pair: (pair[0], rank(pair[1])))[1]


#: operation -> (value of an empty window, value of the (time, value) pairs of any other)
_OPERATIONS: dict[
    str, tuple[Any, Callable[[Sequence[tuple[int, Any]], Mapping[str, Any]], Any]]
] = {
    "COUNT": (0, lambda pairs, _: len(pairs)),
    "SUM": (None, lambda pairs, _: total([value for _, value in pairs])),
    "AVERAGE": (None, lambda pairs, _: _mean([value for _, value in pairs])),
    "MIN": (None, lambda pairs, _: min((value for _, value in pairs), key=rank)),
    "MAX": (None, lambda pairs, _: max((value for _, value in pairs), key=rank)),
    "FIRST": (None, lambda pairs, _: _oldest(pairs)),
    "LAST": (None, lambda pairs, _: _newest(pairs)),
    "FIRST_K": (None, lambda pairs, params: _first(pairs, params["k"])),
    "LAST_K": (None, lambda pairs, params: _last(pairs, params["k"])),
    "LARGEST_K": (
        None,
        lambda pairs, params: _ordered([value for _, value in pairs], largest_first=True)[
            : params["k"]
        ],
    ),
    "SMALLEST_K": (
        None,
        lambda pairs, params: _ordered([value for _, value in pairs])[: params["k"]],
    ),
    "UNIQUE_COUNT": (0, lambda pairs, _: _distinct([value for _, value in pairs])),
    "BOUNDED_UNIQUE_COUNT": (
        0,
        lambda pairs, params: min(params["k"], _distinct([value for _, value in pairs])),
    ),
    "HISTOGRAM": (
        None,
        lambda pairs, params: _histogram([value for _, value in pairs], params["k"]),
    ),
    "APPROX_UNIQUE_COUNT": (0, lambda pairs, _: _distinct([value for _, value in pairs])),
    "TOP_K": (None, lambda pairs, params: _top([value for _, value in pairs], params["k"])),
}


def answer(asked: Asked, events: Sequence[Event], at_ms: int, finest_ms: int) -> Any:
    """What a feature answers for one key's events, in any order, at a time.

    Percentiles have no one right answer: see `disagreement`.
    """
    return _answer(asked, chosen(asked, events, at_ms, finest_ms))


def _answer(asked: Asked, pairs: Sequence[tuple[int, Any]]) -> Any:
    empty, compute = _OPERATIONS[asked.operation]
    return compute(pairs, asked.params) if pairs else empty


def disagreement(
    asked: Asked, got: Any, events: Sequence[Event], at_ms: int, finest_ms: int
) -> str | None:
    """What is wrong with an answer, or None."""
    if asked.bucket is not None:
        return _bad_map(asked, asked.bucket, got, events, at_ms, finest_ms)
    if asked.edge == "prorate":
        return _bad_prorated(asked, got, prorated(asked, events, at_ms, finest_ms))
    pairs = chosen(asked, events, at_ms, finest_ms)
    values = [value for _, value in pairs]
    if asked.operation == "APPROX_PERCENTILE":
        return _bad_percentiles(asked.params["percentiles"], got, values)
    if asked.operation in ("VARIANCE", "STDDEV", "SKEW", "KURTOSIS"):
        return bad_moment(asked.operation, got, values)
    want = _answer(asked, pairs)
    allowed = 0.0
    if asked.operation in ("SUM", "AVERAGE") and isinstance(want, float):
        allowed = (
            TOLERANCE * magnitude(values) / (len(values) if asked.operation == "AVERAGE" else 1)
        )
    return (
        None
        if _same(got, want, allowed)
        else f"{asked.operation}({asked.column}) gives {got!r}, the oracle says {want!r}"
    )


def _bad_map(
    asked: Asked, bucket: str, got: Any, events: Sequence[Event], at_ms: int, finest_ms: int
) -> str | None:
    """A map has each bucket value that comes with a value of the column within the window, in
    order, and what it is alone.
    """
    alone, counted = replace(asked, bucket=None), prorated if asked.edge == "prorate" else chosen
    known = {rank(event[bucket]): event[bucket] for event in events if event[bucket] is not None}
    # The events of other bucket values stay: they say where the answer ends, and their values do
    # not count.
    own = {
        place: [e if _is(e[bucket], place) else {**e, asked.column: None} for e in events]
        for place in sorted(known)
    }
    want = {
        place: known[place] for place, some in own.items() if counted(alone, some, at_ms, finest_ms)
    }
    if not want:
        return None if got is None else f"a map of nothing is {got!r}"
    if not isinstance(got, dict) or not _same(list(got), list(want.values()), 0):
        return (
            f"{asked.operation}({asked.column}) by {bucket} gives {got!r}, the oracle has "
            f"{list(want.values())}"
        )
    wrong = (
        disagreement(alone, value, own[place], at_ms, finest_ms)
        for place, value in zip(want, got.values(), strict=True)
    )
    return next((f"by {bucket}: {what}" for what in wrong if what), None)


def _is(value: Any, place: tuple[int, Any]) -> bool:
    return value is not None and rank(value) == place


def _same(got: Any, want: Any, allowed: float) -> bool:
    if isinstance(want, dict):
        return (
            isinstance(got, dict)
            and _same(list(got), list(want), 0)
            and list(got.values()) == list(want.values())
        )
    if isinstance(want, list):
        return (
            isinstance(got, list)
            and len(got) == len(want)
            and all(_same(one, other, 0) for one, other in zip(got, want, strict=True))
        )
    if not isinstance(want, float):
        # A bool is no int here, an int no Decimal, and a date no timestamp.
        return type(got) is type(want) and bool(got == want)
    if math.isinf(allowed):
        return isinstance(got, float)  # partial sums may overflow, in one order and not in another
    return isinstance(got, float) and (
        got == want or (is_nan(got) and is_nan(want)) or abs(got - want) <= allowed
    )


def _bad_percentiles(
    percentiles: Sequence[float], got: Any, values: Sequence[int | float | Decimal]
) -> str | None:
    ordered = sorted(float(value) for value in values if not is_nan(value))
    if not ordered:
        return None if got is None else f"percentiles of nothing give {got!r}"
    if len(got) != len(percentiles):
        return f"{len(percentiles)} percentiles were asked, {got!r} given"
    for percentile, value in zip(percentiles, got, strict=True):
        # With few values nothing is merged away, so a percentile lies between the neighbours of its
        # rank.
        place = percentile * len(ordered)
        low, high = (
            ordered[max(0, math.ceil(place) - 2)],
            ordered[min(len(ordered) - 1, math.floor(place) + 1)],
        )
        if not low <= value <= high:
            return f"percentile {percentile} of {ordered} is {value!r}"
    return None


#: Between these a double holds the second and fourth powers of what it is asked about; far outside
#: it holds neither.
_SMALL, _LARGE = Fraction(10) ** -149, Fraction(10) ** 149


@lru_cache(maxsize=4)
def central_moments(values: tuple[float, ...]) -> tuple[Fraction, Fraction, Fraction]:
    """The second, third and fourth; kept, as several operations are asked about the same values."""
    exact = list(map(Fraction, values))
    mean = sum(exact, Fraction()) / len(exact)
    second, third, fourth = (
        sum(((x - mean) ** power for x in exact), Fraction()) / len(exact) for power in (2, 3, 4)
    )
    return second, third, fourth


def bad_moment(operation: str, got: Any, values: Sequence[Any]) -> str | None:
    """What is wrong with a variance, deviation, skew or kurtosis of some values, which count as
    doubles; worked out in fractions.
    """
    floats = [float(value) for value in values]
    if not floats:
        return None if got is None else f"{operation} of nothing is {got!r}"
    if not all(map(math.isfinite, floats)):
        return None if is_nan(got) else f"{operation} of {floats} is {got!r}, not NaN"
    second, third, fourth = central_moments(tuple(floats))
    if operation in ("VARIANCE", "STDDEV"):
        root = operation == "STDDEV"
        if second * len(floats) > Fraction(10) ** 307:
            return None if is_nan(got) else f"{operation} of {floats} is {got!r}, not NaN"
        want = math.sqrt(second) if root else float(second)
        close = isinstance(got, float) and abs(got - want) <= TOLERANCE * want + (
            1e-150 if root else 1e-300
        )
        return None if close else f"{operation} of {floats} is {got!r}, the oracle says {want!r}"
    if second == 0:
        return None if got is None else f"{operation} of equal values is {got!r}"
    if not _SMALL < second < _LARGE:
        return (
            None
            if is_nan(got) or (got is None and second < _SMALL)
            else f"{operation} of {floats} is {got!r}, not NaN"
        )
    spread = math.sqrt(second)
    want = float(third / second) / spread if operation == "SKEW" else float(fourth / second**2) - 3
    close = isinstance(got, float) and abs(got - want) <= TOLERANCE * (1 + abs(want))
    return None if close else f"{operation} of {floats} is {got!r}, the oracle says {want!r}"
