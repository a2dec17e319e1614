"""Writes explanations as JSON, and repeats their answers.

An explanation names every tile that was read, with a digest of its record. A replay reads the same
runs of tiles and compares: either they are the same, and so is the value, or it says which tile has
changed since.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xxhash import xxh64, xxh64_hexdigest

from tilewright_compiler.humanize import counted

from ..errors import FetchError
from ..tiles.block import flag_names
from ..tiles.cover import WHOLE, floor
from ..tiles.header import NEWEST, SEQUENCE, STAMP, START, header_of
from ..tiles.keys import EVENTS, TILES, Kind, level_name, tile_key
from ..times import iso
from .answers import Answer
from .context import FetchContext, FetchState
from .documents import answer_document, jsonable
from .explain import Explanation, explain_request
from .fetcher import Fetcher
from .shares import TileShare, WindowShare

#: The version of the document.
_VERSION = 1
_NOT_ONE = (
    "not an explanation of this version, one JSON object a line. Make one with tilewright fetch "
    "--explain --format json."
)
#: Tiles that a document lists; of more there is one digest of all.
_MOST_TILES = 20_000
#: Changed tiles that an error names.
_MOST_NAMED = 10


@dataclass(frozen=True)
class ReadTile:
    """A record that was read, and its digest."""

    key: str
    level: str
    start_ms: int
    events: int
    newest_ms: int
    flags: Sequence[str]
    origin: str
    bytes: int
    digest: str


def explanation_document(explanation: Explanation, plan_path: str = "") -> dict[str, Any]:
    """Write an explanation as JSON has it.

    `plan_path` is where the plan was read from, for a replay that is not told.
    """
    state, context = explanation.state, explanation.context
    tiles = list(_read_tiles(explanation))
    known = {tile.key: tile for tile in tiles}
    document = answer_document(explanation.answer)
    document["explanation"] = {
        "version": _VERSION,
        "plan": {
            "path": plan_path,
            "name": context.plan.name,
            "storage_fingerprint": context.plan.storage_fingerprint,
        },
        "store": context.store.url,
        "end_ms": state.end_ms,
        "names": list(context.names),
        "on_missing": context.policy.on_missing,
        "breakdown_us": {
            name: round(seconds * 1e6, 1) for name, seconds in explanation.breakdown.items()
        },
        "steps": [{"name": step.name, "detail": step.detail} for step in explanation.steps],
        "windows": [_window(share, context, state, known) for share in explanation.windows],
        "derivations": jsonable(explanation.derivations),
        "tiles": [_tile(tile) for tile in tiles[:_MOST_TILES]],
        "tiles_read": len(tiles),
        "digest": _digest(tiles),
    }
    return document


def read_explanation(line: bytes | str) -> tuple[Any, str, str]:
    """Read an explanation with its plan's path and its store.

    Raises FetchError for what is none.
    """
    try:
        document = json.loads(line)
        explained = document["explanation"]
        return document, str(explained["plan"]["path"]), str(explained["store"])
    except (ValueError, LookupError, TypeError, RecursionError) as wrong:
        raise FetchError(_NOT_ONE) from wrong


def replay(fetcher: Fetcher, document: Any) -> Answer:
    """Give an explained answer again, from the same tiles.

    Raises FetchError for what is no explanation of this plan, and if a tile has changed since; what
    a fetch raises besides.
    """
    explained = _explained(document, fetcher)
    try:
        state = fetcher.request(document["keys"], document["at"])
        state.end_ms = int(explained["end_ms"])
        context = fetcher.context_of(explained["names"], on_missing=explained["on_missing"])
        explanation = explain_request(context, state)
        tiles = list(_read_tiles(explanation))
        if _digest(tiles) != explained["digest"]:
            raise FetchError(_changes(tiles, explained))
    except (LookupError, TypeError, ValueError, AttributeError) as wrong:
        raise FetchError(_NOT_ONE) from wrong
    again = answer_document(explanation.answer)["features"]
    if again != document["features"]:
        others = [name for name in again if again[name] != document["features"].get(name)]
        raise FetchError(
            f"every tile is as it was, but {', '.join(others)} has another value: another version "
            "of Tilewright, or another plan, made the explanation."
        )
    return explanation.answer


def _explained(document: Any, fetcher: Fetcher) -> Mapping[str, Any]:
    """Take the explanation of an answer of this plan."""
    explained = document.get("explanation") if isinstance(document, dict) else None
    if not isinstance(explained, dict) or explained.get("version") != _VERSION:
        raise FetchError(_NOT_ONE)
    plan, own = explained.get("plan"), fetcher.plan
    of = (own.name, own.storage_fingerprint)
    if not isinstance(plan, dict) or (plan.get("name"), plan.get("storage_fingerprint")) != of:
        raise FetchError(
            f"the explanation is of another plan than {own.name}, or of one whose tiles are others."
        )
    return explained


def _changes(tiles: Sequence[ReadTile], explained: Mapping[str, Any]) -> str:
    """Say which tiles are not those that were explained."""
    before = {tile["key"]: tile for tile in explained["tiles"]}
    changes = []
    for tile in tiles[:_MOST_TILES]:
        old = before.pop(tile.key, None)
        if old is None:
            changes.append(f"{tile.key} is new, with {counted(tile.events, 'event')}")
        elif old["digest"] != tile.digest:
            events = f"{old['events']:,} events then, {tile.events:,} now"
            changes.append(f"{tile.key} has changed ({events})")
    changes += [f"{key} is gone" for key in before]
    if not changes:
        return "a tile has changed since: one of those that the explanation does not list."
    more = f", and {len(changes) - _MOST_NAMED:,} more" if len(changes) > _MOST_NAMED else ""
    return f"tiles have changed since: {'; '.join(changes[:_MOST_NAMED])}{more}."


def _read_tiles(explanation: Explanation) -> Iterator[ReadTile]:
    """List the records that a request read.

    Chunks of raw events come last.
    """
    context, state = explanation.context, explanation.state
    size_by_index: list[int] = []
    for size_ms, (begin, end) in state.tiles.bounds.items():
        size_by_index += [size_ms] * (end - begin)
    for size_ms, record in zip(size_by_index, state.tiles.records, strict=True):
        yield _read_tile(explanation, TILES, size_ms, record)
    if context.plan.events is not None:
        for record in state.tiles.chunks:
            yield _read_tile(explanation, EVENTS, context.plan.events.size_ms, record)


def _read_tile(explanation: Explanation, kind: Kind, size_ms: int, record: bytes) -> ReadTile:
    context, state = explanation.context, explanation.state
    header = header_of(record)
    start_ms = header[START]
    return ReadTile(
        tile_key(context.plan.name, state.entity, size_ms, start_ms, kind),
        level_name(kind, size_ms),
        start_ms,
        header[SEQUENCE],
        header[NEWEST],
        flag_names(header[STAMP]),
        explanation.origin(kind, size_ms, start_ms),
        len(record),
        xxh64_hexdigest(record),
    )


def _digest(tiles: Sequence[ReadTile]) -> str:
    whole = xxh64()
    for tile in tiles:
        whole.update(f"{tile.key} {tile.digest}\n".encode())
    return whole.hexdigest()


def _tile(tile: ReadTile) -> dict[str, Any]:
    return {
        "key": tile.key,
        "level": tile.level,
        "start": iso(tile.start_ms),
        "events": tile.events,
        "newest_event": iso(tile.newest_ms),
        "flags": list(tile.flags),
        "origin": tile.origin,
        "bytes": tile.bytes,
        "digest": tile.digest,
    }


def _window(
    share: WindowShare, context: FetchContext, state: FetchState, known: Mapping[str, ReadTile]
) -> dict[str, Any]:
    """Write a window: its cover, and what each tile contributed."""
    cover = []
    for segment in share.segments:
        part = {} if segment.part == WHOLE else {"part": float(segment.part)}
        cover.append(
            {
                "level": level_name(segment.kind, segment.size_ms),
                "start": iso(segment.start_ms),
                "end": iso(segment.end_ms),
                **part,
            }
        )
    return {
        "window_ms": share.window.window_ms,
        "edge": share.window.edge,
        "cover": cover,
        "events": share.events,
        "values": jsonable(share.values),
        "tiles": [_contribution(tile, context, state, known) for tile in share.tiles],
        "omitted": share.omitted,
    }


def _contribution(
    share: TileShare, context: FetchContext, state: FetchState, known: Mapping[str, ReadTile]
) -> dict[str, Any]:
    """Write what a tile gives by itself.

    A stretch of raw events has the key of the chunk that it begins in.
    """
    size_ms, start_ms = share.size_ms, share.start_ms
    if share.kind == EVENTS and context.plan.events is not None:
        size_ms = context.plan.events.size_ms
        start_ms = floor(start_ms, size_ms)
    key = tile_key(context.plan.name, state.entity, size_ms, start_ms, share.kind)
    tile = known.get(key)
    return {
        "key": key,
        "level": level_name(share.kind, size_ms),
        "start": iso(share.start_ms),
        "events": share.events,
        "flags": [] if tile is None else list(tile.flags),
        "origin": "store" if tile is None else tile.origin,
        "contribution": jsonable(share.values),
    }
