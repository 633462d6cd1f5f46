"""The budget as lines: bar, rate, forecast and shares; every number from records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.tasks import TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, ends, fit, one_line, pad
from hermes_tui.interfaces.tui.drawing.glyphs import UNKNOWN

NEAR: Final = 0.8
"""From this share of a cap on, it is amber."""
_BLOCKS: Final = "▁▂▃▄▅▆▇"
PLOT: Final = 24


@frozen(kw_only=False)
class Day:
    """What all sessions spent today, None if nobody looked, and the cap of a day, None if there is none."""

    usd: float | None = None
    cap_usd: float | None = None

    @property
    def text(self) -> str:
        """It in words."""
        return wording.money(self.usd) + (f" of {self.cap_usd:.2f}" if self.cap_usd else "")


NO_DAY: Final = Day()


def bar(spent: float, reserved: float, cap: float, width: int) -> tuple[Span, ...]:
    """Return spent, reserved and free as one bar; spending shows as soon as there is any."""
    if cap <= 0 or width <= 0:
        return ()
    full = min(round(width * spent / cap), width)
    full = max(full, 1) if spent > 0 else full
    held = min(round(width * (spent + reserved) / cap), width) - full
    held = max(held, 1) if reserved > 0 and full < width else max(held, 0)
    role = "warn" if spent >= NEAR * cap else "accent"
    spans = (("█" * full, role), ("▒" * held, role), ("░" * (width - full - held), "rule"))
    return tuple(span for span in spans if span[0])


def plot(values: Sequence[float]) -> str:
    """Return values as blocks; blank where all are zero."""
    top = max(values, default=0.0)
    if top <= 0:
        return ""
    return "".join(_BLOCKS[min(int(value / top * len(_BLOCKS)), len(_BLOCKS) - 1)] for value in values)


def forecast(state: SessionState) -> float | None:
    """Return about what the run comes to in the end; None before a third of its tasks is done."""
    ended = sum(status.state is TaskState.DONE for status in state.graph.status.values())
    total = len(state.graph.status)
    usd = state.spend.run.usd
    if total < 3 or ended * 3 < total or ended == total or not usd or state.run.ended is not None:
        return None
    return usd * total / ended


def spent_text(spent: Spent) -> str:
    """Return a share's money: local models cost nothing, unknown prices are said."""
    if spent.calls and spent.unknown == spent.calls:
        return UNKNOWN
    return wording.money(spent.usd) + ("+" if spent.unknown else "")


def compact(state: SessionState, chronicle: Chronicle, now: float, width: int, day: Day = NO_DAY) -> list[Line]:
    """Return the small meter."""
    room = width - 2
    spend, cap = state.spend, state.run.limits.usd
    reserved = spend.reserved_usd
    lines: list[Line] = []
    if cap:
        text = wording.money(cap)
        drawn = bar(spend.run.usd, reserved, cap, room - len(text) - 1)
        lines.append(Line(((" ", ""), *drawn, (f" {text}", "muted"))))
    left = (
        ((" spent ", "muted"), (spent_text(spend.run), "text bold")),
        (("  reserved ", "muted"), (wording.money(reserved), "text")),
        (("  left ", "muted"), (wording.money(max(cap - spend.run.usd - reserved, 0.0)), "text")) if cap else (),
    )
    lines.append(Line(tuple(span for part in left for span in part)))
    lines.append(_rate(state, chronicle, now))
    lines.append(EMPTY)
    lines += [_share(model, spent, chronicle, width) for model, spent in spend.by_model.items()]
    lines.append(_cached(spend.run, width))
    if day.usd is not None:
        lines.append(ends(((" today, all sessions ", "muted"), (day.text, "text")), (), width))
    return lines


def _rate(state: SessionState, chronicle: Chronicle, now: float) -> Line:
    drawn = plot(chronicle.columns(now, 12))
    rate = chronicle.rate_usd(now)
    near = forecast(state)
    said = f"{wording.money(rate)}/min" if rate is not None else f"rate {UNKNOWN}"
    ending = f"  ends near {wording.money(near)}" if near is not None else ""
    return Line(((" ", ""), (f"{drawn}  " if drawn else "", "accent"), (said, "text"), (ending, "muted")))


def _share(model: str, spent: Spent, chronicle: Chronicle, width: int) -> Line:
    role = chronicle.model_roles.get(model, "")
    left = ((f" {pad(role, 12)} ", "muted"), (one_line(model), "text"))
    return ends(left, ((spent_text(spent), "text"), (" ", "")), width)


def _cached(run: Spent, width: int) -> Line:
    usage = run.usage
    share = wording.ratio(usage.cache_read_tokens, usage.prompt_tokens)
    about = "" if usage.source == "reported" else "about "
    right = ((f"{about}{wording.tokens(usage.total_tokens)} tokens", "muted"), (" ", ""))
    return ends(((" cached input ", "muted"), (share, "text")), right, width)


