"""Plain expressions, computed without DuckDB."""
