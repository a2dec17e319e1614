"""What the embedded store knows of LMDB.

That is its environment, and the pages of its file.
"""
