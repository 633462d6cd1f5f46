"""Orders, themes, sessions, brains and changes as rows to choose from or read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.ports import Brain
from hermes_tui.domain.usage import Price
from hermes_tui.interfaces._orders import Order
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, foreign, one_line, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, NEEDS_YOU, STOPPED, Sign
from hermes_tui.interfaces.tui.keymap import Keymap
from hermes_tui.interfaces.tui.links import host_of
from hermes_tui.interfaces.tui.screens.chooser import Choice
from hermes_tui.interfaces.tui.themes import Theme
from hermes_tui.services.listed import Summary
from hermes_tui.services.missing import Missing

_ENDED: Final = {"done": DONE, "not_done": FAILED, "error": FAILED, "needs_approval": NEEDS_YOU}


def sign(glyph: str, role: str) -> Sign:
    """Return a sign without a word of its own."""
    return Sign(glyph, "", role)


def of_order(order: Order, keys: Keymap) -> Choice:
    """Return a command as a choice, with the key that does the same."""
    return Choice(value=order.name, name=order.usage, about=order.does, right=keys.of(order.key))


def of_theme(theme: Theme) -> Choice:
    """Return a theme as a choice."""
    return Choice(value=theme.name, name=theme.name, about="dark" if theme.dark else "light")


def of_session(summary: Summary, now: float, here: str) -> Choice:
    """Return a session as a choice: its goal, how it stands, what it cost, how old it is."""
    shown = _ENDED.get(summary.status, STOPPED)
    about = "open here" if summary.session == here else summary.status.replace("_", " ")
    right = f"{wording.money(summary.usd)}  {wording.age(now - summary.written_at):>6}  {summary.session}"
    goal = one_line(summary.goal) or "no goal"
    name = f"{one_line(summary.name)} · {goal}" if summary.name else goal
    return Choice(value=summary.session, name=name, about=about, right=right, sign=(shown.glyph, shown.role))


def of_brains(found: Sequence[Brain | Missing], current: str) -> list[Choice]:
    """Return brains as choices; one that is missing its key leads to the line for it."""
    rows: list[Choice] = []
    for at, one in enumerate(found):
        number = f"{at + 1} " if at < 9 else "  "
        if isinstance(one, Missing):
            rows.append(
                Choice(
                    value=f"?{one.provider}",
                    name=f"{number}{one.provider}",
                    about=f"{one.found}.",
                    more=one.remedy,
                    sign=("–", "muted"),
                )
            )
            continue
        facts = [f"window {wording.tokens(one.window_tokens)}", _price(one.price, local=one.local)]
        rows.append(
            Choice(
                value=one.name,
                name=f"{number}{one.name}",
                about="in use" if one.name == current else one.why,
                more=f"· {one.why}" if one.name == current else "",
                right=" · ".join(facts),
                sign=(DONE.glyph, DONE.role),
            )
        )
    return rows


def _price(price: Price | None, *, local: bool) -> str:
    if local:
        return "local"
    if price is None:
        return "price unknown"
    if not price.input_usd and not price.output_usd:
        return "free"
    return f"${price.input_usd:g} in, ${price.output_usd:g} out per M"


def of_link(target: str) -> Choice:
    """Return a link as a choice, with who would be asked for it."""
    return Choice(value=target, name=one_line(target), about=host_of(target) or "a file")


def page_lines(texts: Sequence[str], width: int) -> list[Line]:
    """Return texts as the lines of a page, wrapped and made harmless."""
    room = max(width - 2, 20)
    return [Line(((" ", ""), *spans)) for text in texts for spans in wrap(foreign(text), room)]
