"""The files that a plan becomes, and their writing."""

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

from pydantic_core import to_json

from tilewright.declaration import CallSite
from tilewright.documents import read_document, require_possible

from .compile import Compilation
from .frontend.diagnostics import Diagnostic, diagnostic
from .plan.checks import PartError
from .plan.model import Plan


def target_names() -> list[str]:
    """List the targets: the modules of the package `targets`."""
    package = importlib.import_module(f"{__package__}.targets")
    return sorted(module.name for module in iter_modules(package.__path__))


def plan_text(plan: Plan) -> str:
    """Write the text of `plan.json`."""
    return to_json(plan.model_dump(), indent=2).decode() + "\n"


class Target(Protocol):
    """What a module of `targets` is, or makes.

    A module that has `in_dialect` makes one with it. A target may also have `unsupported(plan) ->
    list[str]`: the reasons why it cannot run a plan. Each is a sentence that names the feature or
    column and says what to do.
    """

    def files(self, plan: Plan) -> dict[str, str]:
        """Make the texts of a plan.

        They go by their path below the plan's folder.
        """


def load_targets(names: Iterable[str], dialect: str | None = None) -> dict[str, Target]:
    """Load the targets by name.

    Those that write SQL of several dialects write `dialect`. Raises ValueError if a dialect is
    missing, unknown, or of use to none of them.
    """
    modules = {name: importlib.import_module(f"{__package__}.targets.{name}") for name in names}
    targets = {}
    has_dialect = False
    for name, module in modules.items():
        if hasattr(module, "in_dialect"):
            targets[name] = module.in_dialect(dialect)
            has_dialect = True
        else:
            targets[name] = module
    if dialect is not None and not has_dialect:
        raise ValueError("--dialect is for --target sql, which is not among the targets.")
    return targets


def render(plans: Iterable[Plan], targets: Collection[Target]) -> dict[str, str]:
    """Render all files, by path below the output folder.

    They are the plan and what each target makes of it.
    """
    rendered: dict[str, str] = {}
    for plan in plans:
        rendered[f"{plan.name}/plan.json"] = plan_text(plan)
        for target in targets:
            rendered |= {f"{plan.name}/{path}": text for path, text in target.files(plan).items()}
    return rendered


def differing(out: str, rendered: Mapping[str, str]) -> list[str]:
    """List the files that are missing or out of date."""
    return [path for path, text in rendered.items() if _on_disk(Path(out, path)) != text.encode()]


def write(out: str, rendered: Mapping[str, str]) -> None:
    """Write every file that differs.

    A reader sees the old file or the new one, never a part. Raises OSError for a path that leads
    out of the folder, for example through a link inside it, and for a folder beside one whose name
    differs only in case.
    """
    require_possible(out)
    _require_apart(out, {path.partition("/")[0] for path in rendered})
    root, mode = Path(os.path.realpath(out)), 0o666 & ~_umask()
    for path in differing(out, rendered):
        target = Path(out, path)
        if not Path(os.path.realpath(target.parent)).is_relative_to(root):
            raise PermissionError(errno.EPERM, f"it leads out of {out}", str(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(rendered[path].encode())
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def _require_apart(out: str, folders: Collection[str]) -> None:
    """Refuse names that differ from one on disk only in case.

    Some file systems take both for one, and each would be written over the other.
    """
    there = os.listdir(out) if os.path.isdir(out) else []
    others = {name.lower(): name for name in there if name not in folders}
    for folder in sorted(folders):
        other = others.get(folder.lower())
        if other is not None:
            what = f"{other} is there, and some file systems take both for one. Delete one of them"
            raise FileExistsError(errno.EEXIST, what, str(Path(out, folder)))


def left_over(out: str, plans: Collection[Plan], is_whole: bool) -> list[str]:
    """List plans below `out` that no GroupBy makes any more.

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
        return read_document(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def unsupported(compilation: Compilation, targets: Mapping[str, Target]) -> list[Diagnostic]:
    """Report each reason why a target cannot run a plan.

    The problem is reported at the GroupBy's line.
    """
    problems = []
    for plan in compilation.plans:
        for name, target in targets.items():
            for reason in getattr(target, "unsupported", _nothing)(plan):
                what = f"--target {name} cannot run {plan.name}: {reason}"
                problems.append(diagnostic("TW031", compilation.sites[plan.name], what))
    return problems


def _nothing(plan: Plan) -> list[str]:
    return []


def endangered(out: str, plans: Iterable[Plan]) -> list[Diagnostic]:
    """Report online plans that would lose their stored tiles.

    The new plan of the same name could not use them.
    """
    problems = []
    for plan in plans:
        problems += _endangered(Path(out, plan.name, "plan.json"), plan)
    return problems


def _endangered(path: Path, new: Plan) -> list[Diagnostic]:
    try:
        document = json.loads(read_document(path))
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
        "Compile to another folder, name the GroupBy anew, or pass --allow-incompatible if its "
        "tiles will be written again."
    )
    what = (
        "this plan is online, and the tiles that it has stored do not fit the new one: "
        f"{'; '.join(reasons)}. {advice}"
    )
    return [diagnostic("TW050", CallSite(str(path), 0), what)]


def _reasons(document: dict[str, object], new: Plan) -> list[str]:
    from .diff import Change, Verdict, compare  # which few compilations need

    try:
        old = Plan.model_validate(document)
    except PartError:
        # Another version wrote it, so its parts cannot be compared; but the digest of what tiles
        # depend on can.
        if document.get("storage_fingerprint") == new.storage_fingerprint:
            return []
        return ["another version of the compiler wrote it, and its storage fingerprint is another"]
    alike: dict[tuple[Verdict, str], list[str]] = {}
    for change in compare(old, new).changes:
        if change.verdict >= Verdict.NEW_LEVEL:
            alike.setdefault((change.verdict, change.why), []).append(change.what)
    return [str(Change(verdict, ", ".join(what), why)) for (verdict, why), what in alike.items()]
