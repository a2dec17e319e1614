"""Spark SQL expressions in DuckDB."""
