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
        """Tiles of any entity, table and level, chunks of raw events, and documents before them."""
        put: dict[tuple[str, bytes], bytes] = {}
        for number, entity in enumerate(HOSTILE, 1):
            for keys in (
                tiles(0, 5, entity=entity),
                tiles(0, entity=entity, table="tt"),
                tiles(0, entity=entity, size_ms=DAY),
                TileKeys("t", HOUR, [entity], [0], [BASE], EVENTS),
            ):
                records = [record(number, bytes([place])) for place in range(len(keys.starts_ms))]
                store.put_newer(keys, records, None)
                put |= {
                    (keys.table, key): content
                    for key, content in zip(keys.ordered, records, strict=True)
                }
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
