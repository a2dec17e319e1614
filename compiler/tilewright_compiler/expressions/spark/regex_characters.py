"""Characters of Java's regular expressions.

They are escapes and classes; some of them are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from ...sql.tree import NotTranslatable
from .regex_classes import (
    CLASSES,
    LAST,
    LINE_ENDS,
    PROPERTIES,
    Ranges,
    both_cases,
    class_of,
    others,
)

_CONTROLS = {"t": 9, "n": 10, "r": 13, "f": 12, "a": 7, "e": 27}
#: What to do about a part that RE2 lacks.
_INSTEAD = "Write it without, in several conditions or functions, or compute the column before"
#: What matches at least one character, and no line end.
_IS_PLAIN = re.compile(r"(?:\w|\[[A-Za-z0-9-]+\])(?:\+\??|\{[1-9][0-9,]*\}\??)?", re.ASCII)
#: What follows where Java's `$` does not hold: neither nothing nor a line end that is the last.
_NO_END = "|".join(
    (
        class_of(LINE_ENDS, negated=True),
        r"\r\n(?s:.)",
        r"\r[^\n]",
        class_of([one for one in LINE_ENDS if one != (13, 13)], negated=False) + "(?s:.)",
    )
)


@dataclass
class Characters:
    """A pattern that is read character by character.

    It is read from the position `at` on.
    """

    source: str
    at: int = 0
    ignore_case: bool = False

    def refuse(self, what: str) -> NoReturn:
        """Raise that the expression has something which we cannot translate."""
        raise NotTranslatable(f"the regular expression {self.source!r} with {what}")

    def lack(self, what: str) -> NoReturn:
        """Refuse what is right in Java and unknown to RE2."""
        self.refuse(f"{what}. {_INSTEAD}")

    def peek(self, text: str) -> bool:
        """Tell whether a text follows."""
        return self.source.startswith(text, self.at)

    def take(self, what: str = "an end too early") -> str:
        """Take the next character."""
        if self.at >= len(self.source):
            self.refuse(what)
        self.at += 1
        return self.source[self.at - 1]

    def named_class(self, sign: str) -> Ranges | None:
        """Find the class of characters that an escape means.

        Such escapes are \\d, \\S and \\p{Alpha}. None for any other.
        """
        if sign in "pP":
            name, _, _ = self.source[self.at + 1 :].partition("}")
            if not self.peek("{") or name not in PROPERTIES:
                self.refuse("\\p of Unicode's classes. Write ranges, such as [a-zà-ÿ]")
            if self.ignore_case and name in ("Lower", "Upper"):
                self.refuse(f"\\p{{{name}}} in whatever case")
            self.at += len(name) + 2
            return PROPERTIES[name] if sign == "p" else others(PROPERTIES[name])
        if sign.lower() not in CLASSES:
            return None
        return CLASSES[sign] if sign.islower() else others(CLASSES[sign.lower()])

    def code_point(self, sign: str) -> int:
        """Find the character of an escape."""
        if sign in _CONTROLS:
            return _CONTROLS[sign]
        if sign == "0":
            return self.digits(3, 8)
        if sign == "x" and self.peek("{"):
            self.at += 1
            point = self.digits(6, 16)
            if self.take() != "}" or point > LAST:
                self.refuse("a character beyond Unicode")
            return point
        if sign in "xu":
            return self.digits(2 if sign == "x" else 4, 16, exactly=True)
        if sign.isascii() and sign.isalpha():
            self.refuse(f"the escape '\\{sign}'")
        return ord(sign)

    def digits(self, most: int, base: int, exactly: bool = False) -> int:
        """Take the digits of an escape."""
        end = self.at
        while end < min(self.at + most, len(self.source)) and _is_digit(self.source[end], base):
            end += 1
        if end == self.at or (exactly and end < self.at + most):
            self.refuse("an escape without its digits")
        number, self.at = int(self.source[self.at : end], base), end
        return number

    def character_class(self) -> str:
        """Take a class of characters, whose bracket has been taken."""
        negated = self.peek("^")
        self.at += negated
        ranges: Ranges = []
        while not self.peek("]"):
            ranges += self.class_item()
        self.at += 1
        if not ranges:
            self.refuse("an empty class")
        return class_of(both_cases(ranges) if self.ignore_case else ranges, negated)

    def class_item(self) -> Ranges:
        """Take one item of a class.

        It is a character, a range, or the class of an escape.
        """
        if self.peek("&&") or self.peek("["):
            self.refuse("a class in a class. Write \\[ or \\& for the character")
        low = self.class_character()
        if isinstance(low, list) or not self.peek("-") or self.peek("-]"):
            return low if isinstance(low, list) else [(low, low)]
        self.at += 1
        if self.peek("["):
            self.refuse("a class in a class")
        high = self.class_character()
        if isinstance(high, list) or high < low:
            self.refuse("a range that ends before it begins")
        return [(low, high)]

    def class_character(self) -> int | Ranges:
        """Take a character or a class within a class."""
        sign = self.take("a class that does not end")
        if sign != "\\":
            return ord(sign)
        escape = self.take("a class that does not end")
        ranges = self.named_class(escape)
        return self.code_point(escape) if ranges is None else ranges


def other_than(source: str, ignore_case: bool, before: str) -> str | None:
    """Write what follows where a character does not.

    The end may follow too. `a` gives `[^a]|\\z`; None for a pattern of more than one character.
    `before` is what RE2 matches before it: between \\r and \\n Java's `$` does not hold.
    """
    if source == "$":
        return _NO_END if _IS_PLAIN.fullmatch(before) else None
    reader = Characters(source, ignore_case=ignore_case)
    sign = reader.take() if source else ""
    if sign == "[":
        own = reader.character_class()
    elif sign in "^.|?*+(){":  # also the empty text
        return None
    else:
        escape = reader.take() if sign == "\\" else ""
        ranges = reader.named_class(escape) if escape else [(ord(sign), ord(sign))]
        if ranges is None:
            point = reader.code_point(escape)
            ranges = [(point, point)]
        own = class_of(both_cases(ranges) if ignore_case else ranges, negated=False)
    if reader.at < len(source):
        return None
    other = f"[{own[2:]}" if own.startswith("[^") else f"[^{own[1:]}"
    return rf"{other}|\z"


def _is_digit(sign: str, base: int) -> bool:
    return sign.isascii() and sign in "0123456789abcdefABCDEF"[: 8 if base == 8 else None]


def is_number(text: str) -> bool:
    """Tell whether a text is digits of ASCII."""
    return text.isascii() and text.isdigit()
