"""What the embedded store knows of LMDB: its environment, and the pages of its file."""
