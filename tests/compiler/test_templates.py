"""Templates: a text of an author is quoted, or nothing is written."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from tilewright_compiler.templates import Code, pages, sources

HOSTILE = [
    "it's",
    'a"b',
    "{{ 7 * 7 }}",
    "{% raw %}",
    "x\ny",
    "-- x",
    "*/",
    "`b`",
    "<script>",
    "\\",
    "\u2028",
    "a\x1b[31m",
]


def code(template: str, **values: Any) -> str:
    """A template of code with some values."""
    return sources(Path(), double=lambda name: f"<<{name}>>").from_string(template).render(**values)


def html(template: str, **values: Any) -> str:
    """A template of a page with some values."""
    return pages(Path()).from_string(template).render(**values)


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_literal_of_python_is_the_text(text: str) -> None:
    """Whatever a text holds, Python reads it back from what the filter wrote."""
    assert ast.literal_eval(code("{{ text | python }}", text=text)) == text


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_comment_stays_in_its_line(text: str) -> None:
    """No character of a text ends the line, in the eyes of Python or of any editor."""
    assert len(code("# {{ text | comment }}.", text=text).splitlines()) == 1


@pytest.mark.parametrize(
    "template",
    [
        "{{ text }}",
        "{{ text | upper }}",
        "{{ 'a' ~ text }}",
        "{{ [text] | join }}",
        "{{ text | safe }}",
    ],
)
def test_a_text_without_a_filter_is_refused(template: str) -> None:
    """Code is made by quoting filters only; other filters and operators give a text again."""
    with pytest.raises(TypeError, match="Quote it with a filter"):
        code(template, text="drop")


def test_a_target_adds_its_own_quoting() -> None:
    """Filters for the language at hand make code, which `join` keeps; numbers and code go as they
    are.
    """
    values = {"names": ["a", "b"], "size": 3, "statement": Code("SELECT 1")}
    assert (
        code("{{ names | map('double') | join(', ') }} {{ size }} {{ statement }}", **values)
        == "<<a>>, <<b>> 3 SELECT 1"
    )


def test_a_value_is_no_template() -> None:
    """Braces in a text are written, not evaluated."""
    assert code("{{ text | comment }}", text="{{ 7 * 7 }}{% endif %}") == "{{ 7 * 7 }}{% endif %}"


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_page_escapes_every_text(text: str) -> None:
    """Nothing that an author writes can open a tag or end an attribute."""
    assert not set(html("{{ text }}", text=text)) & set("<>\"'")


def test_a_page_has_no_control_characters() -> None:
    """HTML cannot hold them, so they are shown as Python writes them; white space stays."""
    text = "a\0b\x1b\x85\ud800 \t\n<"
    assert html("{{ text }}", text=text) == r"a\x00b\x1b\x85\ud800 " + "\t\n&lt;"
    assert html("{{ [text] | join }}", text="\0") == r"\x00"


def test_nothing_of_a_page_can_be_declared_safe() -> None:
    """The filter that would leave a text unescaped is not there."""
    with pytest.raises(Exception, match="No filter named 'safe'"):
        html("{{ text | safe }}", text="<b>")


@pytest.mark.parametrize("render", [code, html])
def test_templates_are_strict_and_in_a_sandbox(render: Any) -> None:
    """A name that is not given is an error, and so is a way out to Python's own objects or a change
    of what is given.
    """
    with pytest.raises(UndefinedError):
        render("{{ nothing }}")
    with pytest.raises(SecurityError):
        render("{{ text.__class__.__mro__ }}", text="a")
    with pytest.raises(SecurityError):
        render("{% set _ = names.append(1) %}", names=[])
