"""How sure an answer sounds, on a labelled set; a high tier is asked for the unsure ones only."""

from __future__ import annotations

import pytest

from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Message, Role, Text, ToolResult
from hermes_tui.kernel.confidence import DEFAULT_THRESHOLD, judge

UNSURE = (
    "I'm not sure, but it might be the second file.",
    "I am not entirely certain that this is the cause.",
    "I don't know which version introduced the bug.",
    "I cannot determine the cause from what I have.",
    "It is hard to tell; my best guess is a race in the writer.",
    "I could not find where the limit is set. It is probably in the settings.",
    "The answer is 42, though I may be wrong about the units.",
    "Perhaps the cache is stale, or maybe the lock is never taken; it seems to depend on timing. Possibly both.",
    "There is not enough information in the log to say more.",
    "I was unable to verify this against the tests.",
    "The port is 8080. Confidence: 0.3",
    "It should be fixed now. Confidence: low",
    "The function returns None here.\n\nconfidence: 35%",
    "",
)
SURE = (
    "The port is 8080, set in config.py line 12.",
    "All 14 tests pass.",
    "I changed `retry` so that it waits for Retry-After and added a test.",
    "The cause is a missing await in session.py; the fix is in the diff above.",
    "Three files use it: a.py, b.py and c.py.",
    'The log says "I am not sure" at line 3, which is the text of the message catalogue.',
    "```python\n# I don't know why this works\nx = 1\n```\nI removed the comment and kept the code.",
    "The build is green. I think the naming could be better, but that is taste.",
    "Done. Confidence: 0.95",
    "The table has 3 rows.\nConfidence: high",
    "> I cannot tell\n\nThat sentence is quoted from the issue; the answer is version 2.1.",
    "It is 7 by the definition in the standard.",
)


def said(text: str, *before: Message) -> list[Message]:
    return [*before, Message(role=Role.MODEL, content=(Text(text=text),))]


def test_nearly_every_unsure_answer_goes_up_and_few_others_do() -> None:
    raised = [judge(said(text)).score < DEFAULT_THRESHOLD for text in UNSURE]
    needless = [judge(said(text)).score < DEFAULT_THRESHOLD for text in SURE]

    assert sum(raised) / len(raised) >= 0.9, [text for text, up in zip(UNSURE, raised, strict=True) if not up]
    assert sum(needless) / len(needless) <= 0.1, [text for text, up in zip(SURE, needless, strict=True) if up]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I'm not sure.", 'it says "I\'m not sure"'),
        ("Confidence: 20%", "it states a confidence of 0.20"),
        ("", "it is empty"),
        ("It is 4.", "nothing in it sounds unsure"),
    ],
)
def test_the_reason_is_said(text: str, why: str) -> None:
    assert judge(said(text)).why == why


def test_an_answer_right_after_a_failed_call_counts_for_less() -> None:
    failed = Message(role=Role.TOOL, content=(ToolResult(call_id=CallId("c"), ok=False, output="no"),))
    worked = Message(role=Role.TOOL, content=(ToolResult(call_id=CallId("d"), ok=True, output="yes"),))

    after_failure, after_both = judge(said("It is 4.", failed)), judge(said("It is 4.", failed, worked))

    assert (after_failure.score, after_both.score) == (0.7, 1.0)
    assert "the last call before it failed" in after_failure.why
