"""What every store promises about all that it holds."""

from __future__ import annotations

from ...stores import Store
from ...stores.contents import StoredDocument, StoredTiles
from ...tiles.keys import EVENTS, TileKeys
from .opening import OpensStore
from .records import BASE, DAY, HOSTILE, HOUR, record, tiles


class ContentsConformance(OpensStore):
    """The promises of `contents`."""

    def test_everything_that_was_put_is_there_once(self, store: Store) -> None:
        """Everything that was put is listed once.

        Documents come before tiles and chunks of raw events.
        """
        put: dict[tuple[str, bytes], bytes] = {}
        for number, entity in enumerate(HOSTILE, 1):
            for keys in (
                tiles(0, 5, entity=entity),
                tiles(0, entity=entity, table="tt"),
                tiles(0, entity=entity, size_ms=DAY),
                TileKeys("t", HOUR, [entity], [0], [BASE], EVENTS),
            ):
                records = [record(number, bytes([i])) for i in range(len(keys.starts_ms))]
                store.put_newer(keys, records, None)
                for key, stored in zip(keys.ordered, records, strict=True):
                    put[keys.table, key] = stored
        store.put("plan/t", b"a document")
        found: list[tuple[tuple[str, bytes], bytes]] = []
        documents: dict[str, bytes] = {}
        for content in store.contents():
            if isinstance(content, StoredDocument):
                assert not found
                documents[content.name] = content.content
                continue
            assert isinstance(content, StoredTiles), content
            keys = content.keys
            for key, stored in zip(keys.ordered, content.records, strict=True):
                found.append(((keys.table, key), bytes(stored)))
        assert documents["plan/t"] == b"a document"
        assert len(found) == len(put)
        assert dict(found) == put

    def test_every_entity_of_every_table_is_walked(self, store: Store) -> None:
        """The entities are those of the tiles, whatever their levels."""
        put = set()
        for entity in HOSTILE:
            for keys in (tiles(0, 5, entity=entity), tiles(0, entity=entity, table="tt")):
                store.put_newer(keys, [record(1)] * len(keys.starts_ms), None)
                put.add((keys.table, entity))
        store.put_newer(tiles(0, entity=HOSTILE[0], size_ms=DAY), [record(1)], None)
        assert set(store.entities()) == put
