"""How long a call may take, as its row says it."""

from __future__ import annotations

import pytest

from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.rows import Call, Origin
from hermes_tui.interfaces.tui.time_limits import limits_of
from hermes_tui.services.wiring import all_tools


@pytest.mark.parametrize(
    ("tool", "arguments", "seconds"),
    [
        ("shell", '{"command": "ls"}', 120.0),
        ("shell", '{"command": "ls", "timeout_s": 30}', 30.0),
        ("shell", '{"command": "ls", "timeout_s": 3000}', 600.0),
        ("shell", "{broken", 120.0),
        ("nobody", "{}", 0.0),
    ],
)
def test_a_limit_is_what_was_asked_for_else_what_the_tool_takes(tool: str, arguments: str, seconds: float) -> None:
    assert limits_of(all_tools)(tool, arguments) == seconds


def test_a_running_call_says_until_when_it_may_run() -> None:
    call = Call(origin=Origin(key="k"), tool="shell", subject="ls", arguments="{}", since=100.0, limit_s=120.0)

    (line,) = call.lines(Room(width=60, now=102.0))

    assert line.text.rstrip().endswith("2.0 s of 120 ►")
