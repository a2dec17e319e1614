"""The kinds of states, one file for each family, and what they have in common.

A file of `kinds` has a table `KINDS`, and of the operations that are made of those states
`FINALIZERS` and, where a part of a tile has a meaning, `PRORATED`. `base` finds it by itself.
"""
