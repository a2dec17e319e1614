"""Texts that a plan can hold."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

#: A password before a host, or among the parameters of a URL. What follows the colon of a port is
#: none.
_PASSWORD = re.compile(
    r"://[^/@\s:]*:(?!\d+[/,?#])\S*@|[?&;\s][\w.]*password=[^&\s]", re.IGNORECASE
)


def _whole(text: str) -> str:
    """Refuse half of a character, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError(
            "tw:bad-value", "it has half of a character. Write the whole one"
        ) from None
    return text


def _open(address: str) -> str:
    """Refuse what has a password, which a plan would show."""
    if "\0" in address:
        raise PydanticCustomError("tw:bad-value", "it has a character 0. Leave it out")
    if _PASSWORD.search(address):
        raise PydanticCustomError(
            "tw:bad-value",
            "it holds a password, which would stand in the plan and in what is made of it. "
            "Leave it out, and give it to the process that reads the events",
        )
    return address


Text = Annotated[str, AfterValidator(_whole)]
#: A file, a table or a topic.
Address = Annotated[Text, AfterValidator(_open)]
