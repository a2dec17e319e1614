"""The batches of another engine's stream."""

from __future__ import annotations

import json

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..stores import Transaction
from ..stores.documents import reading_document


class StreamBatches:
    """The last batch of a stream, beside its tiles.

    Batches are numbered upwards, from 0.
    """

    def __init__(self, plan: Plan, stream: str, url: str) -> None:
        self._plan = plan
        self._stream = stream
        self._url = url
        self._document = f"stream/{plan.name}"

    def last(self, transaction: Transaction) -> int:
        """Read the number of the last batch, or -1.

        Raises StoreError if the tiles are of another stream.
        """
        with reading_document(self._document):
            last = json.loads(transaction.get(self._document) or "null") or {}
            stream, batch = last.get("stream", self._stream), int(last.get("batch", -1))
        if stream != self._stream:
            raise StoreError(
                f"store {self._url}: the tiles of {self._plan.name} were written by the "
                f"stream {stream}, and this one is {self._stream}, which would count again "
                "what both have read. Go on from the other's checkpoint, or write to a new "
                "store."
            )
        return batch

    def keep(self, transaction: Transaction, batch: int) -> None:
        """Keep a batch's number, in the transaction of its tiles."""
        document = {"stream": self._stream, "batch": batch}
        transaction.put(self._document, json.dumps(document).encode())
