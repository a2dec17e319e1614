"""Plans, read from files and verified."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from tilewright.documents import read_document
from tilewright.suggestions import nearest_name
from tilewright_compiler.plan.checks import PartError
from tilewright_compiler.plan.model import PLAN_VERSION, Plan
from tilewright_compiler.verify.plan import verify_plan

from ..errors import PlanError, shown

if TYPE_CHECKING:
    from pathlib import Path

Owner = TypeVar("Owner")
Arguments = ParamSpec("Arguments")
Preparing = Callable[Concatenate[Owner, Plan, Arguments], None]

#: What parts of a plan raise that do not fit each other.
_CLASHES = (
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    NotImplementedError,
)

_FILE = "plan.json"
_MOST_NAMES = 20


def load_plan(path: str | Path) -> Plan:
    """Load the plan in a plan.json or its folder.

    Raises PlanError, which says what is wrong with it.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise PlanError(f"plan {shown(path)} is no path. Give that of a plan.json or its folder.")
    file = os.fspath(path) or os.curdir
    if os.path.isdir(file):
        file = os.path.join(file, _FILE)
    try:
        document = json.loads(read_document(file).decode())
    except FileNotFoundError:
        raise PlanError(f"{file}: there is no plan. {_advice(file)}") from None
    except OSError as error:
        raise PlanError(
            f"{file}: cannot be read ({error.strerror}). Name a plan.json that you may "
            "read, or its folder."
        ) from None
    except RecursionError:
        raise PlanError(
            f"{file}: not a plan (it is nested too deeply). Compile it again with tilewright "
            "compile."
        ) from None
    except ValueError as wrong:
        raise PlanError(
            f"{file}: not a plan ({wrong}). Compile it again with tilewright compile."
        ) from wrong
    return plan_of_document(document, file)


def load_plans(paths: Sequence[str | Path]) -> list[Plan]:
    """Load plans, and those in folders of plans.

    Each comes once, in order. Raises PlanError, also for two plans of one name.
    """
    plans: dict[str, Plan] = {}
    for given in paths:
        path = os.fspath(given)
        below = [] if os.path.exists(os.path.join(path, _FILE)) else _plans_below(path)
        for place in [os.path.join(path, name) for name in below] or [path]:
            plan = load_plan(place)
            known = plans.setdefault(plan.name, plan)
            if known.fingerprint != plan.fingerprint:
                raise PlanError(
                    f"{place}: is another plan of the name {plan.name}. Name one of the two."
                )
    return list(plans.values())


@contextmanager
def parts_fit(plan: Plan) -> Iterator[None]:
    """Blame the plan for what fails within.

    Raises PlanError in place of whatever was raised.
    """
    try:
        yield
    except _CLASHES as error:
        raise PlanError(
            f"the parts of the plan {plan.name} do not fit each other "
            f"({type(error).__name__}: {shown(str(error))}). Compile it again."
        ) from error


def prepares_from_plan(method: Preparing[Owner, Arguments]) -> Preparing[Owner, Arguments]:
    """Blame the plan if an `__init__` fails on it.

    It decorates an `__init__` whose first argument is a plan. The parts of a compiled plan fit each
    other. Those of a plan that was edited, and given a fingerprint that fits, may clash in more
    ways than can be listed. Raises PlanError in place of whatever was raised.
    """

    @wraps(method)
    def prepare(
        self: Owner, plan: Plan, /, *args: Arguments.args, **named: Arguments.kwargs
    ) -> None:
        with parts_fit(plan):
            method(self, plan, *args, **named)

    return prepare


def _advice(path: str) -> str:
    """Say where plans are, to someone who has named none."""
    from pathlib import Path  # takes longer than to read a plan

    file = Path(path)
    folder = file.parent
    below = _plans_below(folder)
    if file.name == _FILE and below:
        names = ", ".join(below[:_MOST_NAMES]) + (", …" if len(below) > _MOST_NAMES else "")
        return f"{folder} is a folder of plans: name one of them, {names}."
    named = folder if file.name == _FILE else file
    near = None if named.exists() else nearest_name(named.name, _plans_below(named.parent))
    if near is not None:
        return f"Did you mean {named.parent / near}?"
    return "Make one with tilewright compile, and name its folder or its plan.json."


def _plans_below(folder: str | Path) -> list[str]:
    from pathlib import Path

    try:
        return sorted(file.parent.name for file in Path(folder).glob(f"*/{_FILE}"))
    except OSError:  # a name that is too long
        return []


def plan_of_document(document: Any, place: str | Path) -> Plan:
    """Make a plan of a JSON document.

    `place` names the document in messages. Raises PlanError for another version, another form, and
    parts that do not fit each other.
    """
    version = document.get("plan_version") if isinstance(document, dict) else None
    if version != PLAN_VERSION or isinstance(version, bool):
        raise PlanError(
            f"{place}: plan version {shown(version)}, but this version of Tilewright reads "
            f"{PLAN_VERSION}. Compile it again."
        )
    try:
        plan = Plan.model_validate(document)
        digests = plan.fingerprints()
    except PartError as wrong:
        raise PlanError(
            f"{place}: {wrong}. A plan is not edited by hand: compile it again."
        ) from wrong
    except (ValueError, OverflowError, RecursionError) as wrong:
        # Half a surrogate in a text, or a number that JSON cannot have.
        raise PlanError(
            f"{place}: a value cannot be read ({wrong}). Compile it again with tilewright compile."
        ) from wrong
    if digests["fingerprint"] != plan.fingerprint:
        raise PlanError(
            f"{place}: its content is not what its fingerprint says, so it was changed by hand. "
            "Compile it again."
        )
    if digests["storage_fingerprint"] != plan.storage_fingerprint:
        raise PlanError(
            f"{place}: storage_fingerprint is not that of its content, so it was changed by hand. "
            "Compile it again."
        )
    _verify(plan, place)
    return plan


def _verify(plan: Plan, place: str | Path) -> None:
    try:
        verify_plan(plan)
    except ValueError as wrong:
        raise PlanError(
            f"{place}: {wrong}. A plan is not edited by hand: compile it again."
        ) from wrong
