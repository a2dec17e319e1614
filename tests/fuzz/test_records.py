"""Stored records of any bytes: an answer, or an error that names the record."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import damaged_bytes, fuzzed, only_errors_of_ours
from support.plans import AT, aggregations, plan_of
from support.session import SCHEMA
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import CorruptRecordError, StoreError


@cache
def plan(edge: str) -> Plan:
    """Numbers, texts, lists and sketches, with raw events where the edge is exact."""
    numbers = [Operation.SUM, Operation.APPROX_PERCENTILE([0.5]), Operation.LAST_K(3)]
    texts = [Operation.TOP_K(3), Operation.APPROX_UNIQUE_COUNT, Operation.HISTOGRAM(0)]
    return plan_of(
        SCHEMA,
        ["k"],
        [*aggregations("n", numbers, edge=edge), *aggregations("t", texts, edge=edge)],
    )


class Damaged:
    """A store of which every record that is read is damaged."""

    def __init__(self, store: Any, data: st.DataObject) -> None:
        self._store = store
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def scan_many(self, table: str, requests: Sequence[Any]) -> list[list[list[bytes]]]:
        """Damage what the store gives."""
        found = self._store.scan_many(table, requests)
        return [[self._damage(records) for records in ranges] for ranges in found]

    def scan(self, table: str, entity: str, ranges: Sequence[Any]) -> list[list[bytes]]:
        """Damage what the store gives of one entity."""
        return self.scan_many(table, [(entity, ranges)])[0]

    def _damage(self, records: Sequence[bytes]) -> list[bytes]:
        return [self._data.draw(damaged_bytes(bytes(record))) for record in records]


@pytest.mark.parametrize("edge", ["sawtooth", "exact"])
@fuzzed
@given(data=st.data())
def test_a_damaged_record_is_an_error(edge: str, data: st.DataObject) -> None:
    """It is never a traceback; an answer is given only where nothing was changed."""
    made = plan(edge)
    with closing(open_store("memory:")) as store:
        with Writer(made, store) as writer:
            writer.write(
                [{"k": "a", "n": n, "t": f"text {n}" * 9, "ts": AT - 60_000 * n} for n in range(9)]
            )
        whole = Fetcher(made, store).fetch({"k": "a"}, at=AT)
        with only_errors_of_ours():
            try:
                damaged = Fetcher(made, Damaged(store, data)).fetch({"k": "a"}, at=AT)
            except (CorruptRecordError, StoreError):
                return
            assert damaged == whole
