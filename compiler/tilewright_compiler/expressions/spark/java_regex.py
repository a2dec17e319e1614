"""Java's regular expressions as RE2 runs them.

They are parsed whole and written anew, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .regex_characters import Characters
from .regex_classes import LINE_ENDS, character, class_of

_MOST_REPEATS = 1000
_REFUSED = {
    "(?=": "a look-ahead",
    "(?!": "a look-ahead",
    "(?<=": "a look-behind",
    "(?<!": "a look-behind",
    "(?>": "an atomic group",
}
_REFUSED_ESCAPES = {
    "b": "'\\b', which knows other letters in Java",
    "B": "'\\B', which knows other letters in Java",
    "R": "'\\R'",
    "X": "'\\X'",
    "G": "'\\G'",
    "N": "'\\N'",
    "k": "a back reference",
}


@dataclass(frozen=True)
class Regex:
    """A pattern for RE2.

    Java's `$` also holds before a last line end. RE2 has nothing of the kind, so the line end is
    part of the match, by itself in the groups `tails`.
    """

    pattern: str
    groups: dict[int, int]
    """The number of each of Java's groups among those of the pattern."""
    names: dict[str, int]
    tails: tuple[int, ...]
    is_nullable: bool
    """Whether it may match the empty text."""
    starts: bool
    """Whether it can match at the beginning only."""
    has_end_in_group: bool


@dataclass
class _Part:
    text: str
    nullable: bool
    starts: bool = False
    ends: bool = False


