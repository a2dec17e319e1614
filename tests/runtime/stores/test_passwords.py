"""A store's password: taken out of URLs that others can read, and found in the environment."""

from __future__ import annotations

import pytest

from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores.opening import open_store
from tilewright_runtime.stores.passwords import (
    password_from_environment,
    split_password,
    without_password,
)


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0", None),
        ("redis://:s3cret@localhost/1", "redis://localhost/1", "s3cret"),
        ("redis://ana:s3cret@localhost", "redis://ana@localhost", "s3cret"),
        ("redis://ana:s%2F%40t@h:1/0", "redis://ana@h:1/0", "s/@t"),
        ("redis://ana:s@t@h:1/0", "redis://ana@h:1/0", "s@t"),
        ("redis://h/0?password=s3cret&db=2", "redis://h/0?db=2", "s3cret"),
        ("redis://h/0?username=ana&password=x", "redis://ana@h/0", "x"),
        (
            "rediss://[::1]:6380/0?ssl_ca_certs=a",
            "rediss://[::1]:6380/0?ssl_ca_certs=a",
            None,
        ),
        ("lmdb:ana:s3cret@tiles", "lmdb:ana:s3cret@tiles", None),
    ],
)
def test_a_url_is_split_into_what_is_shown_and_its_password(
    url: str, shown: str, password: str | None
) -> None:
    """The user and other parameters stay, and the password is decoded."""
    assert split_password(url) == (shown, password)


@pytest.mark.parametrize(
    "url",
    [
        "redis://[::1:s3cret@h/0",
        "rediss://h/0?ssl_password=s3cret",
        "redis://h/0?Password=s3cret",
        "redis://h/0?token=s3cret",
        "redis://ana:a#s3cret@h/0",
        "redis://ana:a/s3cret@h/0",
        "redis://ana:a?s3cret@h/0",
    ],
)
def test_a_secret_that_cannot_be_taken_out_is_refused(url: str) -> None:
    """The message does not show it either."""
    with pytest.raises(StoreError) as refused:
        split_password(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["redis:/ana:s3cret@h", "redis:ana:s3cret@h", "ana:s3cret@h", "redis://ana:#s3cret@h"]
)
def test_a_url_is_shown_without_its_password_whatever_it_is(url: str) -> None:
    """Also where a slash or the scheme was forgotten."""
    assert "s3cret" not in without_password(url)
    with pytest.raises(StoreError) as refused:
        open_store(url)
    assert "s3cret" not in str(refused.value)


def test_an_empty_variable_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing is as if it were not set."""
    monkeypatch.setenv("TILEWRIGHT_STORE_PASSWORD", "")
    assert password_from_environment() is None
    monkeypatch.setenv("TILEWRIGHT_STORE_PASSWORD", "s3cret")
    assert password_from_environment() == "s3cret"
