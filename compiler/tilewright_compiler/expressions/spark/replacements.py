"""What Java puts in the place of a match.

It is written as RE2 has it.
"""

from __future__ import annotations

from ...sql.tree import NotTranslatable
from .java_regex import parse
from .regex_characters import is_number


def replacement(source: str, written: str) -> str:
    """Translate what is put in the place of each match.

    `$1` is RE2's `\\1`.

    Raises NotTranslatable if it names a group that the pattern has not.
    """
    regex, parts, at = parse(source), [], 0
    while at < len(written):
        sign = written[at]
        at += 1
        if sign == "\\":
            if at == len(written):
                raise NotTranslatable(f"the replacement {written!r}, which ends in a backslash")
            parts.append(_literal_replacement(written[at]))
            at += 1
        elif sign == "$":
            group, at = _group(written, at, len(regex.groups))
            number = regex.groups[group] if group else 0
            if number > 9:
                raise NotTranslatable("a replacement with more than nine groups")
            if regex.tails and not group:
                raise NotTranslatable("a replacement with $0 of a pattern with '$' or a look-ahead")
            parts.append(f"\\{number}")
        else:
            parts.append(_literal_replacement(sign))
    if any(tail > 9 for tail in regex.tails):
        raise NotTranslatable("a replacement with more than nine groups")
    return "".join([*parts, *(f"\\{tail}" for tail in regex.tails)])


def _group(written: str, at: int, groups: int) -> tuple[int, int]:
    """Read the number of a group after `$`.

    As in Java, it has as many digits as there are groups for.
    """
    if not is_number(written[at : at + 1]):
        raise NotTranslatable(f"the replacement {written!r}. Write \\$ for a dollar")
    group = int(written[at])
    if group > groups:
        raise NotTranslatable(f"the replacement {written!r}: the pattern has {groups} groups")
    at += 1
    while is_number(written[at : at + 1]) and group * 10 + int(written[at]) <= groups:
        group = group * 10 + int(written[at])
        at += 1
    return group, at


def _literal_replacement(sign: str) -> str:
    return "\\\\" if sign == "\\" else sign
