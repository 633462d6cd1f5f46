"""A call that may have happened before a crash: the operator says what became of it, by keys that mean one thing."""

from __future__ import annotations

from textual.message import Message

from hermes_tui.domain.commands import Decide
from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId
from hermes_tui.domain.tasks import Reach
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.dock import card_lines
from hermes_tui.interfaces.tui.panes._question import Answers


class Heard(Answers):
    """Answers that keep what the operator said."""

    def __init__(self) -> None:
        super().__init__(lambda: 1e12)
        self.said: list[Decide] = []

    def post_message(self, message: Message) -> bool:
        self.said += [message.command] if isinstance(message, Answers.Given) else []
        return True


def test_what_may_have_happened_is_answered_by_no_yes_only_by_the_key_that_says_what_it_does() -> None:
    doubted = Asked(
        question=ApprovalAsked(
            approval_id=ApprovalId("doubt-c1-1"),
            call_id=CallId("c1"),
            tool="git",
            what='git {"args": ["push"]}',
            why="It began before a crash and no result was saved. It may have happened.",
            reach=Reach.NETWORK,
            undo="",
            digest="k",
        ),
        at=1.0,
        agent=AgentId("goal"),
        task=None,
    )
    answers = Heard()
    answers.asked = doubted

    answers.allow("once")
    answers.allow("always")
    after_yes = list(answers.said)
    answers.allow("run")

    assert after_yes == []
    assert answers.said == [Decide(approval_id=ApprovalId("doubt-c1-1"), allow=True)]
    assert [line.text.split() for line in answers.keys_for(doubted)] == [
        ["r", "runs", "it", "again", "d", "it", "happened:", "say", "what", "came", "of", "it"]
    ]
    assert card_lines(doubted, 2.0, 80)[0].text.startswith("◊ goal is in doubt about git")
