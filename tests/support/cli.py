"""The command line in this process, and a plan and events on disk for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from support.events import to_csv
from support.session import SCHEMA, simple_plan
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of standard output as JSON, in which NaN is no number."""

        def refuse(constant: str) -> None:
            raise ValueError(f"{constant} is not JSON")

        return [json.loads(line, parse_constant=refuse) for line in self.out.splitlines()]


class Desk:
    """A folder with a plan, and the commands that are run in it."""

    def __init__(self, folder: Path, plan: Plan | None = None, name: str = "plan.json") -> None:
        self.folder = folder
        self.store = f"lmdb:{folder}/store"
        self.plan = folder / name
        self.plan.write_text(
            json.dumps((plan or simple_plan()).model_dump()),
            encoding="utf-8",
        )

    def events(
        self,
        rows: Sequence[Mapping[str, Any]],
        name: str = "events.csv",
        schema: Mapping[str, str] = SCHEMA,
    ) -> Path:
        """A CSV file of events."""
        to_csv(rows, schema, self.folder / name)
        return self.folder / name

    def run(self, *arguments: str | Path, stdin: bytes | None = None) -> Ran:
        """A command with any arguments; an exception that is no exit is raised."""
        # A file, and not only bytes, since a command may read the descriptor itself.
        (self.folder / "stdin").write_bytes(stdin or b"")
        with (self.folder / "stdin").open("rb") as piped:
            result = CliRunner().invoke(
                main, [str(argument) for argument in arguments], input=piped, catch_exceptions=False
            )
        return Ran(result.exit_code, result.stdout, result.stderr)

    def write(
        self, *events: str | Path, options: Sequence[str | Path] = (), stdin: bytes | None = None
    ) -> Ran:
        """`tilewright write` into this folder's store."""
        named = [argument for path in events for argument in ("--events", path)]
        return self.run("write", self.plan, "--store", self.store, *named, *options, stdin=stdin)

    def fetch(self, *options: str | Path, stdin: bytes | None = None) -> Ran:
        """`tilewright fetch` from this folder's store."""
        return self.run("fetch", self.plan, "--store", self.store, *options, stdin=stdin)
