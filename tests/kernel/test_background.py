"""A command that began in the background is known to have begun: after a crash it is never begun again."""

from __future__ import annotations

import pytest

from hermes_tui.domain.events import ShellEnded, ShellStarted, ToolFinished, ToolIntended, ToolResolved
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.kernel.in_doubt import settle_doubts
from tests.kernel.bench import PLACE, FakeProvider, KernelBench

CALL = CallId("c1")


@pytest.mark.parametrize("effect", [Effect.WRITE, Effect.EXTERNAL])
async def test_an_intent_whose_command_began_is_settled_by_what_became_of_it(effect: Effect) -> None:
    kernel = KernelBench(provider=FakeProvider([]), tools={})
    emit = kernel.kit.session.emit
    emit(
        ToolIntended(call_id=CALL, tool="shell", arguments="{}", effect=effect, key="k", before_image="image-1"), PLACE
    )
    started = ShellStarted(
        shell_id="s1",
        command="make",
        output="/o",
        effect=effect,
        reach=Reach.SANDBOX,
        targets=(),
        timeout_s=60.0,
        by="goal",
        call_id=CALL,
    )
    emit(started, PLACE)
    lost = ShellEnded(shell_id="s1", end="lost", exit_code=None, output_bytes=0, seconds=0.0, why="Hermes ended")
    emit(lost, PLACE)

    await settle_doubts(kernel.kit, PLACE)

    (finished,) = kernel.bodies(ToolFinished)
    assert isinstance(finished, ToolFinished)
    assert not finished.ok
    assert finished.output == "s1 began and was not begun again: end unknown: Hermes ended. What it changed stays."
    assert len(kernel.bodies(ToolResolved)) == 1
    assert kernel.images.restored == []
    assert not kernel.state.calls.intents
