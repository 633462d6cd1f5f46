"""The one way in which a plan changes: checked against its present revision, then on record."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_tui.domain.errors import EditRefused
from hermes_tui.domain.events import PlanEdited, PlanOp
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state.edits import check
from hermes_tui.kernel.session import Session


def amend(
    session: Session, place: Place, ops: Sequence[PlanOp], *, by: str, why: str, base_rev: int | None = None
) -> Record:
    """Put an edit on record; None as `base_rev` is the present revision.

    Raises:
        EditRefused: the edit is stale, or the plan as it is does not allow it; nothing changed.
    """
    graph = session.state.graph
    check(graph, ops, base_rev=graph.rev if base_rev is None else base_rev)
    return session.emit(PlanEdited(base_rev=graph.rev, by=by, why=why, ops=tuple(ops)), place)


def undo(session: Session, place: Place, *, by: str, base_rev: int | None = None) -> Record:
    """Put on record what takes the latest edit back that is not taken back yet.

    Raises:
        EditRefused: no edit is left, or what it changed has moved on since.
    """
    graph = session.state.graph
    if not graph.undos:
        raise EditRefused("There is no edit left to undo.")
    last = graph.undos[-1]
    check(graph, last.ops, base_rev=graph.rev if base_rev is None else base_rev)
    why = f"takes back the edit that led to revision {last.rev}"
    return session.emit(PlanEdited(base_rev=graph.rev, by=by, why=why, ops=last.ops, undoes=last.rev), place)
