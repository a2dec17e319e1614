"""Faults that a page of an LMDB file may have."""

from __future__ import annotations

OTHER_PAGE = "is not the page that belongs there"
NO_ENTRY = "has an entry that is none"
ORDER = "has keys out of order"
NOT_THERE = "names pages that are not there"
USED_TWICE = "names pages that have another use"
CUT = "is cut"
NO_TABLE = "does not say where its tables are"
NO_FREE_LIST = "has no list of free pages"
LOST = "has lost some of what lies below it"

#: By the numbers that the native kernel gives them.
FAULTS = (OTHER_PAGE, NO_ENTRY, ORDER, NOT_THERE, USED_TWICE, CUT, NO_TABLE, NO_FREE_LIST, LOST)
