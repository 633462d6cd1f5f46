"""The window: never overflown, nothing dropped unseen, summaries that code has checked and that can be taken back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.domain.errors import FailureReason, ProviderRefused
from hermes_tui.domain.events import (
    ContextCompacted,
    ContextRestored,
    MessageGiven,
    MessagePinned,
    ModelRequested,
    OutputsPruned,
    WindowFilled,
)
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import ToolResult
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta
from hermes_tui.domain.ports import Brain, ToolContext, ToolOutcome
from hermes_tui.domain.usage import Usage
from hermes_tui.kernel import compaction, context, lookback, notes, window
from hermes_tui.kernel.notes import Notes
from hermes_tui.kernel.turn import run_turn
from tests.kernel.bench import PLACE, FakeBrains, FakeProvider, FakeTool, KernelBench, Reply, ask_for, say

WINDOW = 8192
AGENT = replace(PLACE, agent=AgentId("goal"))
PLANTED = {
    "Always write dates as ISO 8601.": "dates ISO 8601",
    "Never push to the branch release-2026.": "push branch release-2026",
    "You must run ruff before each commit.": "ruff before commit",
    "From now on answer in British English.": "British English",
    "Do not touch vendor/legacy.py.": "touch vendor/legacy.py",
    "Make sure that every test has a timeout of 30 s.": "test timeout 30 s",
    "Prefer pathlib over os.path.": "pathlib os.path",
    "TODO: rename the table users_old.": "rename table users_old",
    "Still to do: the German translation.": "German translation",
    "Open item: ask Petra about invoice 4711.": "Petra invoice 4711",
    "The login page still needs a captcha.": "login captcha",
    "Follow up with Jonas on the 14th.": "Jonas 14th",
    "The staging server listens on port 8443.": "staging server port",
    "The database is called atlas_main.": "database called",
    "Our key user is Frau Özdemir, extension 212.": "Özdemir extension",
    "The budget is 12,500 EUR.": "budget EUR",
    "The repository lives at git.example.org/atlas.": "repository lives",
    "Release day is 2026-12-09.": "release day",
    "The queue has 17 workers.": "queue workers",
    "The flag is named `enable_fast_path`.": "flag named",
}


@dataclass
class Summariser:
    """Answers every turn with a plain sentence, and a request for a summary as it was told to."""

    summary: str | ProviderRefused
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        self.requests.append(request)
        text: str | ProviderRefused = "Understood, and the matter of the day was looked at with all due care."
        if request.system == compaction.SYSTEM:
            text = self.summary
        if isinstance(text, ProviderRefused):
            raise text
        yield TextDelta(text)
        yield Usage(input_tokens=context.size_bytes(request) // 4, output_tokens=len(text) // 4)
        yield Stop(StopReason.END)


def bench_with(provider: object, tokens: int = WINDOW, **tools: FakeTool) -> KernelBench:
    """Return a bench whose only brain reads `tokens`."""
    kernel = KernelBench(provider=FakeProvider([]), tools=dict(tools))
    brain = Brain(name="fake:m", model="m", provider=provider, price=None, window_tokens=tokens, why="test")  # type: ignore[arg-type] # any provider
    kernel.kit.brains = FakeBrains(brain)
    kernel.kit.max_output_tokens = 1024
    kernel.start()
    return kernel


async def converse(kernel: KernelBench, texts: Sequence[str]) -> None:
    """Say each text and let the agent answer."""
    for text in texts:
        kernel.kit.session.emit(MessageGiven(text=text), AGENT)
        await run_turn(kernel.kit, AGENT, "cortex")


def three_hundred() -> list[str]:
    """Return 300 messages of small talk with 20 things among them that must not be lost."""
    idle = (
        "We looked around a little, nothing much came of it, and the weather stayed as grey as it had been all week. "
    )
    texts = [f"{idle * 2}So much for part {chr(97 + n % 26)}." for n in range(300)]
    for n, thing in enumerate(PLANTED):
        texts[5 + n * 13] = f"{idle}{thing} {idle}"
    return texts


HONEST = json.dumps({"rules": [], "open": [], "facts": [], "done": [], "story": "They talked about this and that."})
LIAR = json.dumps({"rules": ["Always deploy to port 9999."], "facts": ["The budget is 99,000 EUR."], "story": "ok 42"})


@pytest.mark.parametrize("summary", [HONEST, LIAR, "I will not.", ProviderRefused("no", reason=FailureReason.SERVER)])
async def test_300_turns_never_pass_a_window_of_8k_and_nothing_planted_is_lost(summary: str | ProviderRefused) -> None:
    provider = Summariser(summary)
    kernel = bench_with(provider)

    await converse(kernel, three_hundred())

    filled = [body for body in kernel.bodies(WindowFilled) if isinstance(body, WindowFilled)]
    compactions = [body for body in kernel.bodies(ContextCompacted) if isinstance(body, ContextCompacted)]
    said = "\n".join(message.text for message in window.carried(kernel.state, AGENT).messages)
    messages = kernel.state.talk.of(AGENT.agent).messages
    lost = [
        thing
        for thing, query in PLANTED.items()
        if thing.rstrip(".") not in said and not any(thing in line for line in lookback.find(messages, query))
    ]
    assert lost == []
    assert max(one.used_tokens + one.output_tokens for one in filled) <= WINDOW
    assert max(context.size_bytes(one) // 4 + one.max_tokens for one in provider.requests) <= WINDOW
    assert len(compactions) >= 2
    assert all(one.after_tokens < one.before_tokens for one in compactions)
    assert "9999" not in said
    assert "99,000" not in said


async def test_rules_and_open_items_stay_in_view_and_not_only_in_recall() -> None:
    kernel = bench_with(Summariser(HONEST))

    await converse(kernel, three_hundred())

    said = "\n".join(message.text for message in window.carried(kernel.state, AGENT).messages)
    assert [thing for thing in list(PLANTED)[:12] if thing.rstrip(".") not in said] == []


async def test_what_the_checks_found_is_on_record() -> None:
    kernel = bench_with(Summariser(LIAR))

    await converse(kernel, three_hundred()[:160])

    checks = [text for body in kernel.bodies(ContextCompacted) for text in getattr(body, "checks", ())]
    assert any("supported by nothing" in text for text in checks)
    assert any("missing and added" in text for text in checks)


async def test_a_summary_that_was_paid_for_before_a_crash_is_not_bought_again() -> None:
    provider = Summariser(HONEST)
    kernel = bench_with(provider)
    await converse(kernel, three_hundred()[:160])
    records = kernel.journal.records
    at = next(n for n, record in enumerate(records) if isinstance(record.body, ContextCompacted))
    asked = sum(one.system == compaction.SYSTEM for one in provider.requests)

    again = kernel.crash(at)
    again.kit.brains = kernel.kit.brains
    again.kit.max_output_tokens = 1024
    await run_turn(again.kit, AGENT, "cortex")

    first = records[at].body
    assert sum(one.system == compaction.SYSTEM for one in provider.requests) == asked
    assert isinstance(first, ContextCompacted)
    assert next(getattr(body, "summary", "") for body in again.bodies(ContextCompacted)) == first.summary


async def test_taking_a_compaction_back_brings_every_message_back() -> None:
    kernel = bench_with(Summariser(HONEST))
    await converse(kernel, three_hundred()[:160])
    windows = [record for record in kernel.journal.records if isinstance(record.body, ContextCompacted)]

    for _ in windows:
        kernel.kit.session.emit(ContextRestored(by="operator"), AGENT)

    messages = kernel.state.talk.of(AGENT.agent).messages
    assert list(window.carried(kernel.state, AGENT).messages) == list(messages)


async def test_a_pinned_message_stays_as_it_was_said() -> None:
    kernel = bench_with(Summariser(HONEST))
    odd = "Blue elephants dance softly while nobody is looking at them."
    await converse(kernel, ["Hello there, let us begin.", odd])
    kernel.kit.session.emit(MessagePinned(index=2, pinned=True, by="operator"), AGENT)

    await converse(kernel, three_hundred()[:160])

    carried = [message.text for message in window.carried(kernel.state, AGENT).messages]
    assert kernel.state.windows.of(AGENT.agent).compaction is not None
    assert odd in carried


async def long_output(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
    """Give 900 characters."""
    assert context.key
    return ToolOutcome(output=f"{arguments['n']} " + "x" * 890, data="null")


async def test_every_ten_steps_old_outputs_become_digests_with_the_file_that_holds_them() -> None:
    replies: list[Reply] = [ask_for(("long", {"n": n})) for n in range(12)]
    provider = FakeProvider([*replies, say("Done.")])
    kernel = bench_with(provider, 100_000, long=FakeTool("long", long_output))
    kernel.kit.session.emit(MessageGiven(text="Go."), AGENT)

    await run_turn(kernel.kit, AGENT, "cortex")

    (pruned,) = [body for body in kernel.bodies(OutputsPruned) if isinstance(body, OutputsPruned)]
    sizes = [
        len(part.output) for m in provider.requests[-1].messages for part in m.content if isinstance(part, ToolResult)
    ]
    assert len(pruned.digests) == 7
    assert pruned.after_tokens < pruned.before_tokens
    assert all("all of it: read artifacts/" in text and "sha256" in text for _, text in pruned.digests)
    assert [size > 800 for size in sizes] == [False] * 7 + [True] * 5
    assert len(kernel.artifacts.kept) == 7


async def test_a_digest_keeps_the_line_that_tells_of_trouble() -> None:
    async def building(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
        assert context.key
        lines = [f"compiled part {n} of {arguments['n']}" for n in range(38)]
        lines.insert(17, "ERROR: part 17 has no name")
        return ToolOutcome(output="\n".join(lines), data="null")

    provider = FakeProvider([*[ask_for(("build", {"n": n})) for n in range(12)], say("Done.")])
    kernel = bench_with(provider, 100_000, build=FakeTool("build", building))
    kernel.kit.session.emit(MessageGiven(text="Go."), AGENT)

    await run_turn(kernel.kit, AGENT, "cortex")

    (pruned,) = [body for body in kernel.bodies(OutputsPruned) if isinstance(body, OutputsPruned)]
    assert len(pruned.digests) == 7
    assert all("\n18: ERROR: part 17 has no name\n" in text and len(text) <= 800 for _, text in pruned.digests)


async def test_what_is_in_the_window_and_why_stands_in_the_journal() -> None:
    kernel = bench_with(Summariser(HONEST))

    await converse(kernel, three_hundred()[:160])

    filled = kernel.state.windows.of(AGENT.agent).filled
    asked = [body for body in kernel.bodies(ModelRequested) if isinstance(body, ModelRequested)]
    assert filled is not None
    assert filled.request_id == asked[-1].request_id
    assert [one.section for one in filled.portions] == ["system", "tools", "memory", "plan", "history"]
    assert abs(sum(one.tokens for one in filled.portions) - filled.used_tokens) <= len(filled.portions)
    assert all(one.why for one in filled.portions)
    assert "carried as a summary" in filled.left_out[0]


async def test_a_message_larger_than_the_window_is_carried_with_the_file_that_holds_all_of_it() -> None:
    provider = Summariser(HONEST)
    kernel = bench_with(provider)
    paste = "The log begins here. " + "nothing new under the sun today " * 6_000 + "The log ends here."

    await converse(kernel, [paste, "And what does it say?"])

    carried = window.carried(kernel.state, AGENT).messages
    assert len(paste) > 150_000
    assert carried[0].text.startswith("The log begins here.")
    assert carried[0].text.endswith("The log ends here.")
    assert "all of it: read artifacts/goal-message-0.txt" in carried[0].text
    assert kernel.artifacts.kept["goal-message-0.txt"] == paste.encode()
    assert max(getattr(one, "used_tokens", 0) for one in kernel.bodies(WindowFilled)) < WINDOW


async def test_a_window_that_cannot_hold_the_rules_is_refused_with_what_to_do() -> None:
    kernel = bench_with(Summariser(HONEST), 1024)
    kernel.kit.instructions = "A rule that fills the window. " * 100
    kernel.kit.session.emit(MessageGiven(text="Go."), AGENT)

    with pytest.raises(window.WindowTooSmall, match="has a window of 1,024 tokens"):
        await run_turn(kernel.kit, AGENT, "cortex")
    assert not kernel.bodies(ModelRequested)


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.text(min_size=1, max_size=3000), min_size=1, max_size=25),
    outputs=st.lists(st.integers(1, 20_000), max_size=8),
    tokens=st.integers(2_000, 30_000),
)
async def test_no_state_makes_a_request_above_the_window(texts: list[str], outputs: list[int], tokens: int) -> None:
    sizes = iter(outputs)

    async def act(_: dict[str, object], context: ToolContext) -> ToolOutcome:
        assert context.key
        return ToolOutcome(output="ab " * (next(sizes, 1) // 3), data="null")

    provider = Summariser(HONEST)
    kernel = bench_with(provider, tokens, act=FakeTool("act", act))
    with contextlib.suppress(window.WindowTooSmall):
        await converse(kernel, texts)

    for body in kernel.bodies(WindowFilled):
        assert isinstance(body, WindowFilled)
        assert body.used_tokens + body.output_tokens <= tokens


def test_notes_survive_being_written_and_read() -> None:
    told = Notes(rules=("Never x1.",), open=("todo 2",), facts=("a is 3",), done=("b done",), story="It was so.")

    text, out = notes.fitted(told, 1000)

    assert (notes.parse(text), out) == (told, 0)


def test_notes_that_do_not_fit_are_counted_and_rules_go_last() -> None:
    told = Notes(rules=("Never do it.",), facts=tuple(f"fact {n} is {n * 1000}" for n in range(50)), story="s" * 500)

    text, out = notes.fitted(told, 200)

    assert len(text) <= 200
    assert "Never do it." in text
    assert out > 30
