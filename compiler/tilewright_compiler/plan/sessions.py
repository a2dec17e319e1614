"""What sessions of engines switch off, so that expressions are computed as they stand."""

from __future__ import annotations

#: The optimizer of DuckDB that moves parts: `n + 3` for `1 + (n + 2)`, `n > 4` for `n + 1 > 5`.
#: Each overflows elsewhere.
DUCKDB_REWRITER = "expression_rewriter"
#: The rule of Spark that moves them, and the setting that names such rules.
SPARK_EXCLUDED_RULES = "spark.sql.optimizer.excludedRules"
SPARK_REORDERING = "org.apache.spark.sql.catalyst.optimizer.ReorderAssociativeOperator"
