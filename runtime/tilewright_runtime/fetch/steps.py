"""The steps of a fetch, in order.

The fetcher walks them, and explain walks them with a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter

from tilewright.windows import format_duration

from ..errors import CorruptRecordError, FetchError
from ..stores.base import Records
from ..stores.checked import Checked, Reading
from ..stores.progress import Progress
from ..tiles.cover import floor
from ..tiles.keys import EVENTS
from .context import FetchContext, FetchState, Step
from .damage import Tile, record_name, record_tile
from .middles import Middles
from .policy import Policy
from .quality import judge_answer

_SCAN_REQUEST = attrgetter("scan_request")


def find_ranges(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Find the runs of tiles that some cover may need.

    Requests of the same time share them.
    """
    schedule_of = context.program.schedule
    for state in states:
        state.schedule = schedule_of(state.at_ms, state.end_ms)
        state.ranges = state.schedule.ranges


def expand(_: FetchContext, states: Sequence[FetchState]) -> None:
    """Expand each request to what it asks of the store."""
    for state in states:
        state.scan_request = (state.entity, state.ranges)


def read(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Read and decode the records of all requests.

    That is one round trip. Raises FetchError if the store may have let some go, StoreError if it
    was emptied, and CorruptRecordError for a damaged record.
    """
    requests = list(map(_SCAN_REQUEST, states))
    receive(context, states, context.reader.read(requests, context.documents))


def receive(context: FetchContext, states: Sequence[FetchState], reading: Reading) -> None:
    """Decode the records that were read.

    Raises CorruptRecordError for a damaged record, unless the policy says what is done about it.
    """
    for state, flaw in zip(states, reading.flaws, strict=False):
        state.flaws = flaw
    if reading.documents:
        progress = Progress.read(context.plan, reading.documents[0])
        for state in states:
            state.progress = progress
    finished = reading.finished if context.program.merges_fields else None
    store, table, decode = context.store, context.plan.name, context.program.decode
    all_checked: Sequence[Checked | None] = reading.checked or [None] * len(states)
    for state, records, checked in zip(states, reading.records, all_checked, strict=True):
        name_of = partial(record_name, store, table, state.entity, state.ranges)
        try:
            state.tiles = decode(state.entity, state.ranges, records, name_of, checked)
        except CorruptRecordError:
            if context.cached is not None:  # it may be mended in the store
                context.cached.forget(state.entity)
            if context.policy.on_missing is None:
                raise
            sound = _sound(context, state, records)
            state.tiles = decode(state.entity, state.ranges, sound, name_of)
        if finished is not None and context.cached is not None and not state.damaged:
            state.tiles.middles = Middles(context.cached, finished, state.entity)


def _sound(
    context: FetchContext, state: FetchState, records: Sequence[Records]
) -> list[list[bytes]]:
    """Leave damaged records out, and note their tiles."""
    name_of = _namer(context, state)
    sound: list[list[bytes]] = []
    index = 0
    for wanted, part in zip(state.ranges, records, strict=True):
        undamaged = []
        for record in part:
            try:
                context.program.decode(state.entity, [wanted], [[record]], name_of)
                undamaged.append(record)
            except CorruptRecordError:
                table = context.plan.name
                tile = record_tile(context.store, table, state.entity, state.ranges, index)
                state.damaged = [*state.damaged, *([] if tile is None else [tile])]
            index += 1
        sound.append(undamaged)
    return sound


def find_boundaries(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Find the cover of each window.

    It depends on how far the newest tiles may be used: whole, if everything counts that is written.
    Raises FetchError if a window's cover has more tiles than are allowed.
    """
    program, most = context.program, context.most_tiles
    for state in states:
        at_ms, end_ms = state.at_ms, state.end_ms
        if end_ms > at_ms:
            head_level_ms = program.ladder_ms[0] if program.ladder_ms else None
        else:
            head_level_ms = program.head_level_ms(at_ms, state.tiles)
        state.head_level_ms = head_level_ms
        state.covers = state.schedule.covers(head_level_ms)
        if most is not None and state.schedule.most > most:
            _require_few(context, state, most)


def merge(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Merge the tiles of each cover into features.

    Raw events beside them are merged too. Raises CorruptRecordError for a damaged chunk of raw
    events.
    """
    program = context.program
    for state in states:
        if program.events is not None:
            _add_events(context, state)
        state.features, errors = program.evaluate(state.tiles, state.covers)
        state.quality = {}
        if state.head_level_ms is None or state.tiles.approximate:
            state.quality = program.quality(state.at_ms, state.tiles, state.head_level_ms)
        if errors:
            state.quality["max_error"] = errors
        if state.flaws:
            state.quality |= state.flaws


def _add_events(context: FetchContext, state: FetchState) -> None:
    """Add the raw events of all covers.

    A damaged chunk leaves no events, where the policy is not to fail at once.
    """
    program, name_of = context.program, _namer(context, state)
    times_ms = program.cuts(state.covers, state.at_ms, state.head_level_ms, state.end_ms)
    try:
        state.tiles = program.with_events(state.entity, state.tiles, times_ms, name_of)
    except CorruptRecordError:
        if context.cached is not None:
            context.cached.forget(state.entity)
        if context.policy.on_missing is None or program.events is None:
            raise
        size_ms = program.events.chunks.size_ms
        chunk = Tile(EVENTS, size_ms, floor(state.at_ms - 1, size_ms))
        state.damaged = [*state.damaged, chunk]
        bare = state.tiles.without_chunks()
        state.tiles = program.with_events(state.entity, bare, times_ms, name_of)


def judge(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Apply the policy to missing tiles, and report the quality.

    Raises MissingTileError if the policy is to fail.
    """
    for state in states:
        judge_answer(context, state)


def derive(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Add the derivations to all features.

    One query computes them. Features that only they read are left out.
    """
    if context.derivations is None:
        return
    answers = context.derivations.of([state.features for state in states])
    for state, derived in zip(states, answers, strict=True):
        values = state.features | derived
        state.features = {name: values[name] for name in context.names}


#: The steps of every fetch; then come those of policies and of derivations.
STEPS = (
    Step("range", find_ranges),
    Step("expand", expand),
    Step("fetch", read, receive),
    Step("boundaries", find_boundaries),
    Step("merge", merge),
)
JUDGE = Step("judge", judge)
DERIVE = Step("derive", derive)


def steps_of(policy: Policy, *, derives: bool) -> tuple[Step, ...]:
    """Choose the steps of a fetch.

    The last ones are only for policies and derivations.
    """
    judged = (JUDGE,) if policy.asks_progress else ()
    derived = (DERIVE,) if derives else ()
    return (*STEPS, *judged, *derived)


def _namer(context: FetchContext, state: FetchState) -> Callable[[int], str]:
    return partial(record_name, context.store, context.plan.name, state.entity, state.ranges)


def _require_few(context: FetchContext, state: FetchState, most: int) -> None:
    """Refuse a cover of too many tiles.

    A lifetime may read as many as there are.
    """
    for window, cover in zip(context.program.windows, state.covers, strict=True):
        if window.window_ms is None:
            continue
        runs = [state.tiles.run(segment) for segment in cover]
        tiles = sum(end - begin for begin, end in runs)
        if tiles > most:
            raise FetchError(
                f"the window of {format_duration(window.window_ms)} has {tiles:,} tiles of this "
                f"key, and the plan's tiling.max_tiles_per_request is {most:,}. Compile it with a "
                "larger tile_size, or with a larger tiling.max_tiles_per_request; or allow it "
                "(--allow-many-tiles, Fetcher(plan, store, allow_many_tiles=True))."
            )
