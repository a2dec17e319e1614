"""What a record keeps for each value of a bucket column: a table of values and small records."""

from .read import Bucket
from .tables import BucketTables, buckets_of
from .values import distinct_of

__all__ = ["Bucket", "BucketTables", "buckets_of", "distinct_of"]
