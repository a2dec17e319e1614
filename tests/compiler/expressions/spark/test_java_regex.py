"""Java's regular expressions: written for RE2, or refused with what is in the way."""

from __future__ import annotations

import pytest

from tilewright_compiler.expressions.spark.java_regex import parse
from tilewright_compiler.expressions.spark.look_aheads import conditions_of
from tilewright_compiler.expressions.spark.replacements import replacement
from tilewright_compiler.sql.tree import NotTranslatable

LINE_END = r"((?:\r\n|[\n\r\x{85}\x{2028}-\x{2029}])?)\z"


@pytest.mark.parametrize(
    ("java", "re2"),
    [
        ("a.b", r"a[^\n\r\x{85}\x{2028}-\x{2029}]b"),
        ("^a|b$", rf"\Aa|b{LINE_END}"),
        (r"\d+\s", r"\d+[\t-\r ]"),
        (r"[^\s,]", r"[^\t-\r ,]"),
        ("(?i)aZ[b-c]", "[Aa][Zz][b-cB-C]"),
        ("(?<year>[0-9]{4})-(?:a|b)??", r"([0-9]{4})\-(?:a|b)??"),
        (
            r"\p{Alpha}\h",
            r"[A-Za-z][\t \x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]",
        ),
        (r"\Qa.b\E", r"(?:a\.b)"),
        (r"\x41é\/", "Aé/"),
        ("a(?=b|c)", "a(b|c)"),
        ("a(?![^b])", r"a([b]|\z)"),
        (r"(?i)a(?!b)", r"[Aa]([^bB]|\z)"),
        ("^(?:)a", r"\Aa"),
    ],
)
def test_a_pattern_is_written_for_re2(java: str, re2: str) -> None:
    """What RE2 knows under other signs is written in them."""
    assert parse(java).pattern == re2


@pytest.mark.parametrize(
    ("java", "said"),
    [
        ("(?=a)b", "a look-ahead before something else"),
        ("a(?!bc)", "a look-ahead for what does not follow"),
        (r"\s(?!$)", "a look-ahead for what does not follow"),
        ("(?<!a)b", "a look-behind"),
        (r"(a)\1", "a back reference"),
        ("a++", "a possessive quantifier"),
        ("(?>a)", "an atomic group"),
        (r"\p{L}", "Unicode's classes"),
        (r"\bword", "other letters in Java"),
        ("[a-z&&[^b]]", "a class in a class"),
        ("(a*)*", "a repetition of what may be empty"),
        ("$a", "something after '$'"),
        ("(a", "a group that does not end"),
        ("a)", "an unmatched ')'"),
        ("[b-a]", "a range that ends before it begins"),
        ("*", "'*' after nothing"),
        ("a{2000}", "more than 1000 repetitions"),
        ("a{x}", "no number of repetitions"),
        (r"\q", r"the escape '\q'"),
        (r"\x4", "an escape without its digits"),
        ("(?m)^a", "the flag 'm'"),
        ("a(?i)b", "flags in the middle"),
    ],
)
def test_what_re2_does_not_know_is_refused(java: str, said: str) -> None:
    """The message names the part that is in the way."""
    with pytest.raises(NotTranslatable) as refused:
        parse(java)
    assert said in str(refused.value)


@pytest.mark.parametrize("java", ["^(?!test)", "(?<=a)b", r"(a)\1", "a++", "(?>a)", r"\bword"])
def test_what_re2_lacks_is_refused_with_what_to_do(java: str) -> None:
    """A pattern that is right in Java is not a mistake, so the message says what else to write."""
    with pytest.raises(NotTranslatable, match="Write it without, in several conditions"):
        parse(java)


@pytest.mark.parametrize(
    ("pattern", "java", "re2"),
    [
        ("(a)(b)", "$2-$1", r"\2-\1"),
        ("(a)", "$10", r"\10"),
        ("a", r"\$\\x", r"$\\x"),
        ("a$", "b", r"b\1"),
        ("(a)$", "$1", r"\1\2"),
        ("^(a)(?=(b))", "$2", r"\3\2"),
    ],
)
def test_groups_of_a_replacement(pattern: str, java: str, re2: str) -> None:
    """Java's `$1` is RE2's `\\1`; the line end that `$` stands before is put back."""
    assert replacement(pattern, java) == re2


@pytest.mark.parametrize(
    ("java", "conditions"),
    [
        ("a|b", [("a|b", True)]),
        ("^(?!test)", [("^(?:test)", False)]),
        ("(?i)^(?=.*b)(?!a$)c", [("(?i)^(?:.*b)", True), ("(?i)^(?:a$)", False), ("(?i)^c", True)]),
        ("^(?!a)b|c", [("^(?!a)b|c", True)]),
        ("a(?!b)", [("a(?!b)", True)]),
    ],
)
def test_look_aheads_at_the_beginning_are_conditions(
    java: str, conditions: list[tuple[str, bool]]
) -> None:
    """Each is asked by itself, as long as nothing of the pattern may do without them."""
    assert conditions_of(java) == conditions


@pytest.mark.parametrize("java", ["$2", "$", "${name}", "x\\"])
def test_a_replacement_without_its_group(java: str) -> None:
    """A group that is not there is an error where it is written, as in Java where it is run."""
    with pytest.raises(NotTranslatable):
        replacement("(a)", java)
