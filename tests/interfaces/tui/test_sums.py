"""Numbers of one run agree wherever they stand, also where a session has had runs before it."""

from __future__ import annotations

from hermes_tui.domain.events import RunEnded
from hermes_tui.interfaces.tui import meter
from tests.fakes import Reply, Scenario
from tests.fakes.usage import Usage
from tests.interfaces.tui.stand import Stand, Table, workstation


def total_usd(app: Stand, column: int) -> str:
    """Return the total of one of the tables: by brain, by task."""
    view = app.workspace.view_now()
    drawn = meter.detail(view.state, view.chronicle, view.now, 120)
    total = next(line.text for line in drawn if line.text.lstrip().startswith("total"))
    return [word for word in total.split() if word.startswith("$")][column]


async def test_what_a_second_run_costs_is_the_same_by_task_by_brain_and_in_all(table: Table) -> None:
    dear = Reply("One.", usage=Usage(input_tokens=500_000, output_tokens=10))
    cheap = Reply("Two.", usage=Usage(input_tokens=50_000, output_tokens=10))
    async with workstation(table, Scenario(replies=[dear, cheap])) as app:
        await app.enter("first")
        await app.until_event(RunEnded)
        await app.enter("second")
        await app.until_event(RunEnded, 2)
        await app.until(lambda: not app.workspace.live)
        spend = app.seat.state.spend
        sums = total_usd(app, 0), total_usd(app, 1)

    assert 0 < spend.run.usd < spend.total.usd
    assert sum(share.usd for share in spend.by_task.values()) == spend.run.usd
    assert sum(share.usd for share in spend.by_model.values()) == spend.run.usd
    assert sums == (f"${spend.run.usd:.2f}",) * 2
