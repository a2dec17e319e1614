"""What engines switch off to compute expressions as they stand."""

from __future__ import annotations

#: The optimizer of DuckDB that moves parts: `n + 3` for `1 + (n + 2)`, `n > 4` for `n + 1 > 5`.
#: Each overflows elsewhere.
DUCKDB_REWRITER = "expression_rewriter"
#: The rules of Spark that move them, or that take `lower(upper(s))` for `lower(s)`, and the setting
#: that names such rules.
SPARK_EXCLUDED_RULES = "spark.sql.optimizer.excludedRules"
SPARK_REWRITING = ",".join(
    f"org.apache.spark.sql.catalyst.optimizer.{rule}"
    for rule in (
        "ReorderAssociativeOperator",
        "SimplifyCaseConversionExpressions",
        "SimplifyDateTimeConversions",
    )
)
