"""Promises of every store, as tests to run on any.

    from tilewright_runtime.testing.stores import StoreConformance

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def url(self, tmp_path):
            return f"mystore:{tmp_path}/store"

`url` is a new, empty place for each test. A store that has transactions is given to
`TransactionConformance` too, and one that may lose tiles and can tell to `CheckedConformance`.
"""

from .checked import CheckedConformance
from .promises import StoreConformance
from .records import from_the_beginning, record, span, tiles
from .transactions import TransactionConformance

__all__ = [
    "CheckedConformance",
    "StoreConformance",
    "TransactionConformance",
    "from_the_beginning",
    "record",
    "span",
    "tiles",
]
