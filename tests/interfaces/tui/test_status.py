"""The status line: what gives way to what as the terminal becomes narrower."""

from __future__ import annotations

from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.status import status_line
from hermes_tui.services.desk import Desk
from tests.fakes import Scenario
from tests.interfaces.tui.stand import Table, workstation

HELP = "  F1 help "


async def test_the_first_page_says_where_help_is_at_80_columns(table: Table) -> None:
    async with workstation(table, Scenario(), size=(80, 24), url=False) as app:
        await app.until(lambda: "no brain F3" in app.rows[-1])

        assert app.rows[-1].startswith("  ask   no brain F3  $0.00 of 5.00")
        assert app.rows[-1].endswith(HELP)


async def test_help_costs_the_reason_of_a_brain_and_no_other_fact(table: Table) -> None:
    async with workstation(table, Scenario(), url=False) as app:
        view = replace(app.workspace.view_now(), brain="openai:small")
        view.chronicle.why = "first healthy in auto order"
        without = status_line(replace(view, past=True), 150).text.rstrip()
        lines = [status_line(view, width).text for width in range(40, 121)]
        reasons = [line for line in lines if "first healthy" in line]
        least = len(without.replace(" first healthy in auto order", "")) + len(HELP)

        assert all(line.endswith(HELP) for line in reasons)
        assert all(line.endswith(HELP) for line in lines[least - 40 :])
        assert [line for line in lines if line.endswith(HELP) and "$" not in line] == []
        assert {len(line) for line in lines} == set(range(40, 121))


async def test_the_past_says_nothing_of_help(table: Table) -> None:
    async with workstation(table, Scenario(), url=False) as app:
        past = replace(app.workspace.view_now(), past=True)

        assert [width for width in range(40, 121) if "F1" in status_line(past, width).text] == []


async def test_a_sandbox_that_is_found_late_is_named_though_nothing_else_happens(table: Table) -> None:
    async with workstation(table, Scenario(), url=False) as app:
        assert isinstance(app.seat, Desk)
        app.seat._confined_by("")
        app.workspace.refresh_panes()
        unknown = app.text
        app.seat._confined_by("bubblewrap")
        app.workspace.tick()
        await app.until(lambda: "sandbox bubblewrap, full   memory " in app.text)

        assert "bubblewrap" not in unknown
        assert "  bwrap  " in app.rows[-1]
