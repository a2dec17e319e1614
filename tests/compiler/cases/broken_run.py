# mypy: ignore-errors
"""A file that ends with an exception: what it declared before is still checked."""

from tilewright import Aggregation, Operation

broken = Aggregation(input_column="x", operation=Operation.SUM, window=["1h"])
other = Operation.MEDIAN
