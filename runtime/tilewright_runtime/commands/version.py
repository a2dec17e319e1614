"""`tilewright version`: what runs here, for fault reports."""

from __future__ import annotations

import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version

import click

_PACKAGE = "tilewright"
#: What Tilewright takes for itself, not offers to those who use it.
_OWN_EXTRAS = {"dev", "docs"}
_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")


@click.command("version")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Also the formats, the Python, and the libraries with their extras.",
)
def show_version(verbose: bool) -> None:
    """Print the version, and with --verbose what it runs on.

    Put the verbose lines into a report of a fault: they name no path and no user.
    """
    click.echo(f"{_PACKAGE} {_installed(_PACKAGE)}")
    if verbose:
        for label, text in _details():
            click.echo(f"{label:<12} {text}")


def _details() -> list[tuple[str, str]]:
    from tilewright_compiler.plan.model import PLAN_VERSION

    from ..tiles.records import RECORD_VERSION

    details = [
        ("plans", f"version {PLAN_VERSION}"),
        ("records", f"version {RECORD_VERSION}"),
        ("python", f"{platform.python_version()} ({sys.implementation.name})"),
        ("platform", f"{platform.system()} {platform.machine()}"),
    ]
    for extra, names in _libraries().items():
        versions = [f"{name} {_installed(name)}" for name in names]
        details.append((extra, ", ".join(versions)))
    return details


def _libraries() -> dict[str, list[str]]:
    """Read the libraries of each extra.

    They are those of the installed package; the core's come first.
    """
    by_extra: dict[str, list[str]] = {"core": []}
    for text in requires(_PACKAGE) or []:
        named, extra = _NAME.match(text), _EXTRA.search(text)
        library = named[0] if named else text
        extra_name = extra[1] if extra else "core"
        if library != _PACKAGE and extra_name not in _OWN_EXTRAS:
            by_extra.setdefault(extra_name, []).append(library)
    return by_extra


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
