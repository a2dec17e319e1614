"""Tables of what a record keeps for each bucket value."""

from .read import Bucket
from .tables import BucketTables, buckets_of
from .values import distinct_of

__all__ = ["Bucket", "BucketTables", "buckets_of", "distinct_of"]
