"""The files that a plan becomes, and how they get to disk."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol

from .plan import Plan


def target_names() -> list[str]:
    """The targets that exist: the modules of the package `targets`."""
    return sorted(module.name for module in iter_modules([str(Path(__file__).parent / "targets")]))


def plan_text(plan: Plan) -> str:
    """The bytes of `plan.json` as text."""
    return json.dumps(plan.model_dump(by_alias=True, mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


class Target(Protocol):
    """What a module of `targets` is, or makes with its `in_dialect` if it has one.

    It may also have `unsupported(plan) -> list[str]`: why it cannot run a plan, a sentence for each reason that names
    the feature or column and says what to do.
    """

    def files(self, plan: Plan) -> dict[str, str]:
        """The texts that it makes of a plan, by their path below the plan's folder."""


def load_targets(names: Iterable[str], dialect: str | None = None) -> dict[str, Target]:
    """The targets by name; those that write SQL of several dialects write this one.

    Raises:
        ValueError: if a dialect is missing, unknown, or of use to none of them.
    """
    modules = {name: importlib.import_module(f"{__package__}.targets.{name}") for name in names}
    if dialect is not None and not any(hasattr(module, "in_dialect") for module in modules.values()):
        raise ValueError("--dialect is for --target sql, which is not among the targets.")
    return {name: module.in_dialect(dialect) if hasattr(module, "in_dialect") else module for name, module in modules.items()}


def render(plans: Iterable[Plan], targets: Collection[Target]) -> dict[str, str]:
    """All files by their path below the output folder: the plan, and what each target makes of it."""
    rendered: dict[str, str] = {}
    for plan in plans:
        rendered[f"{plan.name}/plan.json"] = plan_text(plan)
        for target in targets:
            rendered |= {f"{plan.name}/{path}": text for path, text in target.files(plan).items()}
    return rendered


def differing(out: str, rendered: Mapping[str, str]) -> list[str]:
    """The paths whose file on disk is missing or not what would be written."""
    return [path for path, text in rendered.items() if _on_disk(Path(out, path)) != text.encode()]


def write(out: str, rendered: Mapping[str, str]) -> None:
    """Write every file that differs; a reader sees the old file or the new one, never a part."""
    for path in differing(out, rendered):
        target = Path(out, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(rendered[path].encode())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def _on_disk(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
