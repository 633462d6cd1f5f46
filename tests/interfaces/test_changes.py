"""What the words about a call leave out of it: the rest of its arguments, so that nobody allows what stands nowhere."""

from __future__ import annotations

import json

from hermes_tui.interfaces._changes import unsaid


def test_a_flag_that_the_words_begin_with_is_not_said_twice_and_any_other_is_shown() -> None:
    arguments = json.dumps({"command": "echo background", "background": True})

    assert unsaid("shell", arguments, "in the background: echo background") == {}
    assert unsaid("shell", arguments, "echo background") == {"background": "true"}
    assert unsaid("mcp_shell", arguments, "in the background: echo background") == {"background": "true"}
