"""Reflexes: what repeats itself is done by a rule, found in what was done, and every call goes the way of all calls."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ModelFinished, ToolRefused
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Message, Role, Text, ToolCall, ToolResult
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._tables import cost_lines
from hermes_tui.interfaces.inspect.spending import cost
from hermes_tui.services import costs, rates
from hermes_tui.services.config import LayerName, Reflex
from hermes_tui.services.explain import merge, parse_layer
from hermes_tui.services.parity import turns_of
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.reflexes import RuledProvider, next_arguments
from hermes_tui.services.repetition import suggested
from hermes_tui.services.workstation import Workstation
from tests.fakes import Asked, Call, FakeServer, Reply, Scenario
from tests.kernel.bench import FakeBrains, FakeProvider, FakeTool, KernelBench, ask_for, say
from tests.kernel.bench import Reply as Parts

PAGES = 50
RULE = Reflex(tool="fetch", sets="url", before='"next": "', until='"')


def page(number: int, pages: int = PAGES) -> str:
    """Return a page of results that names the next one, but for the last."""
    rows = [{"id": f"{number}-{row}", "name": f"thing {row} of page {number}"} for row in range(3)]
    tail = f', "next": "https://shop.test/things?page={number + 1}"' if number < pages else ""
    return f'{{"rows": {json.dumps(rows)}, "page": {number}{tail}}}'


async def fetch(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
    """Give a page, as a shop does."""
    assert context.key
    return ToolOutcome(output=page(int(str(arguments["url"]).rpartition("=")[2])), data="null")


def shop(*replies: Parts, rules: dict[str, Reflex]) -> KernelBench:
    kernel = KernelBench(provider=FakeProvider(list(replies)), tools={"fetch": FakeTool("fetch", fetch)})
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    brains.brain = replace(brains.brain, provider=RuledProvider(kernel.provider, rules))
    kernel.start()
    return kernel


def first() -> Parts:
    return ask_for(("fetch", {"url": "https://shop.test/things?page=1", "method": "GET"}))


def talk(kernel: KernelBench) -> Sequence[Message]:
    return kernel.state.talk.by_agent[next(iter(kernel.state.talk.by_agent))].messages


async def test_fifty_pages_take_two_model_calls_and_every_page_is_read() -> None:
    kernel = shop(first(), say("All 150 things are read."), rules={"next-page": RULE})

    ended = await kernel.run()

    found = costs.shares(kernel.journal.records, "model")
    read = [part for message in talk(kernel) for part in message.content if isinstance(part, ToolResult)]
    assert ended.answer == "All 150 things are read."
    assert len(kernel.provider.requests) == 2
    assert [one.output for one in read] == [page(number) for number in range(1, PAGES + 1)]
    assert {one.name: (one.spent.calls, one.spent.usd > 0) for one in found} == {
        "fake:m": (2, True),
        "fake:m, by rule": (PAGES - 1, False),
    }
    assert len(list(turns_of(kernel.journal.records))) == 2, "a shadow is asked what a model was asked"
    assert any("by rule" in line and "$0.0000" in line for line in cost_lines(found, "model"))


async def test_a_rule_is_suggested_from_what_a_model_did_and_does_the_same() -> None:
    asked = [ask_for(("fetch", {"url": f"https://shop.test/things?page={n}"})) for n in range(1, PAGES + 1)]
    slow = shop(*asked, say("Done."), rules={})
    await slow.run()

    (found,) = suggested([talk(slow)])
    again = shop(asked[0], say("Done."), rules={found.name: found.rule})
    await again.run()

    assert (found.name, found.times, found.rule.sets) == ("next-fetch-url", PAGES - 1, "url")
    assert (len(slow.provider.requests), len(again.provider.requests)) == (PAGES + 1, 2)
    same = [[call.arguments for message in talk(one) for call in message.calls] for one in (slow, again)]
    assert same[0] == same[1]


async def test_a_call_that_a_rule_makes_is_judged_like_any_other() -> None:
    kernel = shop(first(), say("I may not read on."), rules={"next-page": RULE})

    async def fetch_once(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
        kernel.policy.denies.add("fetch")
        return await fetch(arguments, context)

    kernel.tools["fetch"] = FakeTool("fetch", fetch_once)

    await kernel.run()

    (refused,) = kernel.bodies(ToolRefused)
    by_rule = [one for one in kernel.bodies(ModelFinished) if isinstance(one, ModelFinished) and not one.usage.asked]
    assert isinstance(refused, ToolRefused)
    assert refused.stage == "policy"
    assert [one.message.text for one in by_rule] == ["[by the rule next-page]"]
    assert len(kernel.provider.requests) == 2


def said(*parts: tuple[str, str], tail: Message | None = None, ok: bool = True) -> list[Message]:
    """Return a conversation of single calls of `fetch`, each with its result."""
    messages = [Message(role=Role.OPERATOR, content=(Text(text="Read all."),))]
    for number, (arguments, output) in enumerate(parts):
        call = ToolCall(call_id=CallId(f"c{number}"), name="fetch", arguments=arguments)
        messages.append(Message(role=Role.MODEL, content=(call,)))
        messages.append(Message(role=Role.TOOL, content=(ToolResult(call_id=call.call_id, ok=ok, output=output),)))
    return [*messages, tail] if tail is not None else messages


ONE = ('{"url": "a?page=1"}', '"next": "a?page=2"')
TOLD = Message(role=Role.OPERATOR, content=(Text(text="Stop there."),))


@pytest.mark.parametrize(
    ("messages", "rule"),
    [
        (said(('{"url": "a?page=1"}', "no more")), RULE),
        (said(('{"url": "a?page=2"}', '"next": "a?page=2"')), RULE),
        (said(('{"url": "a?page=1"}', '"next": "a?pa')), RULE),
        (said(('{"other": 1}', '"next": "a?page=2"')), RULE),
        (said(("[1]", '"next": "a?page=2"')), RULE),
        (said(ONE, ok=False), RULE),
        (said(ONE, tail=TOLD), RULE),
        (said(ONE), replace(RULE, tool="read")),
        (said(ONE, ('{"url": "a?page=2"}', '"next": "a?page=3"')), replace(RULE, at_most=2)),
        ([], RULE),
    ],
)
def test_the_model_is_asked_where_a_rule_does_not_fit_or_something_was_said(
    messages: list[Message], rule: Reflex
) -> None:
    assert next_arguments(rule, messages) is None


@pytest.mark.parametrize(
    ("given", "output", "rule", "then"),
    [
        (ONE[0], ONE[1], RULE, {"url": "a?page=2"}),
        ('{"url": "a", "n": 1}', '"next": "b"', RULE, {"url": "b", "n": 1}),
        ('{"page": 1}', "next page: 2 of 9", Reflex(tool="fetch", sets="page", before="next page: "), {"page": 2}),
        ('{"url": "1"}', "next page: 2 of 9", Reflex(tool="fetch", sets="url", before="next page: "), {"url": "2"}),
        (
            '{"cursor": ""}',
            "cursor=eyJh-_9 end",
            Reflex(tool="fetch", sets="cursor", before="cursor="),
            {"cursor": "eyJh-_9"},
        ),
    ],
)
def test_the_next_call_differs_in_what_the_result_names_and_keeps_its_kind(
    given: str, output: str, rule: Reflex, then: dict[str, object]
) -> None:
    found = next_arguments(rule, said((given, output)))

    assert found is not None
    assert json.loads(found) == then


@pytest.mark.parametrize(
    "pages",
    [
        [('{"n": 1}', "x"), ('{"n": 2}', "x"), ('{"n": 3}', "x"), ('{"n": 4}', "x"), ('{"n": 5}', "x")],
        [('{"n": 1}', "next: 2"), ('{"n": 2}', "next: 3"), ('{"n": 3}', "done")],
        [(f'{{"n": {n}}}', f"next: {n + 1}") for n in range(1, 8)],
        [(f'{{"n": {n}, "m": {n}}}', f"next: {n + 1}") for n in range(1, 8)],
    ],
    ids=["nothing names it", "too short", "it would not have stopped", "two arguments move"],
)
def test_no_rule_is_suggested_that_would_not_have_done_the_same(pages: list[tuple[str, str]]) -> None:
    assert suggested([said(*pages)]) == []


def test_a_project_may_not_bring_rules_and_a_mark_of_two_letters_is_refused(tmp_path: Path) -> None:
    rules = "reflexes: {next: {tool: fetch, sets: url, before: '%s'}}\n"

    with pytest.raises(UsageInvalid, match="a project may not set `reflexes"):
        merge([parse_layer(LayerName.PROJECT, rules % "next: ", str(tmp_path / ".hermes-tui.yaml"))])
    with pytest.raises(UsageInvalid, match=r"reflexes\.next\.before"):
        merge([parse_layer(LayerName.HOME, rules % "a ", "config.yaml")])
    assert merge([parse_layer(LayerName.HOME, rules % "next: ", "config.yaml")]).config.reflexes["next"].at_most == 100


async def test_what_the_command_suggests_is_taken_as_it_is_and_spares_the_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFLEX_KEY", "k-test")
    work, home = tmp_path / "ws", tmp_path / "home"
    for folder in (work, home):
        folder.mkdir()
    for number in range(1, 7):
        more = f"Go on in part{number + 1}.txt\n" if number < 6 else ""
        (work / f"part{number}.txt").write_text(f"Part {number}.\n{more}")

    def answer(asked: Asked) -> Reply:
        read = re.findall(r"Go on in (part\d)\.txt|(Part 6)\.", asked.last_text)
        last = read[-1] if read else ("part1", "")
        return Reply("It ends.") if last[1] else Reply(tool_calls=[Call("read", {"path": f"{last[0]}.txt"})])

    asked: list[int] = []
    async with FakeServer(Scenario(respond=answer)) as server:
        config = f"strategy: fixed\nproviders: {{openai: {{key_env: REFLEX_KEY, base_url: '{server.openai_url}'}}}}\n"
        rules = printed = ""
        for _ in range(2):
            (home / "config.yaml").write_text(f"{config}brains: {{cortex: {{model: 'openai:fake-large'}}}}\n{rules}")
            station = Workstation(RunOptions(workspace=work, home=home, mode="auto", fresh=True))
            result = await station.pursue("Read the story.", [])
            assert result.fields["answer"] == "It ends.", result.fields
            asked.append(len([one for one in server.log if one.bill is not None]))
            await cost(station, Namespace(session=None, by="role", others=[], suggest=True, json=False))
            printed = capsys.readouterr().out
            rules = rules or printed
            station.log.close()
            station.ledger.close()

    assert 'Go on in "}' in rules
    assert "would have made 5 calls" in rules
    assert printed == "Nothing was found that repeats itself.\n"
    assert (asked[0], asked[1] - asked[0]) == (7, 2)
    assert rates.measured(home / "state" / "sessions").samples == 9, "what a rule did says nothing of a model"
