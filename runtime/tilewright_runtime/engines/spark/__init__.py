"""What the generated Spark jobs run: sessions, inputs, records made by Arrow workers, loading.

pyspark is the extra `spark`.
"""
