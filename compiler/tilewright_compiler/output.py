"""The files that a plan becomes, and how they get to disk."""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol

from pydantic import ValidationError

from tilewright.declaration import CallSite

from .compile import Compilation
from .diff import Change, Verdict, compare
from .frontend.diagnostics import Diagnostic, diagnostic
from .plan.model import Plan


def target_names() -> list[str]:
    """The targets that exist: the modules of the package `targets`."""
    package = importlib.import_module(f"{__package__}.targets")
    return sorted(module.name for module in iter_modules(package.__path__))


def plan_text(plan: Plan) -> str:
    """The bytes of `plan.json` as text."""
    return (
        json.dumps(
            plan.model_dump(by_alias=True, mode="json"),
            indent=2,
            ensure_ascii=False,
            allow_nan=False,
        )
        + "\n"
    )


class Target(Protocol):
    """What a module of `targets` is, or makes with its `in_dialect` if it has one.

    It may also have `unsupported(plan) -> list[str]`: why it cannot run a plan, a sentence for each
    reason that names the feature or column and says what to do.
    """

    def files(self, plan: Plan) -> dict[str, str]:
        """The texts that it makes of a plan, by their path below the plan's folder."""


def load_targets(names: Iterable[str], dialect: str | None = None) -> dict[str, Target]:
    """The targets by name; those that write SQL of several dialects write this one.

    Raises:
        ValueError: if a dialect is missing, unknown, or of use to none of them.
    """
    modules = {name: importlib.import_module(f"{__package__}.targets.{name}") for name in names}
    if dialect is not None and not any(
        hasattr(module, "in_dialect") for module in modules.values()
    ):
        raise ValueError("--dialect is for --target sql, which is not among the targets.")
    return {
        name: module.in_dialect(dialect) if hasattr(module, "in_dialect") else module
        for name, module in modules.items()
    }


def render(plans: Iterable[Plan], targets: Collection[Target]) -> dict[str, str]:
    """All files by their path below the output folder: the plan, and what each target makes of
    it.
    """
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
    """Write every file that differs; a reader sees the old file or the new one, never a part.

    Raises OSError for a path that leads out of the folder, as by a link inside it.
    """
    for path in differing(out, rendered):
        target = Path(out, path)
        _require_inside(out, target)
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


def _require_inside(out: str, target: Path) -> None:
    if not target.parent.resolve().is_relative_to(Path(out).resolve()):
        raise PermissionError(errno.EPERM, f"it leads out of {out}", str(target))


def left_over(out: str, plans: Collection[Plan], is_whole: bool) -> list[str]:
    """List the plans below `out` that no GroupBy makes any more.

    `is_whole` says that all there is was compiled; otherwise only plans of the same modules count.
    """
    names = {plan.name for plan in plans}
    modules = {name.rpartition(".")[0] for name in names}
    below = sorted(path.parent.name for path in Path(out).glob("*/plan.json"))
    return [
        f"{name}/plan.json"
        for name in below
        if name not in names and (is_whole or name.rpartition(".")[0] in modules)
    ]


def _on_disk(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def unsupported(compilation: Compilation, targets: Mapping[str, Target]) -> list[Diagnostic]:
    """A problem, at the GroupBy's line, for each reason why a target cannot run a plan."""
    return [
        diagnostic(
            "TW031",
            compilation.sites[plan.name],
            f"--target {name} cannot run {plan.name}: {reason}",
        )
        for plan in compilation.plans
        for name, target in targets.items()
        for reason in getattr(target, "unsupported", _nothing)(plan)
    ]


def _nothing(plan: Plan) -> list[str]:
    return []


def endangered(out: str, plans: Iterable[Plan]) -> list[Diagnostic]:
    """A problem for each online plan below `out` whose stored tiles the new plan of that name could
    not use.
    """
    return [
        problem
        for plan in plans
        for problem in _endangered(Path(out, plan.name, "plan.json"), plan)
    ]


def _endangered(path: Path, new: Plan) -> list[Diagnostic]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return []  # nothing there, or nothing that could be online
    if not isinstance(document, dict) or document.get("online") is not True:
        return []
    if document.get("fingerprint") == new.fingerprint:
        return []  # the same plan, which need not be read
    reasons = _reasons(document, new)
    if not reasons:
        return []
    advice = (
        "Compile to another folder, name the GroupBy anew, or say --allow-incompatible if its "
        "tiles will be written again."
    )
    what = (
        "this plan is online, and the tiles that it has stored do not fit the new one: "
        f"{'; '.join(reasons)}. {advice}"
    )
    return [diagnostic("TW050", CallSite(str(path), 0), what)]


def _reasons(document: dict[str, object], new: Plan) -> list[str]:
    try:
        old = Plan.model_validate(document)
    except ValidationError:
        # Another version wrote it: its parts cannot be compared, the digest of what tiles depend on
        # can.
        same = document.get("storage_fingerprint") == new.storage_fingerprint
        return (
            []
            if same
            else [
                "another version of the compiler wrote it, and its storage fingerprint is another"
            ]
        )
    alike: dict[tuple[Verdict, str], list[str]] = {}
    for change in compare(old, new).changes:
        if change.verdict >= Verdict.NEW_LEVEL:
            alike.setdefault((change.verdict, change.why), []).append(change.what)
    return [str(Change(verdict, ", ".join(what), why)) for (verdict, why), what in alike.items()]
