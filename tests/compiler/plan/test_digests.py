"""Digests of a plan's content."""

from tilewright_compiler.plan.digests import digest


def test_the_order_of_keys_does_not_matter() -> None:
    """Only the content is digested."""
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})


def test_a_digest_is_the_beginning_of_sha_256() -> None:
    """`printf '{"a":1}' | sha256sum` prints these digits first."""
    assert digest({"a": 1}) == "015abd7f5cc57a2d"
