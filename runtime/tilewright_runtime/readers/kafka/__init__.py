"""Events from Kafka: the connection, the partitions, and the values."""
