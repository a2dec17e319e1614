"""What every store promises about all records of an entity."""

from __future__ import annotations

import pytest

from ...stores import Store
from ...stores.base import EntityRecords
from .opening import OpensStore
from .records import DAY, HOSTILE, HOUR, from_the_beginning, record, span, tiles


class EntityConformance(OpensStore):
    """The promises of `read_entity` and `delete_entity`."""

    def test_all_records_of_an_entity_are_read(self, store: Store) -> None:
        """They come by level, whatever else stands beside them."""
        store.put_newer(tiles(0, 5), [record(1), record(2)], None)
        store.put_newer(tiles(0, size_ms=DAY), [record(3)], None)
        store.put_newer(tiles(0, entity="s=aa"), [record(4)], None)
        store.put_newer(tiles(0, table="other"), [record(5)], None)
        assert _found(store.read_entity("t", "s=a")) == {
            (HOUR, tiles(0).starts_ms[0]): record(1),
            (HOUR, tiles(5).starts_ms[0]): record(2),
            (DAY, tiles(0).starts_ms[0]): record(3),
        }

    @pytest.mark.parametrize("entity", HOSTILE)
    def test_a_deleted_entity_leaves_no_record(self, store: Store, entity: str) -> None:
        """Its records are returned once, and those of others stay."""
        others = [name for name in HOSTILE if name != entity]
        for name in HOSTILE:
            store.put_newer(tiles(0, 1, entity=name), [record(1), record(2)], None)
        assert len(_found(store.delete_entity("t", entity))) == 2
        assert store.scan("t", entity, [span(0, 2), from_the_beginning()]) == [[], []]
        assert store.read_entity("t", entity) == store.delete_entity("t", entity) == []
        for name in others:
            assert store.scan("t", name, [span(0, 2)]) == [[record(1), record(2)]]

    def test_a_deleted_entity_may_be_put_again(self, store: Store) -> None:
        """An older record than the deleted one is new then."""
        store.put_newer(tiles(3), [record(7)], None)
        store.delete_entity("t", "s=a")
        store.put_newer(tiles(4), [record(1)], None)
        assert store.scan("t", "s=a", [from_the_beginning()]) == [[record(1)]]


def _found(records: EntityRecords) -> dict[tuple[int, int], bytes]:
    by_tile = {}
    for keys, of_level in records:
        for start_ms, one in zip(keys.starts_ms, of_level, strict=True):
            by_tile[keys.size_ms, start_ms] = one
    return by_tile
