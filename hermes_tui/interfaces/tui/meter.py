"""The budget as lines: bar, rate, forecast and shares; every number from records."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.tasks import TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.chronicle import RATE_S, Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, ends, one_line, pad
from hermes_tui.interfaces.tui.drawing.glyphs import UNKNOWN
from hermes_tui.interfaces.tui.spend_tables import BESIDE, RoleShare, role_shares, spent_text, tables

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


def compact(
    state: SessionState,
    chronicle: Chronicle,
    now: float,
    width: int,
    day: Day = NO_DAY,
    free: Collection[str] = (),
) -> list[Line]:
    """Return the small meter; `free` names the brains that run on this machine."""
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
    lines += [_share(one, width) for one in role_shares(state, chronicle, free)]
    return [*lines, _cached(spend.run, day, width)]


def _rate(state: SessionState, chronicle: Chronicle, now: float) -> Line:
    drawn = plot(chronicle.columns(now, 12))
    rate = chronicle.rate_usd(now)
    near = forecast(state)
    said = per_minute(rate) if rate is not None else f"rate {UNKNOWN}"
    ending = f"  ends near {wording.money(near)}" if near is not None else ""
    return Line(((" ", ""), (f"{drawn}  " if drawn else "", "accent"), (said, "text"), (ending, "muted")))


def _share(share: RoleShare, width: int) -> Line:
    left = ((f" {pad(one_line(share.role), 12)} ", "muted"), (one_line(share.brain), "text"))
    return ends(left, ((share.usd(), "text"), (" ", "")), width)


def _cached(run: Spent, day: Day, width: int) -> Line:
    """Return the share of the input that was cached, and the day's spending; where nobody looked, the tokens."""
    usage = run.usage
    share = wording.ratio(usage.cache_read_tokens, usage.prompt_tokens)
    about = "" if usage.source == "reported" else "about "
    right: tuple[Span, ...] = ((f"{about}{wording.tokens(usage.total_tokens)} tokens ", "muted"),)
    if day.usd is not None:
        right = (("day ", "muted"), (f"{day.text} ", "text"))
    return ends(((" cached input ", "muted"), (share, "text")), right, width)


def detail(
    state: SessionState,
    chronicle: Chronicle,
    now: float,
    width: int,
    day: Day = NO_DAY,
    free: Collection[str] = (),
) -> list[Line]:
    """Return the meter with both tables; each adds up to what was spent."""
    spend, cap = state.spend, state.run.limits.usd
    lines = [_against("run", (spend.run.usd, spent_text(spend.run)), spend.reserved_usd, cap, width)]
    lines += _day(day, spend.reserved_usd, width)
    ending, roomy = ends_near(state, chronicle, now), width >= BESIDE
    rated = _rated(chronicle, now, PLOT if roomy else PLOT // 2)
    near = (("forecast  " if roomy else "", "muted"), (ending, "text")) if ending else (("no forecast yet", "muted"),)
    lines.append(Line(((" rate  ", "muted"), *rated, *near)))
    return [*lines, EMPTY, *tables(state, chronicle, width, free)]


def ends_near(state: SessionState, chronicle: Chronicle, now: float) -> str:
    """Return what the run comes to in the end, and when at the present rate; empty where that is not known."""
    near, rate = forecast(state), chronicle.rate_usd(now)
    if near is None:
        return ""
    left_s = (near - state.spend.run.usd) / rate * 60 if rate else 0.0
    when = f" at {wording.short_clock(now + left_s)}" if left_s > 0 else ""
    return f"ends near {wording.money(near)}{when}"


def _rated(chronicle: Chronicle, now: float, columns: int) -> tuple[Span, ...]:
    """Return the plot and the rate over the time that it is of; unknown before anything was spent."""
    rate = chronicle.rate_usd(now)
    if rate is None:
        return ((f"{UNKNOWN}  ", "text"),)
    seconds = chronicle.rate_over_s(now)
    over = f"{seconds / 60:.0f} min" if seconds == RATE_S else wording.elapsed(seconds)
    drawn = plot(chronicle.columns(now, columns)) or UNKNOWN
    return ((drawn, "accent"), (f"  {per_minute(rate)}, last {over}  ", "text"))


def per_minute(rate: float) -> str:
    """Return a rate in US dollars, small ones with a digit more."""
    return f"${rate:.3f}/min" if 0.005 <= rate < 0.1 else f"{wording.money(rate)}/min"


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
    if len(text) + 8 > width:
        text = f"  {said:>5}+{held} of {most:>6}"
    drawn = bar(usd, reserved, cap, max(width - 10 - len(text), 0))
    return ends(((f" {name:<6}", "muted"), *drawn, (text, "text")), ((" ", ""),), width)
