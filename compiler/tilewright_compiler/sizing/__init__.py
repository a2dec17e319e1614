"""How large tiles are, which levels a window reads, and how many tiles of each."""
