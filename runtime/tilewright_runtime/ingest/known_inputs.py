"""Files that were read before under other names.

They were moved, rotated, linked or copied.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from tilewright_compiler.plan.model import Plan, Source

from ..errors import InputError
from ..readers import Input, Position
from ..stores import Transaction, TransactionalStore
from ..stores.documents import reading_document
from .report import WriteReport

_AGAIN = "Leave it out, or count it with --again (in Python: again=True)."


class KnownInputs:
    """Recognises a file by its beginning.

    So none is counted twice under two names. A stream that begins at a cut-over has positions of
    its own: it takes what the history has left out of the same input.
    """

    def __init__(
        self, plan: Plan, state: TransactionalStore, begins_at_cutover: bool = False
    ) -> None:
        self._plan = plan
        self._state = state
        self._side = " from the cut-over" if begins_at_cutover else ""

    def position_name(self, source: Source, uri: str) -> str:
        """Name the document of an input's position."""
        return f"position/{self._plan.name}/{source.name}{self._side}/{uri}"

    def position(self, source: Source, uri: str) -> Position | None:
        """Load the position of an input."""
        name = self.position_name(source, uri)
        document = self._state.get(name)
        with reading_document(name):
            return Position.from_bytes(document) if document else None

    def remember(self, transaction: Transaction, source: Source, position: Position) -> None:
        """Note how a file begins.

        It may be new, or have a new name.
        """
        if not position.beginning or not position.rows:
            return
        name = self._beginning_name(source, position.beginning)
        uris = _uris(name, transaction.get(name))
        if position.uri not in uris:
            transaction.put(name, json.dumps([*uris, position.uri]).encode())

    def keep_aside(self, transaction: Transaction, source: Source, position: Position) -> None:
        """Keep a position whose name another file has taken.

        What was read stays known, so that it does not count again under another name.
        """
        known = replace(position, uri=f"{position.uri}#{position.digest[:16]}")
        transaction.put(self.position_name(source, known.uri), known.to_bytes())
        self.remember(transaction, source, known)

    def resolved(self, source: Source, item: Input, report: WriteReport) -> Input | None:
        """Tell as what an input is to be read.

        If the beginning of a file was read before from another file, there are three cases. The
        other is gone or has changed: the file goes on where the other ended (`move_all`). The file
        is a link to the other: it is read as the other. The other is still there: the file is a
        copy, and an error of the report, also if it has only the beginning of what was read.
        """
        known = self._elsewhere(source, item)
        if known is None:
            error = self._copied_beginning(source, item)
            if error is not None:
                report.errors.append(error)
            return item if error is None else None
        if item.is_link_to(known.uri):
            return replace(item, uri=known.uri)
        if not (first := item.at(known.uri)).holds(source, known):
            return item
        report.errors.append(_copy(item, first))
        return None

    def move_all(self, source: Source, inputs: Sequence[Input], report: WriteReport) -> None:
        """Move positions to new names before any file is read.

        A name may be taken anew.
        """
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
        """Find another name's position for this content.

        It was read from a file that begins as this input does.
        """
        held = [known for known in self._alike(source, item) if item.holds(source, known)]
        return max(held, key=lambda position: position.offset, default=None)

    def _copied_beginning(self, source: Source, item: Input) -> InputError | None:
        """Say if an input begins a file read before.

        A file that is gone cannot be compared, so one that begins as it did and is shorter is taken
        for a copy.
        """
        for known in self._alike(source, item):
            end = item.end(source, known.offset)
            if end is None:
                continue
            # A last line that was cut may look like a row.
            read = replace(end, uri=known.uri, tail_is_row=False)
            if (longer := item.at(known.uri)).holds(source, read):
                return _copy_of_the_beginning(item, longer)
            if end.offset < known.offset and not longer.holds(source, known):
                return _copy_of_one_gone(item, longer)
        return None

    def _alike(self, source: Source, item: Input) -> list[Position]:
        """List positions in other files that begin as this one.

        There are none if this input is known under its own name.
        """
        if item.path is None:
            return []
        beginning = item.beginning(source)
        own = self.position(source, item.uri)
        if not beginning or (own is not None and own.rows and own.beginning in ("", beginning)):
            return []
        name = self._beginning_name(source, beginning)
        uris = _uris(name, self._state.get(name))
        positions = [self.position(source, uri) for uri in uris if uri != item.uri]
        return [position for position in positions if position is not None and position.rows]

    def _move(self, transaction: Transaction, source: Source, moves: dict[str, Position]) -> None:
        moving = {known.uri for known in moves.values()}
        for uri in moves.keys() - moving:  # what was read there may turn up under another name
            own = self.position(source, uri)
            if own is not None and own.rows:
                self.keep_aside(transaction, source, own)
        for known in moves.values():
            name = self.position_name(source, known.uri)
            transaction.put(name, Position(known.uri).to_bytes())
        for uri, known in moves.items():
            position = replace(known, uri=uri)
            transaction.put(self.position_name(source, uri), position.to_bytes())
            self.remember(transaction, source, position)

    def _beginning_name(self, source: Source, beginning: str) -> str:
        return f"beginning/{self._plan.name}/{source.name}{self._side}/{beginning}"


def _uris(name: str, document: bytes | None) -> list[str]:
    """Read the URIs of inputs that begin alike."""
    with reading_document(name):
        uris = json.loads(document or "[]")
        if not isinstance(uris, list):
            raise TypeError("it is no list")
        return [str(uri) for uri in uris]


def _copy(item: Input, first: Input) -> InputError:
    return InputError(
        f"{item.name}: begins with all that was read from {first.name}, which is still there, so "
        f"it would count twice. {_AGAIN}"
    )


def _copy_of_the_beginning(item: Input, longer: Input) -> InputError:
    return InputError(
        f"{item.name}: all of it was read before, as the beginning of {longer.name}, so it would "
        f"count twice. {_AGAIN}"
    )


def _copy_of_one_gone(item: Input, gone: Input) -> InputError:
    return InputError(
        f"{item.name}: begins as {gone.name} did, of which more was read before it was gone or "
        f"changed, so it is probably an older copy and would count twice. {_AGAIN}"
    )
