"""`tilewright sweep`: delete tiles that no window reads."""

from __future__ import annotations

import click

_HELP = """\
Delete the tiles of PLAN in STORE whose time to live has passed.

STORE is the URL of an embedded store, or lmdb: and the folder of --state. PLAN is a plan.json,
its folder, or a folder of plans. A tile goes once the newest event is later than its start by
the time to live of its level, so what windows can still read stays.
"""


@click.command(help=_HELP)
@click.argument("store_url", metavar="STORE")
@click.argument("plans", metavar="PLAN...", nargs=-1, required=True)
def sweep(store_url: str, plans: tuple[str, ...]) -> None:
    """Delete tiles whose time to live has passed."""
    from ..errors import StoreError
    from ..plans import load_plans
    from ..stores import TransactionalStore, open_store
    from ..stores.ownership import require_plan
    from ..stores.sweeping import sweep as swept_of
    from ..times import iso

    loaded = load_plans(plans)
    with open_store(store_url, create=False) as store:
        if not isinstance(store, TransactionalStore):
            raise StoreError(
                f"store {store.url} forgets tiles by itself. Sweep the folder of --state, as "
                "lmdb:DIR."
            )
        for plan in loaded:
            require_plan(plan, store)
            swept = swept_of(plan, store)
            total = sum(swept.tiles.values())
            click.echo(f"{plan.name}: {total:,} {'tile' if total == 1 else 'tiles'} deleted")
            for level, count in swept.tiles.items():
                until = iso(swept.until_ms[level])
                click.echo(f"  {count:,} of {level}, which begin before {until}")
