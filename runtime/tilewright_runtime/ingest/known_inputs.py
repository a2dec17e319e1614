"""Files that were read before under other names: moved, rotated, linked or copied."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tilewright_compiler.plan.model import Plan, Source

from ..errors import InputError
from ..readers import Input, Position
from ..stores import Transaction, TransactionalStore
from .report import WriteReport


class KnownInputs:
    """Tells a file by its beginning, so that none is counted twice under two names."""

    def __init__(self, plan: Plan, state: TransactionalStore) -> None:
        self._plan = plan
        self._state = state

    def position_name(self, source: Source, uri: str) -> str:
        """Name the document of an input's position."""
        return f"position/{self._plan.name}/{source.name}/{uri}"

    def position(self, source: Source, uri: str) -> Position | None:
        """Load the position of an input."""
        document = self._state.get(self.position_name(source, uri))
        return Position.from_bytes(document) if document else None

    def remember(self, transaction: Transaction, source: Source, position: Position) -> None:
        """Note that a file begins as it does, for the first time or under a new name."""
        if not position.beginning or not position.rows:
            return
        name = self._beginning_name(source, position.beginning)
        uris = json.loads(transaction.get(name) or "[]")
        if position.uri not in uris:
            transaction.put(name, json.dumps([*uris, position.uri]).encode())

    def resolve(
        self, source: Source, inputs: Sequence[Input], report: WriteReport
    ) -> Iterator[Input]:
        """Yield the inputs to read, each when what was before it has been written.

        A file whose beginning was read from another that is gone or has changed goes on where that
        ended; one that is a link to the other is the other; one beside the other is a copy, and an
        error of the report.
        """
        self._move_all(source, inputs, report)
        for item in inputs:
            known = self._elsewhere(source, item)
            if known is None:
                yield item
            elif item.is_link_to(known.uri):
                yield replace(item, uri=known.uri)
            elif (first := item.at(known.uri)).holds(source, known):
                report.errors.append(_copy(item, first))
            else:
                yield item

    def _move_all(self, source: Source, inputs: Sequence[Input], report: WriteReport) -> None:
        """Move positions to new names, all before any is read: a name may be taken anew."""
        moves: dict[str, Position] = {}
        for item in inputs:
            known = self._elsewhere(source, item)
            if known is None or item.is_link_to(known.uri):
                continue
            first = item.at(known.uri)
            if not first.holds(source, known):
                report.moved[item.name] = first.name
                moves[item.uri] = known
        if moves:
            self._state.transact(lambda transaction: self._move(transaction, source, moves))

    def _elsewhere(self, source: Source, item: Input) -> Position | None:
        """The position of another name from which an input's beginning was read."""
        if item.path is None:
            return None
        beginning = item.beginning(source)
        own = self.position(source, item.uri)
        if not beginning or (own is not None and own.rows and own.beginning in ("", beginning)):
            return None
        document = self._state.get(self._beginning_name(source, beginning))
        known = [self.position(source, uri) for uri in json.loads(document or "[]")]
        return _longest(
            position
            for position in known
            if position is not None and position.uri != item.uri and position.rows
            if item.holds(source, position)
        )

    def _move(self, transaction: Transaction, source: Source, moves: dict[str, Position]) -> None:
        for known in moves.values():
            name = self.position_name(source, known.uri)
            transaction.put(name, Position(known.uri).to_bytes())
        for uri, known in moves.items():
            position = replace(known, uri=uri)
            transaction.put(self.position_name(source, uri), position.to_bytes())
            self.remember(transaction, source, position)

    def _beginning_name(self, source: Source, beginning: str) -> str:
        return f"beginning/{self._plan.name}/{source.name}/{beginning}"


def _longest(positions: Iterable[Position]) -> Position | None:
    return max(positions, key=lambda position: position.offset, default=None)


def _copy(item: Input, first: Input) -> InputError:
    return InputError(
        f"{item.name}: begins with all that was read from {first.name}, which is still there, so "
        "it would count twice. Leave it out, or count it with --again (in Python: again=True)."
    )
