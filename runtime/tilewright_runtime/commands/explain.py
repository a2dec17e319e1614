"""`tilewright explain`: describe a plan before there is any data."""

from __future__ import annotations

import click


@click.command()
@click.argument("plan")
@click.option(
    "--at",
    metavar="T",
    help="The query time of the covers, as ISO 8601 or epoch milliseconds. Default: now.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html"]),
    default="text",
    show_default=True,
    help="Text for a terminal, or an HTML page.",
)
def explain(plan: str, at: str | None, form: str) -> None:
    """Explain PLAN (a plan.json or its folder).

    Shows the tile sizes and why, what a request reads, what is stored, and the covers. With
    --format html, prints one page that needs no other file.
    """
    from ..plans import load_plan
    from ..reports.plan import report
    from ..times import moment_ms

    described = report(load_plan(plan), moment_ms(at))
    if form == "html":
        from ..reports.page import page

        click.echo(page(described), nl=False)
    else:
        from ..reports.explanation import console
        from ..reports.text import print_report

        print_report(console(), described)
