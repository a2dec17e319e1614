"""Spark SQL expressions in Flink SQL."""
