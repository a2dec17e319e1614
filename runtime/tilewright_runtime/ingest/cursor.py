"""How far one plan has written one input."""

from __future__ import annotations

from dataclasses import replace

from tilewright_compiler.plan.model import Source

from ..errors import StoreError
from ..readers import Input, Position
from ..stores import Transaction, TransactionalStore
from ..stores.documents import reading_document
from ..stores.progress import stream_name
from .known_inputs import KnownInputs


class Cursor:
    """The position of an input.

    It moves on with each commit.
    """

    def __init__(
        self, known: KnownInputs, state: TransactionalStore, source: Source, item: Input
    ) -> None:
        self.item = item
        self._known = known
        self._state = state
        self.source = source
        self._name = known.position_name(source, item.uri)
        self._beginning = item.beginning(source)
        self._stored = state.get(self._name) if item.uri else None
        with reading_document(self._name):
            self.position = (
                Position.from_bytes(self._stored) if self._stored else Position(item.uri)
            )

    @property
    def stream(self) -> str:
        """Name the stream whose watermark its events move."""
        return stream_name(self.source.name, self.item.partition)

    def is_begun_anew(self, size: int) -> bool:
        """Tell whether its file was cut or written anew.

        It begins with something else then. `size` is that of the file now, in bytes.
        """
        read = self.position
        if size < read.offset:
            return True
        return bool(read.beginning) and self.item.beginning(self.source) != read.beginning

    def keep(self, transaction: Transaction, usable: int, after: Position) -> Position:
        """Move the position on, in the transaction of its tiles.

        Returns what is kept. Raises StoreError if another writer has moved it meanwhile: its events
        are these.
        """
        position = replace(after, beginning=self._beginning or self.item.beginning(self.source))
        # While tiles hold nothing of an input it may be corrected, so it has no position.
        if not self.item.uri or (self._stored is None and not usable):
            return position
        if transaction.get(self._name) != self._stored:
            raise StoreError(
                f"store {self._state.url}: another writer wrote the same input meanwhile, so this "
                "batch was not added. Write it again, one writer after the other: what is there "
                "is passed over."
            )
        transaction.put(self._name, position.to_bytes())
        self._known.remember(transaction, self.source, position)
        return position

    def moved(self, usable: int, position: Position) -> None:
        """Go on from a position, once its commit is done."""
        self.position, self._beginning = position, position.beginning
        if self._stored is not None or usable:
            self._stored = position.to_bytes()

    def leave(self) -> None:
        """Give up the name of a file.

        Another file has it now.
        """
        if self._stored is None:
            return
        stored = Position.from_bytes(self._stored)

        def work(transaction: Transaction) -> None:
            self._known.keep_aside(transaction, self.source, replace(stored, uri=self.item.uri))
            transaction.put(self._name, Position(self.item.uri).to_bytes())

        self._state.transact(work)
