"""Patterns, for RE2, of the texts that Spark reads.

Spark reads them as numbers, days and times.
"""

from __future__ import annotations

import re

_S = r"[\x{0}-\x{20}\x{7f}]*"
_YEAR = r"\+?0{0,3}"
_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_HOUR = "(?:[01]?[0-9]|2[0-3])"
_TIME = rf"{_HOUR}:[0-5]?[0-9](?::[0-5]?[0-9](?:\.[0-9]*)?)?"
_ZONE = r" ?(?:Z|UTC|[+-](?:0[0-9]|1[0-7])(?::?[0-5][0-9])?|[+-]18(?::?00)?"
#: Java looks at the case of names of zones, and ICU does not.
_WORD = "(?:[A-Z][a-z]+|Mc[A-Z][a-z]+|of|es|au|ACT|NSW|LHI|DumontDUrville|ComodRivadavia)"
_REGION = rf"|(?:US|[A-Z][a-z]+)(?:/{_WORD}(?:[_-]{_WORD})*){{1,2}}"

#: A number that begins with its point: 0 is put before it.
LEADING_POINT = rf"^{_S}([+-]?)\."
WHOLE = rf"^{_S}([+-]?[0-9]+)(?:\.[0-9]*)?{_S}$"
STRICT_WHOLE = rf"^{_S}([+-]?[0-9]+){_S}$"
DECIMAL = rf"^{_S}([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?){_S}$"
#: Java reads the suffixes f and d too.
FLOAT = (
    rf"^{_S}([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:nan|inf(?:inity)?)))"
    rf"[fFdD]?{_S}$"
)
WORD = rf"^{_S}([A-Za-z]+|[01]){_S}$"
#: A day may end after its year or its month; what follows a whole one is not looked at.
DATE = rf"^{_S}{_YEAR}([0-9]{{4}}(?:-[0-9]{{1,2}}(?:-[0-9]{{1,2}}(?:[ T](?s:.*))?)?)?){_S}$"
SHORT_TIME = rf"^{_S}{_YEAR}([0-9]{{4}}(?:-[0-9]{{1,2}}(?:-[0-9]{{1,2}}(?:[ T]{_HOUR})?)?)?){_S}$"
ZONED_TIME = rf"^{_S}{_YEAR}({_DAY}[ T]{_TIME}(?:{_ZONE}{_REGION}))?){_S}$"
PLAIN_TIME = rf"^{_S}{_YEAR}({_DAY}[ T]{_TIME})(?:{_ZONE}))?{_S}$"

DAY_PARTS = "^[0-9]+-[0-9]+-[0-9]+"

#: What Java and RE2 find in the same places.
READ_ALIKE = frozenset({WHOLE, STRICT_WHOLE, DECIMAL, FLOAT, WORD, DATE, DAY_PARTS})

_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+")
_PLAIN_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_PLAIN_TIME = re.compile(rf"{_PLAIN_DAY.pattern}(?:[ T]{_CLOCK}Z?)?")


def is_plain(written: str, duckdb_type: str) -> bool:
    """Tell whether every engine reads a literal text alike."""
    if duckdb_type == "DATE":
        return _PLAIN_DAY.fullmatch(written) is not None
    if duckdb_type.startswith("TIMESTAMP"):
        is_day = _PLAIN_TIME.fullmatch(written) is not None
        return is_day and (duckdb_type.endswith("ZONE") or not written.endswith("Z"))
    if duckdb_type == "BOOLEAN":
        return written in ("true", "false")
    return _PLAIN_NUMBER.fullmatch(written) is not None
