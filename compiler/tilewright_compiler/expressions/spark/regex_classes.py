"""Classes of characters in regular expressions.

They are ranges of code points.
"""

from __future__ import annotations

Ranges = list[tuple[int, int]]

LAST = 0x10FFFF
#: RE2's \d and \w are Java's; its \s lacks the vertical tab, its dot takes all but \n.
_SPACES: Ranges = [(9, 13), (32, 32)]
_WORDS: Ranges = [(48, 57), (65, 90), (95, 95), (97, 122)]
LINE_ENDS: Ranges = [(10, 10), (13, 13), (0x85, 0x85), (0x2028, 0x2029)]
_BLANKS: Ranges = [
    *((9, 9), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x180E, 0x180E)),
    *((0x2000, 0x200A), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)),
]
CLASSES: dict[str, Ranges] = {
    "d": [(48, 57)],
    "w": _WORDS,
    "s": _SPACES,
    "h": _BLANKS,
    "v": [(10, 13), (0x85, 0x85), (0x2028, 0x2029)],
}
#: Java's own names, which are of ASCII. Those of Unicode depend on each engine's version of it.
PROPERTIES: dict[str, Ranges] = {
    "Lower": [(97, 122)],
    "Upper": [(65, 90)],
    "ASCII": [(0, 127)],
    "Alpha": [(65, 90), (97, 122)],
    "Digit": [(48, 57)],
    "Alnum": [(48, 57), (65, 90), (97, 122)],
    "Punct": [(33, 47), (58, 64), (91, 96), (123, 126)],
    "Graph": [(33, 126)],
    "Print": [(32, 126)],
    "Blank": [(9, 9), (32, 32)],
    "Cntrl": [(0, 31), (127, 127)],
    "XDigit": [(48, 57), (65, 70), (97, 102)],
    "Space": _SPACES,
}


def others(ranges: Ranges) -> Ranges:
    """Give what is in none of the ranges."""
    gaps, first = [], 0
    for low, high in sorted(ranges):
        if low > first:
            gaps.append((first, low - 1))
        first = high + 1
    return [*gaps, (first, LAST)]


def both_cases(ranges: Ranges) -> Ranges:
    """Add the other case of each ASCII letter.

    Java ignores the case of these letters only.
    """
    folded = list(ranges)
    for first, last, away in ((65, 90, 32), (97, 122, -32)):
        for low, high in ranges:
            if low <= last and high >= first:
                folded.append((max(low, first) + away, min(high, last) + away))
    return folded


def class_of(ranges: Ranges, negated: bool) -> str:
    """Write ranges as a class for RE2."""
    parts = [
        character(low) if low == high else f"{character(low)}-{character(high)}"
        for low, high in dict.fromkeys(ranges)
    ]
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def character(point: int) -> str:
    """Write a character so that it means itself.

    It does so in a class and outside of one.
    """
    sign = chr(point)
    if sign.isascii() and sign.isalnum():
        return sign
    if 32 <= point < 127:
        return sign if sign in " \"#%&',/:;<=>@_`~!" else f"\\{sign}"
    named = {10: "\\n", 13: "\\r", 9: "\\t"}.get(point)
    if named is not None:
        return named
    return sign if sign.isprintable() and point > 0xA0 else f"\\x{{{point:x}}}"
