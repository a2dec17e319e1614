"""The parts of the generated Spark jobs.

pyspark is the extra `spark`.
"""
