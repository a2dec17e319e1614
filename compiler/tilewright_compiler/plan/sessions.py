"""What engines switch off to compute expressions as they stand."""

from __future__ import annotations

#: The optimizer of DuckDB that moves parts: `n + 3` for `1 + (n + 2)`, `n > 4` for `n + 1 > 5`.
#: Each overflows elsewhere.
DUCKDB_REWRITER = "expression_rewriter"
#: The setting that names rules of Spark, and those that move parts, or leave out conversions that
#: change some texts: `upper` in `lower(upper(s))`, a time read and written by one pattern.
SPARK_EXCLUDED_RULES = "spark.sql.optimizer.excludedRules"
SPARK_REWRITING = ",".join(
    f"org.apache.spark.sql.catalyst.optimizer.{rule}"
    for rule in (
        "ReorderAssociativeOperator",
        "SimplifyCaseConversionExpressions",
        "SimplifyDateTimeConversions",
    )
)
