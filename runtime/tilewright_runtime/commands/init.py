"""`tilewright init`: start a repository of features."""

from __future__ import annotations

from pathlib import Path

import click

from tilewright.errors import without_passwords

_SCAFFOLD = Path(__file__).parent / "scaffold"
#: Files whose own name would mean something to the tools of this project.
_RENAMED = {"gitignore": ".gitignore"}
_SNAPSHOT = "tests/__snapshots__/test_clicks/test_plan.json"


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make a repository of features in DIR.

    It has one GroupBy, a few events, a test with the reviewed plan, and a README that says how to
    go on.
    """
    from ..errors import TilewrightError, installation_of

    if folder.exists() and any(folder.iterdir()):
        raise TilewrightError(
            f"{folder} is not empty. Name a new folder: this command overwrites nothing."
        )
    try:
        for source in sorted(_SCAFFOLD.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                path = folder / source.relative_to(_SCAFFOLD)
                path = path.with_name(_RENAMED.get(path.name, path.name))
                _write(path, source.read_text(encoding="utf-8"))
        _write(folder / _SNAPSHOT, _plan(folder))
    except OSError as error:
        raise TilewrightError(
            f"{error.filename or folder} cannot be written: {error.strerror}. Choose another "
            "folder."
        ) from error
    _say(
        f"Made {folder}. Its README.md says how to go on; its tests run with pytest "
        f"({installation_of('testing')})."
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    _say(f"  {path}")


def _say(text: str) -> None:
    """Print a text without the passwords of URLs."""
    click.echo(without_passwords(text))


def _plan(folder: Path) -> str:
    """Compile the plan of the new repository.

    It is compiled and not copied, so that the repository's test passes with every version.
    """
    from tilewright_compiler.compile import compile_paths
    from tilewright_compiler.output import plan_text

    (plan,) = compile_paths(folder / "features").plans
    return plan_text(plan)
