"""A window as an operator sees it: items with reasons, previews, changes."""

from __future__ import annotations

import pytest

from hermes_tui.domain.commands import ChangeWindow, WindowChange
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ids import AgentId
from hermes_tui.kernel import window
from hermes_tui.services import contexts
from tests.kernel.bench import PLACE
from tests.kernel.test_window import AGENT, HONEST, Summariser, bench_with, converse, three_hundred


async def test_items_are_what_the_next_request_carries_each_with_its_reason() -> None:
    kernel = bench_with(Summariser(HONEST))
    await converse(kernel, three_hundred()[:160])
    contexts.change(
        kernel.kit.session, PLACE, ChangeWindow(what=WindowChange.PIN, agent=AgentId("goal"), index=4), "operator"
    )

    items = contexts.items(kernel.state, AgentId("goal"))

    carried = window.carried(kernel.state, AGENT).messages
    reasons = {item.index: item.why for item in items}
    assert len(items) == len(carried)
    assert (reasons[0], reasons[4]) == ("the goal", "pinned")
    assert reasons[-1].startswith("summary of messages 0 to ")
    assert items[-1].why == "recent"


async def test_a_preview_does_nothing_and_asks_nobody() -> None:
    provider = Summariser(HONEST)
    kernel = bench_with(provider, 100_000)
    await converse(kernel, three_hundred()[:40])
    before = (kernel.state.seq, len(provider.requests))

    lines = list(contexts.preview(kernel.state, AgentId("goal")))

    assert (kernel.state.seq, len(provider.requests)) == before
    assert lines[0].startswith("Messages before ")
    assert "- Always write dates as ISO 8601." in lines


async def test_undo_takes_back_one_compaction_at_a_time() -> None:
    kernel = bench_with(Summariser(HONEST))
    await converse(kernel, three_hundred())
    windows = kernel.state.windows.of(AgentId("goal")).compactions

    contexts.change(kernel.kit.session, PLACE, ChangeWindow(what=WindowChange.UNDO), "operator")

    assert len(windows) >= 2
    assert kernel.state.windows.of(AgentId("goal")).compaction == windows[-2]


async def test_older_messages_are_condensed_before_the_next_request_though_there_is_room() -> None:
    provider = Summariser(HONEST)
    kernel = bench_with(provider, 100_000)
    await converse(kernel, three_hundred()[:40])
    before = kernel.state.windows.of(AgentId("goal"))

    said = contexts.change(kernel.kit.session, PLACE, ChangeWindow(what=WindowChange.CONDENSE), "operator")
    asked = kernel.state.windows.of(AgentId("goal"))
    await converse(kernel, ["Go on."])

    after = kernel.state.windows.of(AgentId("goal"))
    assert said == "goal condenses its older messages before its next request."
    assert (before.compaction, before.asked, asked.compaction, asked.asked) == (None, False, None, True)
    assert after.compaction is not None
    assert not after.asked
    assert len(provider.requests[-1].messages) < len(kernel.state.talk.of(AgentId("goal")).messages) // 2
    assert "ISO 8601" in after.compaction.summary


async def test_one_wish_condenses_once() -> None:
    kernel = bench_with(Summariser(HONEST), 100_000)
    await converse(kernel, three_hundred()[:40])
    contexts.change(kernel.kit.session, PLACE, ChangeWindow(what=WindowChange.CONDENSE), "operator")

    await converse(kernel, ["Go on.", "And on.", "And on."])

    assert len(kernel.state.windows.of(AgentId("goal")).compactions) == 1


async def test_what_cannot_be_changed_is_said() -> None:
    kernel = bench_with(Summariser(HONEST))
    await converse(kernel, ["Hello."])

    with pytest.raises(UsageInvalid, match="nothing to condense"):
        contexts.change(kernel.kit.session, PLACE, ChangeWindow(what=WindowChange.CONDENSE), "operator")
    with pytest.raises(UsageInvalid, match="not condensed"):
        contexts.change(kernel.kit.session, PLACE, ChangeWindow(what=WindowChange.UNDO), "operator")
    with pytest.raises(UsageInvalid, match="messages 0 to 1"):
        contexts.change(kernel.kit.session, PLACE, ChangeWindow(what=WindowChange.PIN, index=9), "operator")
    with pytest.raises(UsageInvalid, match="No agent nobody"):
        contexts.agent_of(kernel.state, "nobody")
