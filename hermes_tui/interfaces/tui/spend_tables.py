"""What was spent as two tables, by role and by task; each adds up to the spent figure, digit by digit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, ends, fit, one_line, pad
from hermes_tui.interfaces.tui.drawing.glyphs import UNKNOWN

CORTEX: Final = "cortex"
LOCAL: Final = "local"
"""What a share cost that only brains on this machine answered for."""
BESIDE: Final = 110
"""From here on the tables stand side by side."""
GAP: Final = 4
ROLE_WIDTH: Final = 14
_DIGITS: Final = (2, 4, 6)
_COLUMNS: Final = (("calls", 6), ("in", 7), ("out", 7), ("cached", 8), ("usd", 10))
_SUMS: Final = (("usd", 10), ("slice", 7))


@frozen(kw_only=False)
class RoleShare:
    """What was spent for one role, by which brain; `free` says that the brain runs on this machine."""

    role: str
    brain: str
    spent: Spent
    free: bool = False

    def usd(self, digits: int = 0) -> str:
        """Return its money in words."""
        nothing = self.spent.calls and not self.spent.usd and not self.spent.unknown
        return LOCAL if nothing and self.free else spent_text(self.spent, digits)


def spent_text(spent: Spent, digits: int = 0) -> str:
    """Return a share's money, with so many digits if it is said: what has no known price is not in it."""
    if spent.calls and spent.unknown == spent.calls:
        return UNKNOWN
    said = f"${spent.usd:.{digits}f}" if digits else wording.money(spent.usd)
    return said + ("+" if spent.unknown else "")


def role_shares(state: SessionState, chronicle: Chronicle, free: Collection[str] = ()) -> list[RoleShare]:
    """Return a share for each role that was used; `free` names the brains that run on this machine."""
    shares: list[RoleShare] = []
    for role, spent in state.spend.by_role.items():
        brain = chronicle.role_models.get(role, "")
        others = sum(one != brain and chronicle.model_roles.get(one) == role for one in state.spend.by_model)
        same = role != CORTEX and brain and brain == chronicle.role_models.get(CORTEX)
        said = f"same as {CORTEX}" if same else brain or UNKNOWN
        said += f" and {others} more" if others else ""
        shares.append(RoleShare(role.rpartition(".")[2] or UNKNOWN, said, spent, brain in free and not others))
    return shares


def digits_for(state: SessionState) -> int:
    """Return the fewest digits with which both tables add up as they are written and nothing that was spent reads 0."""
    spend = state.spend
    for digits in _DIGITS:
        written = [[_units(one.usd, digits) for one in table.values()] for table in (spend.by_role, spend.by_task)]
        spent = [one.usd for table in (spend.by_role, spend.by_task) for one in table.values()]
        adds_up = all(sum(units) == _units(spend.run.usd, digits) for units in written)
        if adds_up and all(_units(usd, digits) for usd in spent if usd):
            return digits
    return _DIGITS[-1]


def _units(usd: float, digits: int) -> int:
    return int(f"{usd:.{digits}f}".replace(".", ""))


def tables(state: SessionState, chronicle: Chronicle, width: int, free: Collection[str] = ()) -> list[Line]:
    """Return both tables, beside each other where there is room."""
    beside = width >= BESIDE
    half = (width - GAP) * 65 // 100 if beside else width
    digits = digits_for(state)
    roles = _by_role(state, role_shares(state, chronicle, free), half, digits)
    tasks = _by_task(state, width - GAP - half if beside else width, digits)
    if not beside:
        return [*roles, EMPTY, *tasks]
    count = max(len(roles), len(tasks))
    left, right = ([*lines, *[EMPTY] * (count - len(lines))] for lines in (roles, tasks))
    return [
        Line((*ends(one.spans, (), half).spans, (" " * GAP, ""), *two.spans))
        for one, two in zip(left, right, strict=True)
    ]


def _row(name: str, cells: Sequence[str], columns: Sequence[tuple[str, int]], width: int, role: str) -> Line:
    right = "".join(pad(cell, size, right=True) for cell, (_, size) in zip(cells, columns, strict=True))
    left = fit(name, max(width - len(right) - 3, 8))
    return ends(((f" {left}", role),), ((f"{right} ", role),), width)


def _by_role(state: SessionState, shares: Sequence[RoleShare], width: int, digits: int) -> list[Line]:
    lines = [_row(f"{'by role':<{ROLE_WIDTH}}brain", [name for name, _ in _COLUMNS], _COLUMNS, width, "muted")]
    for share in shares:
        name = f"{pad(one_line(share.role), ROLE_WIDTH - 1)} {one_line(share.brain)}"
        lines.append(_row(name, [*_counts(share.spent), share.usd(digits)], _COLUMNS, width, "text"))
    total = state.spend.run
    return [*lines, _row("total", [*_counts(total), spent_text(total, digits)], _COLUMNS, width, "text bold")]


def _counts(spent: Spent) -> list[str]:
    usage = spent.usage
    return [
        f"{spent.calls:,}",
        wording.tokens(usage.prompt_tokens),
        wording.tokens(usage.output_tokens),
        wording.ratio(usage.cache_read_tokens, usage.prompt_tokens),
    ]


def _by_task(state: SessionState, width: int, digits: int) -> list[Line]:
    lines = [_row("by task", [name for name, _ in _SUMS], _SUMS, width, "muted")]
    for name, spent in state.spend.by_task.items():
        task = state.graph.tasks.get(name) if name is not None else None
        slice_usd = task.budget.usd if task is not None and task.budget is not None else None
        title = task.title if task is not None else str(name or "no task")
        cap = f"{slice_usd:.2f}" if slice_usd else UNKNOWN
        lines.append(_row(one_line(title), [spent_text(spent, digits), cap], _SUMS, width, "text"))
    return [*lines, _row("total", [spent_text(state.spend.run, digits), ""], _SUMS, width, "text bold")]
