"""Patterns of times: Java's letters in DuckDB's.

They serve both reading and writing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ...sql.tree import NotTranslatable

DEFAULT = "yyyy-MM-dd HH:mm:ss"

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_LONG_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
)
_TWO_DIGITS = {"hour": "(?:[01][0-9]|2[0-3])", "minute": "[0-5][0-9]"}
_ONE_OR_TWO = {"hour": "(?:1[0-9]|2[0-3]|0?[0-9])", "minute": "[0-5]?[0-9]"}
#: Letters -> DuckDB's, and the texts that Java reads by them, if they are read the same.
_LETTERS: dict[str, tuple[str, str | None]] = {
    "yyyy": ("%Y", "[0-9]{4}"),
    "yy": ("%y", None),
    "MM": ("%m", "[0-9]{2}"),
    "M": ("%-m", "[0-9]{1,2}"),
    "MMM": ("%b", f"(?:{_MONTHS})"),
    "MMMM": ("%B", f"(?:{_LONG_MONTHS})"),
    "dd": ("%d", "[0-9]{2}"),
    "d": ("%-d", "[0-9]{1,2}"),
    **dict.fromkeys(("E", "EE", "EEE"), ("%a", None)),
    "EEEE": ("%A", None),
    "HH": ("%H", _TWO_DIGITS["hour"]),
    "H": ("%-H", _ONE_OR_TWO["hour"]),
    "hh": ("%I", "(?:0[1-9]|1[0-2])"),
    "h": ("%-I", "(?:1[0-2]|0?[1-9])"),
    "a": ("%p", "(?:AM|PM)"),
    "mm": ("%M", _TWO_DIGITS["minute"]),
    "m": ("%-M", _ONE_OR_TWO["minute"]),
    "ss": ("%S", _TWO_DIGITS["minute"]),
    "s": ("%-S", _ONE_OR_TWO["minute"]),
    "SSS": ("%g", "[0-9]{1,3}"),
    "SSSSSS": ("%f", "[0-9]{1,6}"),
    "D": ("%-j", None),
    "DDD": ("%j", None),
}
#: Letters that read words.
_WORDS = frozenset({"MMM", "MMMM", "a"})
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
#: What Java keeps for itself.
_RESERVED = set("[]{}#")


@dataclass(frozen=True)
class Format:
    """A pattern, as its letters and the texts between them."""

    written: str
    parts: tuple[tuple[str, str], ...]
    """Letters and nothing, or nothing and a text."""

    def writing(self) -> str:
        """Give DuckDB's pattern for a time as text.

        Raises NotTranslatable if a letter has no counterpart.
        """
        parts = (_duckdb(one)[0] if one else _escaped(between) for one, between in self.parts)
        return "".join(parts)

    def has_words(self) -> bool:
        """Tell whether texts that it reads hold letters."""
        return any(
            letters in _WORDS or any(map(str.isalpha, between)) for letters, between in self.parts
        )

    def reading(self) -> tuple[str, str]:
        """Give DuckDB's pattern for reading texts in capitals as times.

        With it comes the regular expression of what Java reads, in whatever case.

        Raises NotTranslatable if a letter is read in another way, or no time follows from them.
        """
        wanted = []
        for letters, between in self.parts:
            if letters and _duckdb(letters)[1] is None:
                raise NotTranslatable(f"a time pattern with {letters!r}, which only writes")
            wanted.append(_duckdb(letters)[1] if letters else re.escape(_capital(between)))
        signs = {letters[:1] for letters, _ in self.parts}
        if (
            "y" not in signs
            or ("d" in signs and "M" not in signs)
            or ("h" in signs) != ("a" in signs)
        ):
            raise NotTranslatable(
                f"the time pattern {self.written!r}, which is not whole. It needs the year, and "
                "before a part the larger ones"
            )
        read = (
            _duckdb(one)[0] if one else _escaped(between.upper()) for one, between in self.parts
        )
        flag = "(?i)" if self.has_words() else ""
        return "".join(read), f"{flag}^({''.join(part or '' for part in wanted)})$"


def _duckdb(letters: str) -> tuple[str, str | None]:
    if letters not in _LETTERS:
        raise NotTranslatable(
            f"a time pattern whose {letters!r} has no counterpart. Use to_timestamp without a "
            "pattern, or other letters"
        )
    return _LETTERS[letters]


def _capital(between: str) -> str:
    """Write texts in capitals, since Java reads any case."""
    cased = "".join(sign for sign in between if sign.lower() != sign.upper())
    if not cased.isascii():
        raise NotTranslatable(f"a time pattern with {between!r}, whose case Java does not look at")
    return between.upper()


def _escaped(between: str) -> str:
    return between.replace("%", "%%")


@cache
def read(written: str) -> Format:
    """Take a pattern of Java apart.

    `dd'.'MM` gives dd, a point, and MM.

    Raises NotTranslatable if it is none.
    """
    parts, at = [], 0
    while at < len(written):
        token = _TOKEN.match(written, at)
        if token is None:
            raise NotTranslatable(f"the time pattern {written!r}, whose quote does not end")
        at = token.end()
        if token[2] is not None:
            parts.append((token[0], ""))
        elif token[1] is not None:
            parts.append(("", token[1].replace("''", "'") or "'"))
        elif reserved := _RESERVED & set(token[0]):
            raise NotTranslatable(f"the time pattern {written!r} with {min(reserved)!r}")
        else:
            parts.append(("", token[0]))
    return Format(written, tuple(parts))
