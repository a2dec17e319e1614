"""How large tiles are, and which a window reads.

It reads tiles of certain levels, and so many of each.
"""
