"""Checks stores that may lose tiles and can tell."""

from __future__ import annotations

from ...stores import CheckedStore
from .opening import OpensStore
from .records import record, span, tiles


class CheckedConformance(OpensStore):
    """The promises of `CheckedStore`, beside those of every store."""

    def test_a_checked_read_has_the_records_of_a_read(self, store: CheckedStore) -> None:
        """Each request has its records by range, oldest first."""
        store.put_newer(tiles(0, 1, 3), [record(1), record(2), record(3)], None)
        requests = [("s=a", [span(0, 2), span(3, 4)]), ("s=none", [span(0, 4)])]
        found = store.scan_checked("t", requests)
        assert found.records == [[[record(1), record(2)], [record(3)]], [[]]]
        assert found.records == store.scan_many("t", requests)

    def test_documents_come_with_the_records(self, store: CheckedStore) -> None:
        """They stand in the order of names, None where unwritten."""
        store.put("one", b"1")
        found = store.scan_checked("t", [("s=a", [span(0, 1)])], ("none", "one"))
        assert list(found.documents) == [None, b"1"]

    def test_a_table_without_a_plan_says_so(self, store: CheckedStore) -> None:
        """Each read brings along the plan's document, `plan/TABLE`."""
        assert store.scan_checked("t", [("s=a", [span(0, 1)])]).plan is None
        store.put("plan/t", b"{}")
        assert store.scan_checked("t", [("s=a", [span(0, 1)])]).plan == b"{}"

    def test_a_table_of_which_nothing_is_known_is_not_called_whole(
        self, store: CheckedStore
    ) -> None:
        """Nobody has said how far it is filled."""
        store.put("plan/t", b"{}")
        assert store.filling("t").is_new
        assert store.scan_checked("t", [("s=a", [span(0, 1)])]).condition == "unknown"

    def test_what_is_said_is_read(self, store: CheckedStore) -> None:
        """A table is whole once it is filled."""
        store.put("plan/t", b"{}")
        assert store.advance(store.filling("t"), 3, "filling") is not None
        assert store.scan_checked("t", [("s=a", [span(0, 1)])]).condition == "filling"
        assert store.advance(store.filling("t"), 7, "complete") is not None
        assert store.filling("t").events == 7
        assert store.scan_checked("t", [("s=a", [span(0, 1)])]).condition == ""

    def test_it_is_said_on_the_condition_of_what_was_seen(self, store: CheckedStore) -> None:
        """The second of two that saw the same says nothing."""
        seen = store.filling("t")
        assert store.advance(seen, 5, "complete") is not None
        assert store.advance(seen, 9, "complete") is None
        assert store.filling("t").events == 5

    def test_one_after_the_other_goes_on(self, store: CheckedStore) -> None:
        """What was said is what the next one has seen."""
        said = store.advance(store.filling("t"), 5, "updating")
        assert said is not None
        assert store.advance(said, 6, "complete") is not None

    def test_tables_are_filled_apart(self, store: CheckedStore) -> None:
        """What is said of one is not said of another."""
        assert store.advance(store.filling("t"), 5, "complete") is not None
        assert store.filling("u").is_new
