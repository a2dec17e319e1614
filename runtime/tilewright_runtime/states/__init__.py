"""The kinds of states, and what they have in common.

A file of `kinds` holds one family. Its table `KINDS` names the states; `FINALIZERS` names the
operations made of them, and `PRORATED` those that have a meaning for a part of a tile. `base` finds
the files by itself.
"""
