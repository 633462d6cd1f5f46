"""Numbers and times in an operator's words; what is not known is never a zero."""

from __future__ import annotations

import time
from pathlib import Path

from hermes_tui.domain.state.calls import RECOVER
from hermes_tui.domain.state.spend import Spent
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.drawing.glyphs import UNKNOWN


def clock(at: float) -> str:
    """Return a time of day."""
    return time.strftime("%H:%M:%S", time.localtime(at)) if at else UNKNOWN


def short_clock(at: float) -> str:
    """Return a time of day without seconds."""
    return time.strftime("%H:%M", time.localtime(at)) if at else UNKNOWN


def elapsed(seconds: float) -> str:
    """Return a duration as minutes and seconds, or hours and more."""
    whole = int(max(seconds, 0))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def brief(seconds: float) -> str:
    """Return a duration in four cells: `5:33`, `15m`, `2h05`."""
    whole = int(max(seconds, 0))
    if whole < 600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 60}m" if whole < 3600 else f"{whole // 3600}h{whole % 3600 // 60:02d}"


def about(seconds: float) -> str:
    """Return an estimated duration, no more exact than it can be: `40 s`, `6 min`, `3 h`."""
    if seconds < 55:
        return f"{max(round(seconds / 10), 1) * 10} s"
    return f"{max(round(seconds / 60), 1)} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def age(seconds: float) -> str:
    """Return how long ago something was: `0 d`, `3 h`, `5 min`, `12 d`."""
    whole = int(max(seconds, 0))
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h" if whole < 86_400 else f"{whole // 86_400} d"


def day(at: float, now: float) -> str:
    """Return a time of day if it was within a day, else the date."""
    return short_clock(at) if now - at < 86_400 else time.strftime("%b %d", time.localtime(at))


def moment(at: float, now: float) -> str:
    """Return a time of day, with the date before it if it was not within a day."""
    return clock(at) if now - at < 86_400 else f"{day(at, now)} {clock(at)}"


def took(seconds: float | None) -> str:
    """Return how long a call took, which is not always known."""
    if seconds is None:
        return UNKNOWN
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else elapsed(seconds)


def money(usd: float | None) -> str:
    """Return US dollars; small amounts keep two significant digits."""
    if usd is None:
        return UNKNOWN
    if 0 < usd < 0.005:
        return f"${usd:.4f}"
    return f"${usd:.2f}"


def cents(spent: Spent | None) -> str:
    """Return a share in a narrow column: `.19`, or what is known of it."""
    if spent is None or not spent.calls:
        return UNKNOWN
    if spent.unknown == spent.calls:
        return UNKNOWN
    text = f"{spent.usd:.2f}" if spent.usd >= 0.005 or spent.usd == 0 else "<.01"
    return text.removeprefix("0")


def tokens(count: int) -> str:
    """Return a number of tokens."""
    if count < 1000:
        return str(count)
    if count < 100_000:
        return f"{count / 1000:.1f}k"
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1_000_000:.2f}M"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def wanted(tool: str, what: str) -> str:
    """Return what a call is for, with the tool's name before it; a question of the kernel's own has no tool."""
    return what if tool == RECOVER or what.startswith(tool) else f"{tool} {what}"


def ratio(part: float, whole: float) -> str:
    """Return a share in per cent; unknown without a whole."""
    if not whole:
        return UNKNOWN
    per_cent = round(100 * part / whole)
    return f"{per_cent} %" if per_cent or not part else "<1 %"


def place(folder: str) -> str:
    """Return a folder as its operator names it: `~` for the own home, and harmless."""
    path = Path(folder)
    try:
        return one_line(f"~/{path.relative_to(Path.home())}")
    except (ValueError, RuntimeError):
        return one_line(folder)