@dataclass
class _Parser(Characters):
    dot_all: bool = False
    emitted: int = 0
    depth: int = 0
    groups: dict[int, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    tails: list[int] = field(default_factory=list)
    has_end_in_group: bool = False

    def whole(self) -> Regex:
        part = self.alternatives()
        if self.at < len(self.source):
            self.refuse("an unmatched ')'")
        return Regex(
            pattern=part.text,
            groups=self.groups,
            names=self.names,
            tails=tuple(self.tails),
            is_nullable=part.nullable,
            starts=part.starts,
            has_end_in_group=self.has_end_in_group,
        )

    def alternatives(self) -> _Part:
        parts = [self.sequence()]
        while self.peek("|"):
            self.at += 1
            parts.append(self.sequence())
        return _Part(
            text="|".join(part.text for part in parts),
            nullable=any(part.nullable for part in parts),
            starts=all(part.starts for part in parts),
            ends=any(part.ends for part in parts),
        )

    def sequence(self) -> _Part:
        parts: list[_Part] = []
        while self.at < len(self.source) and not self.peek("|") and not self.peek(")"):
            if parts and parts[-1].ends:
                self.refuse("something after '$'")
            parts.append(self.quantified())
        return _Part(
            text="".join(part.text for part in parts),
            nullable=all(part.nullable for part in parts),
            starts=any(part.starts for part in parts[:1]),
            ends=any(part.ends for part in parts),
        )

    def quantified(self) -> _Part:
        is_anchor = self.peek("^") or self.peek("$")
        part = self.atom()
        least, most, text = self.quantifier()
        if not text:
            return part
        if is_anchor or part.starts or part.ends or not part.text:
            self.refuse("a quantifier of an anchor")
        if part.nullable and most != 1:
            self.refuse("a repetition of what may be empty")
        if most is not None and max(least, most) > _MOST_REPEATS:
            self.refuse(f"more than {_MOST_REPEATS} repetitions")
        if self.peek("+"):
            self.lack("a possessive quantifier")
        if self.peek("?"):
            self.at += 1
            text += "?"
        if self.quantifier()[2]:
            self.refuse("a quantifier of a quantifier")
        return _Part(part.text + text, part.nullable or least == 0)

    def quantifier(self) -> tuple[int, int | None, str]:
        for sign, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.peek(sign):
                self.at += 1
                return least, most, sign
        if not self.peek("{"):
            return 1, 1, ""
        inside, closed, _ = self.source[self.at + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        if not closed or not is_number(low) or not (high == "" or is_number(high)):
            self.refuse("a '{' that begins no number of repetitions. Write \\{")
        self.at += len(inside) + 2
        most = None if comma and not high else int(high or low)
        if most is not None and int(low) > most:
            self.refuse(f"the repetitions {{{inside}}}")
        if int(low) > _MOST_REPEATS:
            self.refuse(f"more than {_MOST_REPEATS} repetitions")
        return int(low), most, f"{{{inside}}}"

    def atom(self) -> _Part:
        sign = self.take()
        match sign:
            case "(":
                return self.group()
            case "[":
                return _Part(self.character_class(), nullable=False)
            case ".":
                text = "(?s:.)" if self.dot_all else class_of(LINE_ENDS, negated=True)
                return _Part(text, nullable=False)
            case "^":
                return _Part(r"\A", nullable=True, starts=True)
            case "$":
                return self.end()
            case "\\":
                return self.escaped()
            case "*" | "+" | "?" | "{":
                self.refuse(f"{sign!r} after nothing")
        return self.literal(ord(sign))

    def end(self) -> _Part:
        self.has_end_in_group = self.has_end_in_group or self.depth > 0
        self.emitted += 1
        self.tails.append(self.emitted)
        line_end = class_of(LINE_ENDS, False)
        return _Part(rf"((?:\r\n|{line_end})?)\z", nullable=True, ends=True)

    def literal(self, point: int) -> _Part:
        if self.ignore_case and chr(point).isascii() and chr(point).isalpha():
            return _Part(f"[{chr(point).upper()}{chr(point).lower()}]", nullable=False)
        return _Part(character(point), nullable=False)

    def group(self) -> _Part:
        for begin, what in _REFUSED.items():
            if self.source.startswith(begin, self.at - 1):
                self.lack(what)
        before = self.ignore_case, self.dot_all
        is_capturing, name = True, ""
        if self.peek("?<"):
            name, closed, _ = self.source[self.at + 2 :].partition(">")
            if not closed or not name.isalnum() or not name[:1].isalpha() or name in self.names:
                self.refuse(f"the group name {name!r}")
            self.at += len(name) + 3
        elif self.peek("?"):
            self.at += 1
            is_capturing = False
            if self.flags():
                return _Part("", nullable=True)
        return self.inside(is_capturing, name, before)

    def inside(self, is_capturing: bool, name: str, before: tuple[bool, bool]) -> _Part:
        if is_capturing:
            self.emitted += 1
            self.groups[len(self.groups) + 1] = self.emitted
            if name:
                self.names[name] = len(self.groups)
        self.depth += is_capturing
        part = self.alternatives()
        self.depth -= is_capturing
        if not self.peek(")"):
            self.refuse("a group that does not end")
        self.at += 1
        self.ignore_case, self.dot_all = before
        text = f"({'' if is_capturing else '?:'}{part.text})"
        return _Part(text, part.nullable, part.starts, part.ends)

    def flags(self) -> bool:
        """Read the flags of `(?i)` or `(?i:…)`.

        The result says whether they hold for what follows the group.
        """
        written = ""
        while not self.peek(")") and not self.peek(":"):
            written += self.take("a group that does not end")
        if unknown := set(written) - {"i", "s"}:
            self.refuse(f"the flag {min(unknown)!r}")
        if self.peek(")") and self.at != len(written) + 2:
            self.refuse("flags in the middle. Write them at the beginning")
        self.ignore_case = self.ignore_case or "i" in written
        self.dot_all = self.dot_all or "s" in written
        return self.take() == ")"

    def escaped(self) -> _Part:
        sign = self.take()
        if sign in _REFUSED_ESCAPES:
            self.lack(_REFUSED_ESCAPES[sign])
        if sign in "123456789":
            self.lack("a back reference")
        if sign in "Az":
            return _Part(f"\\{sign}", nullable=True, starts=sign == "A")
        if sign == "Z":
            return self.end()
        if sign == "Q":
            quoted, _, _ = self.source[self.at :].partition("\\E")
            self.at = min(len(self.source), self.at + len(quoted) + 2)
            parts = [self.literal(ord(one)).text for one in quoted]
            return _Part(f"(?:{''.join(parts)})", nullable=not quoted)
        if (ranges := self.named_class(sign)) is not None:
            return _Part(f"\\{sign}" if sign in "dDwW" else class_of(ranges, False), nullable=False)
        return self.literal(self.code_point(sign))


def parse(source: str) -> Regex:
    """Translate a pattern.

    `^0+$` gives `\\A0+((?:\\r\\n|[\\n\\r\\x{85}\\x{2028}-\\x{2029}])?)\\z`.

    Raises NotTranslatable if RE2 has no pattern that matches the same.
    """
    return _Parser(source).whole()


def is_number(text: str) -> bool:
    """Tell whether a text is digits of ASCII."""
    return text.isascii() and text.isdigit()
