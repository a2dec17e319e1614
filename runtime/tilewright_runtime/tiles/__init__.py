"""The kernel: covers, keys, records and blocks of tiles."""