def detail(state: SessionState, chronicle: Chronicle, now: float, width: int, day: Day = NO_DAY) -> list[Line]:
    """Return the meter with both tables; each adds up to what was spent."""
    spend, cap = state.spend, state.run.limits.usd
    lines: list[Line] = []
    lines.append(_against("run", (spend.run.usd, spent_text(spend.run)), spend.reserved_usd, cap, width))
    lines += _day(day, spend.reserved_usd, width)
    near = forecast(state)
    ending = f"about {wording.money(near)} in the end" if near is not None else "no forecast yet"
    lines += [Line(((" rate  ", "muted"), *_rated(chronicle, now), (ending, "muted"))), EMPTY]
    return [*lines, *_tables(state, chronicle, width)]


def _rated(chronicle: Chronicle, now: float) -> tuple[Span, ...]:
    """Return the plot and the rate over the time that it is of; unknown before anything was spent."""
    rate = chronicle.rate_usd(now)
    if rate is None:
        return ((f"{UNKNOWN}  ", "text"),)
    over = wording.elapsed(chronicle.rate_over_s(now))
    drawn = plot(chronicle.columns(now, PLOT)) or UNKNOWN
    return ((drawn, "accent"), (f"  {wording.money(rate)}/min over {over}  ", "text"))


def _day(day: Day, reserved: float, width: int) -> list[Line]:
    """Return the line of the day: like that of the run where it has a cap."""
    if day.usd is None:
        return []
    return [_against("day", (day.usd, wording.money(day.usd)), reserved, day.cap_usd, width)]


def _against(name: str, amount: tuple[float, str], reserved: float, cap: float | None, width: int) -> Line:
    """Return one meter: a bar, and what was spent (and how that is said) and reserved of a cap, in columns."""
    usd, said = amount
    if not cap:
        return Line(((f" {name:<6}", "muted"), (f"spent {said}, no cap in US dollars", "text")))
    held, most = (wording.money(one) for one in (reserved, cap))
    text = f"  spent {said:>5}   reserved {held:>5}   cap {most:>6}"
    drawn = bar(usd, reserved, cap, max(width - 10 - len(text), 10))
    return ends(((f" {name:<6}", "muted"), *drawn, (text, "text")), ((" ", ""),), width)


def _tables(state: SessionState, chronicle: Chronicle, width: int) -> list[Line]:
    half = width if width < 110 else width * 3 // 5
    models = _by_model(state, chronicle, half)
    tasks = _by_task(state, width - half if width >= 110 else width)
    if width < 110:
        return [*models, EMPTY, *tasks]
    count = max(len(models), len(tasks))
    models += [Line()] * (count - len(models))
    tasks += [Line()] * (count - len(tasks))
    return [Line((*ends(one.spans, (), half).spans, *two.spans)) for one, two in zip(models, tasks, strict=True)]


_COLUMNS: Final = (("calls", 6), ("in", 8), ("out", 8), ("cached", 8), ("usd", 10))


def _table_row(name: str, cells: Sequence[str], width: int, role: str) -> Line:
    sizes = [size for _, size in _COLUMNS]
    right = "".join(pad(cell, size, right=True) for cell, size in zip(cells, sizes, strict=True))
    return ends(((f" {fit(one_line(name), max(width - sum(sizes) - 3, 8))}", role),), ((f"{right}  ", role),), width)


def _cells(spent: Spent) -> list[str]:
    usage = spent.usage
    return [
        f"{spent.calls:,}",
        wording.tokens(usage.prompt_tokens),
        wording.tokens(usage.output_tokens),
        wording.ratio(usage.cache_read_tokens, usage.prompt_tokens),
        spent_text(spent),
    ]


def _by_model(state: SessionState, chronicle: Chronicle, width: int) -> list[Line]:
    lines = [_table_row("brain", [name for name, _ in _COLUMNS], width, "muted")]
    for model, spent in state.spend.by_model.items():
        role = chronicle.model_roles.get(model, "")
        lines.append(_table_row(f"{model} {role}", _cells(spent), width, "text"))
    return [*lines, _table_row("total", _cells(state.spend.run), width, "text bold")]


def _by_task(state: SessionState, width: int) -> list[Line]:
    def row(name: str, usd: str, cap: str, role: str) -> Line:
        right = f"{pad(usd, 10, right=True)}{pad(cap, 9, right=True)}  "
        return ends(((f" {fit(one_line(name), max(width - 23, 8))}", role),), ((right, role),), width)

    lines = [row("task", "usd", "cap", "muted")]
    for task, spent in state.spend.by_task.items():
        known = state.graph.tasks.get(task) if task is not None else None
        cap = wording.money(known.budget.usd) if known and known.budget and known.budget.usd else UNKNOWN
        lines.append(row(known.title if known else str(task or "no task"), spent_text(spent), cap, "text"))
    return [*lines, row("total", spent_text(state.spend.run), "", "text bold")]
