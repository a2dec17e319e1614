"""Whether a plan that was read is sound.

Its references, its layouts, and the kinds in it are checked.
"""
