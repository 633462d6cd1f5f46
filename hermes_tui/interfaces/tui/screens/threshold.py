"""The screen of the first moment: the prompt and a status line, while everything else is loaded."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces.tui.drawing.cells import Span, ends, one_line
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.layout import Sizes, plan_for
from hermes_tui.interfaces.tui.offers import Offers
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.rules import Mark, TitleRule
from hermes_tui.interfaces.tui.screens._held import HeldScreen


class OpeningLine(Widget):
    """The status line as long as there is no state: what is being done, and where help is."""

    DEFAULT_CSS = "OpeningLine { height: 1; }"

    def __init__(self, look: Look, doing: str) -> None:
        super().__init__(id="status")
        self.look = look
        self.word: tuple[Span, ...] = ((doing, "muted"),)

    def say(self, word: tuple[Span, ...]) -> None:
        """Say something else."""
        self.word = word
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        del y
        width = self.size.width
        return self.look.strip(ends(((" ", ""), *self.word), (("F1 help ", "muted"),), width), width)


class Threshold(HeldScreen):
    """Where the operator can write before there is anything to look at; the workspace takes its place."""

    AUTO_FOCUS = "#prompt"

    class Settled(Message):
        """The prompt has the focus."""

    def __init__(self, look: Look, doing: str) -> None:
        super().__init__(name="threshold")
        self.sizes = Sizes()
        self.rule = TitleRule(look, "goal")
        self.mark = Mark(look)
        self.prompt = Prompt(Offers(look))
        self.line = Horizontal(self.mark, self.prompt, id="prompt-line")
        self.status = OpeningLine(look, doing)

    def compose(self) -> ComposeResult:
        """Title, prompt and status line, where they will stand."""
        yield self.rule
        yield self.line
        yield self.status

    def on_mount(self) -> None:
        """Be written in."""
        self.prompt.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Leave the room that the panes beside the console will take."""
        if self.is_news(event):
            plan = plan_for(*event.size, tasks=0, sizes=self.sizes)
            across = event.size.width - (plan.side_width + 1 if plan.side else 0)
            self.rule.styles.width = self.line.styles.width = across

    def on_descendant_focus(self) -> None:
        """Say that keys are taken."""
        self.rule.mark(focused=True)
        self.post_message(self.Settled())

    def say(self, text: str, role: str) -> None:
        """Say something in the status line."""
        self.status.say(((one_line(text), role),))
