"""What messages hide."""

from __future__ import annotations

from tilewright.errors import TilewrightError, without_passwords


def test_passwords_of_urls_are_hidden() -> None:
    """Also in a path that was made of one, without a user, and among parameters."""
    text = "redis:/ana:s3cret@host/0 rediss://:s3cret@host and http://h/?a=1&Password=s3cret&b=2"
    hidden = "redis:/***@host/0 rediss://***@host and http://h/?a=1&Password=***&b=2"
    assert without_passwords(text) == hidden
    assert str(TilewrightError(text)) == hidden


def test_the_form_that_messages_ask_for_is_shown() -> None:
    """Who is told to give a user and a password is told where; a URL of those names is hidden."""
    asked = "write redis://user:password@host:port/db"
    assert without_passwords(asked) == asked
    assert without_passwords("redis://user:password@host:6379/0") == "redis://***@host:6379/0"
