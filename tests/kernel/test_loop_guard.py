"""Loops end, work that gets on does not: three layers, counted by the calls that were really made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_tui.domain.events import FileChange, LoopNoticed, ModelRequested, RunEnded
from hermes_tui.domain.messages import Role
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.kernel.loop_guard import similarity
from tests.kernel.bench import FakeProvider, FakeTool, KernelBench, Reply, ask_for, say

Answer = Callable[[dict[str, object], int], ToolOutcome]
MANY = 40


class Calls:
    """A tool that answers by its arguments and by how often it was called."""

    def __init__(self, answer: Answer) -> None:
        self.made = 0
        self._answer = answer

    async def act(self, values: dict[str, object], context: ToolContext) -> ToolOutcome:
        assert context.key
        self.made += 1
        return self._answer(values, self.made)


def failure(output: str, kind: str = "failed") -> ToolOutcome:
    return ToolOutcome(output=output, data="null", ok=False, error_kind=kind)


def success(output: str, *changed: str) -> ToolOutcome:
    files = tuple(FileChange(path=path, change="modified") for path in changed)
    return ToolOutcome(output=output, data="null", changed=files)


def bench(replies: list[Reply], **tools: FakeTool) -> KernelBench:
    kernel = KernelBench(provider=FakeProvider(replies), tools=dict(tools))
    kernel.start()
    return kernel


def notices(kernel: KernelBench) -> list[tuple[str, str]]:
    return [(body.layer, body.action) for body in kernel.bodies(LoopNoticed) if isinstance(body, LoopNoticed)]


def stopped(ended: RunEnded) -> bool:
    return (ended.status, ended.exit_code, ended.limit) == ("limited", 3, "loop") and "loop guard" in ended.reason


async def test_an_identical_failing_call_is_made_three_times() -> None:
    calls = Calls(lambda _, __: failure("no such file"))
    kernel = bench(
        [ask_for(("read", {"path": "x"}), text=f"try {n}") for n in range(MANY)], read=FakeTool("read", calls.act)
    )

    ended = await kernel.run()

    assert calls.made == 3
    assert stopped(ended)
    assert notices(kernel) == [
        ("identical", "warned"),
        ("same_error", "reset"),
        ("same_error", "reset"),
        ("same_error", "stopped"),
    ]


async def test_a_varied_call_with_the_same_error_is_made_five_times() -> None:
    calls = Calls(lambda _, __: failure("it broke", "boom"))
    kernel = bench([ask_for(("go", {"n": n})) for n in range(MANY)], go=FakeTool("go", calls.act))

    ended = await kernel.run()

    assert calls.made == 5
    assert stopped(ended)
    assert notices(kernel)[0] == ("same_error", "reset")


async def test_one_obstacle_met_by_any_tool_and_in_other_words_is_a_loop() -> None:
    said = ["HTTP 403", "Forbidden by the server", "error: permission denied", "status 403 for /a", "Access denied"]
    calls = Calls(lambda _, made: failure(f"{said[made % 5]} {made}", f"kind{made}"))
    tools = {name: FakeTool(name, calls.act) for name in ("fetch", "curl", "wget")}
    replies = [ask_for((list(tools)[n % 3], {"n": n}), text=f"Perhaps way {n} works.") for n in range(MANY)]
    kernel = bench(replies, **tools)

    ended = await kernel.run()

    assert stopped(ended)
    assert calls.made <= 9
    assert notices(kernel)[0] == ("same_obstacle", "reset")


async def test_thoughts_that_say_the_same_while_everything_fails_are_a_loop() -> None:
    calls = Calls(lambda _, made: failure(f"odd {chr(97 + made)}", f"k{made}"))
    replies = [
        ask_for(("a", {"n": n}), text="The page does not answer, so I will simply try to load it once again now.")
        for n in range(MANY)
    ]
    kernel = bench(replies, a=FakeTool("a", calls.act))

    ended = await kernel.run()

    assert stopped(ended)
    assert calls.made <= 15
    assert notices(kernel)[0] == ("same_obstacle", "reset")


async def test_fifty_pages_are_no_loop() -> None:
    calls = Calls(lambda values, _: success(f"page {values['page']}"))
    replies = [ask_for(("fetch", {"page": n}), text="Next page.") for n in range(50)]
    kernel = bench([*replies, say("All read.")], fetch=FakeTool("fetch", calls.act))

    ended = await kernel.run()

    assert (ended.exit_code, calls.made, notices(kernel)) == (0, 50, [])


async def test_pages_with_an_error_now_and_then_are_no_loop() -> None:
    calls = Calls(lambda _, made: failure("HTTP 503", "server") if made % 3 == 0 else success(f"page {made}"))
    replies = [ask_for(("fetch", {"page": n}), text="Next page.") for n in range(50)]
    kernel = bench([*replies, say("All read.")], fetch=FakeTool("fetch", calls.act))

    ended = await kernel.run()

    assert (ended.exit_code, notices(kernel)) == (0, [])


@pytest.mark.parametrize("ok", [True, False])
async def test_a_polling_wait_is_no_loop(ok: bool) -> None:
    pending = success("pending") if ok else failure("not ready")
    calls = Calls(lambda _, made: success("ready") if made == 11 else pending)
    tool = FakeTool("shell", calls.act, effect=Effect.WRITE, reach=Reach.SANDBOX)
    command = {"command": "sleep 5; test -e ready"}
    kernel = bench([*[ask_for(("shell", command), text="Not yet.") for _ in range(11)], say("Ready.")], shell=tool)

    ended = await kernel.run()

    assert (ended.exit_code, calls.made, notices(kernel)) == (0, 11, [])


async def test_test_fix_test_is_no_loop() -> None:
    tests = Calls(lambda _, made: success("all passed") if made == 12 else failure("1 failed", "exit_1"))
    edits = Calls(lambda _, made: success("edited", f"f{made}.py"))
    replies: list[Reply] = []
    for n in range(12):
        replies += [ask_for(("shell", {"command": "pytest"}), text="Test."), ask_for(("edit", {"n": n}), text="Mend.")]
    kernel = bench(
        [*replies, say("Green.")],
        shell=FakeTool("shell", tests.act, effect=Effect.WRITE, reach=Reach.SANDBOX),
        edit=FakeTool("edit", edits.act, effect=Effect.WRITE, reach=Reach.SCOPE),
    )

    ended = await kernel.run()

    assert (ended.exit_code, tests.made, notices(kernel)) == (0, 12, [])


async def test_the_same_command_with_another_outcome_each_time_gets_on() -> None:
    calls = Calls(lambda _, made: success("0 failed") if made == 9 else failure(f"{9 - made} failed", "exit_1"))
    tool = FakeTool("shell", calls.act, effect=Effect.WRITE, reach=Reach.SANDBOX)
    kernel = bench([*[ask_for(("shell", {"command": "make"})) for _ in range(9)], say("Done.")], shell=tool)

    ended = await kernel.run()

    assert (ended.exit_code, notices(kernel)) == (0, [])


async def test_a_reset_leaves_the_orders_and_the_warning_in_the_window_and_all_in_the_journal() -> None:
    calls = Calls(lambda _, __: failure("it broke", "boom"))
    replies: list[Reply] = [ask_for(("go", {"n": n}), text=f"try {n}") for n in range(5)]
    kernel = bench([*replies, say("I give up: it is broken.")], go=FakeTool("go", calls.act))

    ended = await kernel.run()

    said = kernel.said_to_model()
    assert [message.role for message in said] == [Role.OPERATOR, Role.KERNEL, Role.KERNEL]
    assert said[0].text == "Do it."
    assert said[1].text.startswith("Warning: you are stuck in a loop. Try a different tool or re-plan.")
    assert said[2].text == "[decided before, and it failed this way: go (boom) 5 times]"
    assert len(kernel.bodies(ModelRequested)) == 6
    assert ended.exit_code == 0


async def test_a_stopped_loop_goes_on_when_the_operator_says_how() -> None:
    calls = Calls(lambda values, _: success("ok") if values["n"] == "x" else failure("it broke", "boom"))
    replies: list[Reply] = [ask_for(("go", {"n": n})) for n in range(MANY)]
    kernel = bench(replies, go=FakeTool("go", calls.act))
    ended = await kernel.run()

    resumed = kernel.crash(
        len(kernel.journal.records), provider=FakeProvider([ask_for(("go", {"n": "x"})), say("Thanks.")])
    )
    resumed.tell("Use x.")
    again = await resumed.run()

    assert stopped(ended)
    assert (again.exit_code, again.answer) == (0, "Thanks.")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80), st.text(max_size=80))
def test_similarity_is_symmetric_and_bounded(one: str, other: str) -> None:
    found = similarity(one, other)

    assert 0.0 <= found <= 1.0 + 1e-9
    assert found == pytest.approx(similarity(other, one))
    assert similarity(one, one) == pytest.approx(1.0)
