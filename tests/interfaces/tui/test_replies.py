"""Requests to models: what a reply comes to while it streams in, and one row for a step that goes to another brain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hermes_tui.domain.approval import Decision, Ruling
from hermes_tui.domain.events import Event, ModelChosen, ToolIntended
from hermes_tui.domain.ids import CallId, Seq
from hermes_tui.domain.parts import Part, TextDelta, ToolCallDelta, ToolCallStarted
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Effect
from hermes_tui.domain.usage import Price, Usage
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.drawing.row_window import Room, Row, RowWindow
from hermes_tui.interfaces.tui.so_far import Sent, sent, told
from hermes_tui.interfaces.tui.transcript import Transcript
from hermes_tui.services.missing import Missing
from tests.fakes import Fault, Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.tui.stand import Table, seated
from tests.interfaces.tui.test_microcopy import ASKING, CUT, PLACE, REQUESTED, START, SWITCHED, reply

PRICE = Price(input_usd=1.0, output_usd=5.0, cache_read_usd=0.1, cache_write_usd=1.25, dated="2026-11-02")


class Unasked:
    """A provider that nobody asks."""

    def stream(self, request: object) -> Iterator[Part]:
        raise AssertionError(request)


def brain(name: str) -> Brain:
    return Brain(name=name, model=name, provider=Unasked(), price=PRICE, window_tokens=200_000, why="")  # type: ignore[arg-type]


def transcript_of(*events: Event) -> tuple[Transcript, list[Row]]:
    """Return the transcript after these events, and the rows that stand there then."""
    transcript, window = Transcript(), RowWindow(clock=lambda: 36_510.0)
    transcript.replies.brains = [Missing("openrouter", "no key", "paste one"), brain("anthropic:haiku"), brain("m")]
    for at, event in enumerate(events, start=1):
        window.extend(transcript.take(Record(seq=Seq(at), at=36_502.0 + at, place=PLACE, body=event)))
    return transcript, window.rows


def foot(transcript: Transcript, *parts: Part, width: int = 80, now: float = 36_510.0) -> str:
    """Return the last line of the streaming row after these parts, the first of which came at 36,504."""
    row = [transcript.hear(PLACE, part, 36_504.0) for part in parts][-1]
    assert row is not None
    return " ".join(row.lines(Room(width=width, now=now))[-1].text.split())


TEXT = TextDelta("x" * 855)


def test_the_foot_of_a_reply_says_about_how_many_tokens_how_fast_and_for_how_much() -> None:
    transcript, _ = transcript_of(START, replace(ASKING, model="anthropic:haiku", request_bytes=40_000))

    assert foot(transcript, TEXT) == "haiku · about 214 tokens, 36/s, $0.01 so far Esc interrupt"


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (61, "haiku · about 214 tokens, 36/s, $0.01 so far Esc interrupt"),
        (50, "haiku · about 214 tokens, 36/s, $0.01 so far"),
        (46, "haiku · about 214 tokens, 36/s"),
        (32, "haiku · about 214 tokens"),
        (22, "haiku Esc interrupt"),
    ],
)
def test_what_there_is_no_room_for_in_the_foot_is_left_out_whole(width: int, said: str) -> None:
    transcript, _ = transcript_of(START, replace(ASKING, model="anthropic:haiku", request_bytes=40_000))

    assert foot(transcript, TEXT, width=width) == said


def test_what_a_provider_counts_itself_is_no_estimate() -> None:
    transcript, _ = transcript_of(START, replace(ASKING, model="anthropic:haiku"))

    said = foot(transcript, TEXT, Usage(input_tokens=1000, output_tokens=300))

    assert said == "haiku · 300 tokens · 50/s · $0.0025 so far Esc interrupt"


def test_a_rate_is_told_of_a_second_at_least_and_money_of_a_model_that_has_a_price() -> None:
    transcript, _ = transcript_of(START, replace(ASKING, model="ollama:qwen"))

    assert foot(transcript, TextDelta("Hi"), now=36_504.5) == "qwen · about 1 token Esc interrupt"


def test_a_call_that_is_written_is_counted_and_named_and_no_wait_for_a_first_token() -> None:
    transcript, _ = transcript_of(START, replace(ASKING, model="ollama:qwen"))
    stream = transcript.hear(PLACE, ToolCallStarted(index=0, name="write"), 36_504.0)

    said = foot(transcript, ToolCallDelta(index=0, arguments="x" * 399))

    assert said == "qwen · about 100 tokens, 17/s Esc interrupt"
    assert stream is not None
    assert stream.lines(Room(width=60))[0].text == "  calls write"


def test_what_a_request_takes_is_told_by_what_the_one_before_took() -> None:
    before = (40_000, Usage(input_tokens=2_000, cache_read_tokens=6_000))

    assert sent(80_000, PRICE, before).prompt == Usage(input_tokens=4_000, cache_read_tokens=12_000, source="estimated")
    assert sent(80_000, PRICE, None).prompt == Usage(input_tokens=20_001, source="estimated")
    assert told(399, 0.0, Sent(price=None), None)[0] == "about 100 tokens"


def test_a_step_that_another_brain_takes_over_is_one_row_with_the_key_that_goes_back() -> None:
    transcript, rows = transcript_of(START, replace(ASKING, model="anthropic:haiku"), CUT, SWITCHED)

    said = [line.text.rstrip() for line in rows[-1].lines(Room(width=80, opened=True))]
    assert len(rows) == 2
    assert said == [
        "• switched: anthropic:haiku → openai:mini, same step, nothing lost Alt+2 back ▼",
        "  cause connection cut after about 212 tokens; the fragment is kept, not used",
        "  The connection to anthropic broke: reset.",
        "",
        "  The fragment is kept, not used:",
        "  It begins",
    ]
    assert transcript.replies.switch == (
        "Switched: anthropic:haiku → openai:mini, same step. Cause: connection cut after about 212 tokens; "
        "the fragment is kept, not used. Alt+2 goes back.",
        "Switched: anthropic:haiku → openai:mini, same step. Alt+2 goes back.",
    )


def test_only_the_newest_switch_has_a_key_and_it_follows_the_list_of_brains() -> None:
    back = replace(SWITCHED, model="anthropic:haiku", before="openai:mini")
    transcript, rows = transcript_of(START, SWITCHED, back)
    said = [" ".join(row.lines(Room(width=120))[0].text.split()) for row in rows[1:]]
    (moved,) = transcript.replies.know([brain("openai:mini")])

    assert [line.rpartition(" it could not")[2] for line in said] == ["", " F3 brains"]
    assert moved.key == rows[-1].key
    assert moved.lines(Room(width=120))[0].text.endswith("Alt+1 back ")
    assert transcript.replies.know(transcript.replies.brains) == []


def test_a_brain_that_answers_first_of_all_was_switched_to_by_nobody() -> None:
    transcript, rows = transcript_of(START, reply(0.1), ModelChosen(role="cortex", model="m", why="you chose it"))

    assert rows[-1].lines(Room(width=80))[0].text.startswith("• cortex is now m: you chose it")
    assert transcript.replies.switch == ()


async def test_the_status_line_says_that_a_step_went_to_another_brain(table: Table) -> None:
    lost = Reply("It begins and then", fault=Fault.parse("reset@mid_text:2"))
    with running_server(Scenario(replies=[lost, Reply("Here.")])) as server:
        table.configure("routing: {order: [openai, lmstudio]}\n")
        table.monkeypatch.setenv("LMSTUDIO_BASE_URL", server.openai_url)
        async with seated(table.desk(server.openai_url)) as app:
            await app.enter("Begin.")
            await app.until(lambda: "✓ done" in app.text)

            assert any(said.startswith("Switched: openai:") and "same step." in said for said in app.told)
            assert "same step, nothing lost" in app.text
            assert "cause connection cut" in app.text


async def test_a_step_that_the_operator_gives_to_another_brain_at_once_is_one_row_and_no_stop(table: Table) -> None:
    stalled = Reply("It begins and then", fault=Fault.parse("stall@mid_text:2"))
    with running_server(Scenario(replies=[stalled, Reply("Here.")])) as server:
        table.configure("routing: {order: [openai, lmstudio]}\n")
        table.monkeypatch.setenv("LMSTUDIO_BASE_URL", server.openai_url)
        async with seated(table.desk(server.openai_url)) as app:
            await app.enter("Begin.")
            await app.until(lambda: "It begins" in app.text)
            other = next(at for at, one in enumerate(app.brains, start=1) if getattr(one, "name", "")[:3] == "lms")
            await app.pilot.press(f"alt+{other}")
            await app.until(lambda: app.said.startswith("Next step: lmstudio"))
            await app.until(lambda: "cortex is now lmstudio" in app.text)
            await app.pilot.press(f"alt+{other}")
            await app.until(lambda: "✓ done" in app.text)
            console = "\n".join(row[:71] for row in app.rows)

    assert "• switched: openai:" in console
    assert "cause asked for by the operator after about" in console
    assert "■" not in console
    assert "resumed" not in console
    assert "cortex is now" not in console


def test_after_a_crash_no_clock_of_what_was_under_way_runs_on() -> None:
    transcript = Transcript()
    allowed = replace(REQUESTED, ruling=Ruling(decision=Decision.ALLOW, rule="mode"))
    began = ToolIntended(call_id=CallId("c1"), tool="shell", arguments="{}", effect=Effect.EXTERNAL, key="k")
    events: tuple[Event, ...] = (START, ASKING, allowed, began)
    for at, event in enumerate(events, start=1):
        transcript.take(Record(seq=Seq(at), at=36_502.0, place=PLACE, body=event))

    rows = transcript.cut_off()

    said = [" ".join(row.lines(Room(width=90, now=99_999.0))[0].text.split()) for row in rows]
    assert said == ["? shell pip install x in doubt ►", "? m: no reply was stored when Hermes ended"]
    assert not any(row.live for row in rows)
    assert transcript.cut_off() == []
