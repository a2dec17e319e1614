"""From declarations to plans: the passes in order.

They run for one GroupBy, or for all of a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from os import PathLike

from tilewright.declaration import CallSite, Declaration
from tilewright.group_by import GroupBy
from tilewright.windows import duration_ms

from .draft import BoundSource, Draft
from .expressions.binder import shared_binder
from .frontend.config import Config, of_section
from .frontend.diagnostics import KINDS, CompileError, Diagnostic, diagnostic, shown_path
from .frontend.loader import Loaded, load
from .frontend.names import folder_problem, is_dotted
from .passes.agree_on_types import agree_on_types
from .passes.bind_columns import bind_ahead, bind_columns
from .passes.bind_derivations import bind_derivations
from .passes.check_defaults import check_defaults
from .passes.choose_late_policy import choose_late_policy
from .passes.choose_tile_sizes import choose_tile_sizes
from .passes.estimate_cost import estimate_cost
from .passes.expand_features import expand_features
from .passes.lay_out_events import lay_out_events
from .passes.lay_out_keys import lay_out_keys
from .passes.lay_out_states import lay_out_states
from .passes.write_sql import write_sql
from .plan.model import PLAN_VERSION, Column, Plan, Source
from .plan.settings import Flink, Late, Monitoring, Serving, Store

#: Each finds its own mistakes, so all of them run whatever the others find.
CHECKING: tuple[Callable[[Draft], None], ...] = (
    expand_features,
    bind_columns,
    agree_on_types,
    bind_derivations,
    check_defaults,
    choose_tile_sizes,
    choose_late_policy,
)


@dataclass(frozen=True)
class Compilation:
    """The plans that were made, and all problems.

    Plans are in the order of their names, and problems in the order of their places. `sites` says
    where each plan was declared.
    """

    plans: list[Plan] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    sites: dict[str, CallSite] = field(default_factory=dict)

    @property
    def errors(self) -> list[Diagnostic]:
        """The problems that stop a compilation."""
        return [d for d in self.diagnostics if d.severity == "error"]


def compile_paths(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]], config: Config | None = None
) -> Compilation:
    """Compile every GroupBy of files and folders.

    Nothing is written.
    """
    given = [paths] if isinstance(paths, str | PathLike) else paths
    loaded = load([str(path) for path in given])
    diagnostics = list(loaded.diagnostics)
    for declaration in loaded.declarations:
        diagnostics += _problems(declaration)
    sources = (source for named in loaded.group_bys for source in named.group_by.sources or ())
    bind_ahead(shared_binder(), sources)
    plans = []
    for named in loaded.group_bys:
        draft = Draft(
            named.group_by,
            named.name,
            config or Config(),
            shared_binder(),
            named.variables,
            root=named.root,
        )
        plan, problems = _compile(draft)
        diagnostics += problems
        if plan is not None:
            plans.append(plan)
    diagnostics += _same_names(loaded)
    sites = {named.name: named.group_by.site for named in loaded.group_bys}
    return Compilation(sorted(plans, key=lambda plan: plan.name), sorted(set(diagnostics)), sites)


def compile_group_by(
    group_by: GroupBy,
    name: str | None = None,
    base_dir: str | None = None,
    config: Config | None = None,
) -> Plan:
    """Compile one GroupBy without files, as in a notebook.

    `name` is used if the GroupBy has none. Raises CompileError with all that is wrong.
    """
    diagnostics: list[Diagnostic] = []
    for declaration in _tree(group_by):
        diagnostics += _problems(declaration)
    draft = Draft(
        group_by,
        group_by.name or name or "group_by",
        config or Config(),
        shared_binder(),
        base_dir=base_dir,
    )
    plan, problems = _compile(draft)
    diagnostics += problems
    if plan is None or any(d.severity == "error" for d in diagnostics):
        raise CompileError(set(diagnostics))
    return plan


def _compile(draft: Draft) -> tuple[Plan | None, list[Diagnostic]]:
    problem = folder_problem(draft.name)
    if not is_dotted(draft.name):
        problem = "is not made of words (letters, digits, '_') and dots"
    if problem is not None:
        advice = "Rename the file or variable, or give a name=… such as 'clicks.hourly'"
        name = draft.name if len(draft.name) <= 60 else f"{draft.name[:60]}…"
        what = f"the name {name!r} {problem}. {advice}."
        draft.report("TW007", draft.group_by.site, what)
    for check in CHECKING:
        check(draft)
    if draft.broken or any(declaration.problems for declaration in _tree(draft.group_by)):
        return None, draft.diagnostics
    return _build(draft), draft.diagnostics


def _tree(declaration: Declaration) -> Iterable[Declaration]:
    yield declaration
    for value in vars(declaration).values():
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, Declaration):
                yield from _tree(part)


def _problems(declaration: Declaration) -> list[Diagnostic]:
    return [
        diagnostic(KINDS[problem.kind], declaration.site, problem.message)
        for problem in declaration.problems
    ]


def _same_names(loaded: Loaded) -> list[Diagnostic]:
    seen: dict[str, GroupBy] = {}
    problems = []
    for named in loaded.group_bys:
        # Names become folders, and some file systems ignore case.
        other = seen.setdefault(named.name.casefold(), named.group_by)
        if other is not named.group_by:
            where = f"{shown_path(other.site.file)}:{other.site.line}"
            what = (
                f"the name {named.name!r} is also that of the GroupBy at {where}. Give one a "
                "name=…."
            )
            problems.append(diagnostic("TW006", named.group_by.site, what))
    return problems


def _build(draft: Draft) -> Plan:
    """Make the plan of a draft without errors."""
    contents = lay_out_states(draft)
    events = lay_out_events(draft, contents.features)
    scripts = write_sql(draft, contents, events)
    config = draft.config
    plan = Plan(
        plan_version=PLAN_VERSION,
        name=draft.name,
        fingerprint="",
        storage_fingerprint="",
        declared=draft.place(draft.group_by.site),
        online=draft.group_by.online,
        keys=draft.keys,
        sources=[_source(draft, bound) for bound in draft.sources],
        sql=scripts.by_source,
        tile_columns=scripts.tile_columns,
        partials=scripts.partials,
        states=contents.states,
        levels=draft.levels,
        events=events,
        features=contents.features,
        derivations=draft.derivations,
        key_layout=lay_out_keys(draft, events),
        tile_layout=contents.layout,
        late=_late(draft),
        flink=of_section(Flink, config.flink),
        store=of_section(Store, config.kv_store),
        serving=_serving(draft.group_by),
        monitoring=of_section(Monitoring, config.monitoring),
        cost=estimate_cost(draft, contents, events),
    )
    return plan.model_copy(update=plan.fingerprints())


def _serving(group_by: GroupBy) -> Serving:
    staleness = group_by.max_staleness
    return Serving(
        on_missing=group_by.on_missing,
        max_staleness_ms=None if staleness is None else duration_ms(staleness),
    )


def _late(draft: Draft) -> Late:
    flink = draft.config.flink
    return Late(
        policy=draft.late_policy,
        approximate=list(draft.approximate),
        allowed_lateness_ms=flink.allowed_lateness,
        out_of_orderness_ms=flink.out_of_orderness,
        max_ahead_ms=draft.max_ahead_ms,
    )


def _source(draft: Draft, bound: BoundSource) -> Source:
    query = bound.source.query
    horizon = bound.source.event_id_horizon
    return Source(
        name=bound.name,
        table=bound.source.table,
        topic=bound.source.topic,
        delimiter=bound.source.delimiter,
        null_values=list(bound.source.null_values),
        dialect=query.dialect,
        schema=[Column(name=name, type=kind) for name, kind in bound.schema.items()],
        selects=bound.written,
        wheres=list(query.wheres),
        time_column=query.time_column,
        declared=draft.place(bound.source.site),
        event_id=bound.source.event_id,
        event_id_horizon_ms=None if bound.source.event_id is None else duration_ms(horizon),
    )
