"""Java's regular expressions as RE2 runs them.

They are parsed whole and written anew, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .regex_characters import Characters, is_number, other_than
from .regex_classes import LINE_ENDS, character, class_of
from .regex_parts import Part, Regex

_MOST_REPEATS = 1000
_REFUSED = {
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


@dataclass
class _Parser(Characters):
    dot_all: bool = False
    emitted: int = 0
    depth: int = 0
    groups: dict[int, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    tails: list[int] = field(default_factory=list)
    has_end_in_group: bool = False
    tail_at: int | None = None
    previous: str = ""
    """What is before the part that is read."""

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
            tail_at=self.tail_at,
        )

    def alternatives(self) -> Part:
        parts = [self.sequence()]
        while self.peek("|"):
            self.at += 1
            parts.append(self.sequence())
        return Part(
            text="|".join(part.text for part in parts),
            nullable=any(part.nullable for part in parts),
            starts=all(part.starts for part in parts),
            ends=any(part.ends for part in parts),
        )

    def sequence(self) -> Part:
        parts: list[Part] = []
        while self.at < len(self.source) and not self.peek("|") and not self.peek(")"):
            if parts and parts[-1].ends:
                if self.tail_at is not None:
                    self.lack("a look-ahead before something else")
                self.refuse("something after '$'")
            self.previous = parts[-1].text if parts else ""
            parts.append(self.quantified())
        return Part(
            text="".join(part.text for part in parts),
            nullable=all(part.nullable for part in parts),
            starts=any(part.starts for part in parts[:1]),
            ends=any(part.ends for part in parts),
        )

    def quantified(self) -> Part:
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
        return Part(part.text + text, part.nullable or least == 0)

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

    def atom(self) -> Part:
        sign = self.take()
        match sign:
            case "(":
                return self.group()
            case "[":
                return Part(self.character_class(), nullable=False)
            case ".":
                text = "(?s:.)" if self.dot_all else class_of(LINE_ENDS, negated=True)
                return Part(text, nullable=False)
            case "^":
                return Part(r"\A", nullable=True, starts=True)
            case "$":
                return self.end()
            case "\\":
                return self.escaped()
            case "*" | "+" | "?" | "{":
                self.refuse(f"{sign!r} after nothing")
        return self.literal(ord(sign))

    def end(self) -> Part:
        self.has_end_in_group = self.has_end_in_group or self.depth > 0
        self.emitted += 1
        self.tails.append(self.emitted)
        line_end = class_of(LINE_ENDS, False)
        return Part(rf"((?:\r\n|{line_end})?)\z", nullable=True, ends=True)

    def literal(self, point: int) -> Part:
        if self.ignore_case and chr(point).isascii() and chr(point).isalpha():
            return Part(f"[{chr(point).upper()}{chr(point).lower()}]", nullable=False)
        return Part(character(point), nullable=False)

    def group(self) -> Part:
        for begin, what in _REFUSED.items():
            if self.source.startswith(begin, self.at - 1):
                self.lack(what)
        if self.peek("?=") or self.peek("?!"):
            return self.look_ahead()
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
                return Part("", nullable=True)
        return self.inside(is_capturing, name, before)

    def inside(self, is_capturing: bool, name: str, before: tuple[bool, bool]) -> Part:
        if is_capturing:
            self.emitted += 1
            self.groups[len(self.groups) + 1] = self.emitted
            if name:
                self.names[name] = len(self.groups)
        self.depth += is_capturing
        part = self.until_bracket()
        self.depth -= is_capturing
        self.at += 1
        self.ignore_case, self.dot_all = before
        # DuckDB takes what begins with `\\A(?:)` for the empty text.
        bracket = "(" if is_capturing else "(?:"
        text = f"{bracket}{part.text})" if is_capturing or part.text else ""
        return Part(text, part.nullable, part.starts, part.ends)

    def until_bracket(self) -> Part:
        part = self.alternatives()
        if not self.peek(")"):
            self.refuse("a group that does not end")
        return part

    def look_ahead(self) -> Part:
        """Make what a look-ahead sees a part of the match."""
        if self.tail_at is None:
            self.tail_at = self.at - 1
        self.has_end_in_group = self.has_end_in_group or self.depth > 0
        is_negative, before, begin = self.peek("?!"), self.previous, self.at + 2
        self.at = begin
        self.emitted += 1
        number, ends = self.emitted, len(self.tails)
        text = self.until_bracket().text
        del self.tails[ends:]  # they are a part of this one
        self.tails.append(number)
        if is_negative:
            self.emitted = number
            other = other_than(self.source[begin : self.at], self.ignore_case, before)
            text = other or self.lack("a look-ahead for what does not follow")
        self.at += 1
        return Part(f"({text})", nullable=True, ends=True)

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

    def escaped(self) -> Part:
        sign = self.take()
        if sign in _REFUSED_ESCAPES:
            self.lack(_REFUSED_ESCAPES[sign])
        if sign in "123456789":
            self.lack("a back reference")
        if sign in "Az":
            return Part(f"\\{sign}", nullable=True, starts=sign == "A")
        if sign == "Z":
            return self.end()
        if sign == "Q":
            quoted, _, _ = self.source[self.at :].partition("\\E")
            self.at = min(len(self.source), self.at + len(quoted) + 2)
            parts = [self.literal(ord(one)).text for one in quoted]
            return Part(f"(?:{''.join(parts)})", nullable=not quoted)
        if (ranges := self.named_class(sign)) is not None:
            return Part(f"\\{sign}" if sign in "dDwW" else class_of(ranges, False), nullable=False)
        return self.literal(self.code_point(sign))


def parse(source: str) -> Regex:
    """Translate a pattern.

    `^0+$` gives `\\A0+((?:\\r\\n|[\\n\\r\\x{85}\\x{2028}-\\x{2029}])?)\\z`.

    Raises NotTranslatable if RE2 has no pattern that matches the same.
    """
    return _Parser(source).whole()


def end_of_group(source: str, begin: int) -> int:
    """Find the bracket that ends the group begun before."""
    parser = _Parser(source, at=begin)
    parser.until_bracket()
    return parser.at


def has_alternatives(source: str) -> bool:
    """Tell whether a pattern has alternatives outside of groups."""
    parser = _Parser(source)
    parser.sequence()
    return parser.peek("|")
