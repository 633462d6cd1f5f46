"""Background calls that were answered before: given again for nothing, never where that could be wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.reply_store import FILE, ReplyStore, forget_replies
from hermes_tui.domain.errors import FailureReason, StreamTruncated
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta, ToolSchema
from hermes_tui.domain.usage import KEPT, Usage
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._tables import cost_lines
from hermes_tui.services import costs, history
from hermes_tui.services.config import LayerName
from hermes_tui.services.explain import merge, read_layer
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.reply_cache import CachedProvider
from hermes_tui.services.workstation import Workstation
from tests.fakes import FakeServer, Reply, Scenario
from tests.fakes import Usage as Billed
from tests.fakes.scenario import Repeat
from tests.kernel.bench import FakeClock, FakeProvider, ask_for, say
from tests.kernel.bench import Reply as Parts

ASKED = ModelRequest(
    model="m",
    system="Condense.",
    messages=(Message(role=Role.KERNEL, content=(Text(text="A long story."),)),),
    temperature=0.0,
)
SECRET = "s3cret"
GOAL = """\
Read both pages.

```plan
tasks:
  - {id: one, kind: llm, title: One, args: {goal: "What does page one say?"}, model: web_extraction}
  - {id: two, kind: llm, title: Two, args: {goal: "What does page two say?"}, model: web_extraction, needs: [one]}
```
"""


def kept(folder: Path, clock: FakeClock, *replies: Parts, target: str = "t", keep_s: float = 60.0) -> CachedProvider:
    shelf = ReplyStore(folder, lambda text: text.replace(SECRET, "[SECRET]"), clock)
    return CachedProvider(FakeProvider(list(replies)), shelf, target, keep_s)


async def heard(stream: AsyncIterator[Part]) -> tuple[str, bool]:
    """Return the words of a reply, and whether they were given again."""
    parts = [part async for part in stream]
    return "".join(part.text for part in parts if isinstance(part, TextDelta)), KEPT in parts


async def test_the_very_same_request_is_answered_again_without_asking(tmp_path: Path) -> None:
    clock = FakeClock()
    first, second = kept(tmp_path, clock, say("Short.")), kept(tmp_path, clock)

    said = [await heard(one.stream(ASKED)) for one in (first, second)]

    assert said == [("Short.", False), ("Short.", True)]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, temperature=None),
        replace(ASKED, temperature=0.1),
        replace(ASKED, system="Condense it."),
        replace(ASKED, max_tokens=9),
        replace(ASKED, effort="low"),
        replace(ASKED, reply_schema="{}"),
        replace(ASKED, images={"a" * 64: b"x"}),
        replace(ASKED, tools=(ToolSchema(name="read", description="", parameters="{}"),)),
    ],
)
async def test_any_other_request_is_asked(other: ModelRequest, tmp_path: Path) -> None:
    clock = FakeClock()
    await heard(kept(tmp_path, clock, say("Short.")).stream(ASKED))

    assert await heard(kept(tmp_path, clock, say("New.")).stream(other)) == ("New.", False)


@pytest.mark.parametrize(
    "reply",
    [
        ask_for(("read", {}), text="Let me see."),
        [TextDelta("Half of"), Usage(), Stop(StopReason.LENGTH)],
        say(f"The key is {SECRET}."),
        say(""),
    ],
)
async def test_a_call_a_cut_reply_and_a_secret_are_never_given_again(reply: Parts, tmp_path: Path) -> None:
    clock = FakeClock()
    await heard(kept(tmp_path, clock, reply).stream(ASKED))

    assert await heard(kept(tmp_path, clock, say("New.")).stream(ASKED)) == ("New.", False)


async def test_a_reply_that_failed_is_not_kept(tmp_path: Path) -> None:
    failing = kept(tmp_path, FakeClock(), [TextDelta("Half"), StreamTruncated("cut", reason=FailureReason.TRUNCATED)])
    with pytest.raises(StreamTruncated):
        await heard(failing.stream(ASKED))

    assert await heard(kept(tmp_path, FakeClock(), say("New.")).stream(ASKED)) == ("New.", False)


@pytest.mark.parametrize(("passed_s", "keep_s"), [(60.0, 60.0), (30.0, 20.0), (-1.0, 60.0)])
async def test_a_reply_is_given_again_only_as_long_as_both_then_and_now_allow(
    passed_s: float, keep_s: float, tmp_path: Path
) -> None:
    clock = FakeClock()
    await heard(kept(tmp_path, clock, say("Old.")).stream(ASKED))
    clock.time += passed_s

    assert await heard(kept(tmp_path, clock, say("New."), keep_s=keep_s).stream(ASKED)) == ("New.", False)


async def test_another_model_url_or_key_is_asked_and_so_is_everyone_once_all_is_forgotten(tmp_path: Path) -> None:
    clock = FakeClock()
    await heard(kept(tmp_path, clock, say("Mine.")).stream(ASKED))

    other = await heard(kept(tmp_path, clock, say("Theirs."), target="u").stream(ASKED))
    forget_replies(tmp_path)
    after = await heard(kept(tmp_path, clock, say("New.")).stream(ASKED))

    assert (other, after) == (("Theirs.", False), ("New.", False))


async def test_a_damaged_file_costs_a_call_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)

    assert await heard(kept(tmp_path, FakeClock(), say("New.")).stream(ASKED)) == ("New.", False)


async def test_a_second_identical_run_makes_no_paid_call_and_shows_what_was_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT_KEY", "k-test")
    (tmp_path / "ws").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "goal.md").write_text(GOAL)
    reply = Reply("It says hello.", usage=Billed(input_tokens=900, output_tokens=9))
    async with FakeServer(Scenario(replies=[reply], repeat=Repeat.LAST)) as server:
        (tmp_path / "home" / "config.yaml").write_text(
            f"strategy: fixed\nproviders: {{openrouter: {{key_env: KEPT_KEY, base_url: '{server.openrouter_url}'}}}}\n"
            "brains: {cortex: {model: 'openrouter:google/gemini-2.5-flash'}}\n"
        )
        asked: list[int] = []
        for _ in range(2):
            options = RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home", mode="auto", fresh=True)
            station = Workstation(options)
            result = await station.pursue(tmp_path / "goal.md", [])
            station.log.close()
            station.ledger.close()
            asked.append(len([one for one in server.log if one.bill is not None]))
            assert result.exit_code == 0, result.fields

    folder = tmp_path / "home" / "state" / "sessions"
    records = [one for row in history.rows(folder) for one in history.records(folder, row.session)]
    found = costs.shares(records, "role")
    assert asked == [2, 2]
    assert [(one.name, one.spent.calls) for one in found] == [
        ("cerebellum.web_extraction", 2),
        ("cerebellum.web_extraction, given again", 2),
    ]
    assert (found[0].spent.usd > 0, found[1].price) == (True, "$0.0000")
    assert any("given again" in line and "$0.0000" in line for line in cost_lines(found, "role"))


def test_the_shipped_background_roles_keep_their_replies_and_cortex_does_not() -> None:
    config = merge([read_layer(LayerName.BUILT_IN, Path(__file__).resolve().parents[2] / "config.yaml")]).config

    keeps = {name: config.brain(name).keep_s for name in config.brains}

    assert keeps["cortex"] is None
    assert {name for name, keep_s in keeps.items() if keep_s} == {
        "cerebellum.vision",
        "cerebellum.web_extraction",
        "hippocampus.compression",
    }
