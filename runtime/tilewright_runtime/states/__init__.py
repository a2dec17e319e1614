"""The kinds of states, one file for each family: made of columns and of raw events, merged,
encoded, and asked for values.

A file has a table `KINDS`, and of the operations that are made of those states `FINALIZERS` and,
where a part of a tile has a meaning, `PRORATED`. `state_kinds` finds it by itself.
"""
