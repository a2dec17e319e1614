"""What the Redis store is made of: connection, functions on the server, servers, keys of a scan."""
