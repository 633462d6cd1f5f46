"""Every fault of a provider has its documented outcome: an exit code, a reason a person can read, and no hang."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from hermes_tui.services.clock import SystemClock
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.verdict import Result
from hermes_tui.services.workstation import Workstation
from tests.fakes import Call, Fault, FaultKind, Moment, Repeat, Reply, Scenario
from tests.fakes.faults import CUES, INSERTIONS, INTERRUPTIONS
from tests.fakes.running import refused_url, running_server
from tests.interfaces.processes import Shop, shop, without_traceback

__all__ = ["shop"]

VENDORS: Final = {"openai": "/v1", "anthropic": "", "ollama": ""}
STATUSES: Final = (400, 401, 402, 403, 404, 413, 422, 429, 500, 501, 502, 503, 529)
HARMLESS: Final = {"drip", "duplicate_ids", "many_deltas"}
"""What arrives late or in crumbs is whole all the same."""
REQUEST: Final = {"400", "413", "422", "context_length"}
"""Another brain would refuse it too, so none is asked."""
MODEL: Final = {"half_arguments", "unknown_tool"}
"""The line is fine; the model cannot call tools, not even after one repair."""
CLOCKS: Final = "{connect_s: 2, first_token_s: 0.4, idle_s: 0.4, total_s: 20}"
LONGEST_S: Final = 60.0
KEY: Final = "sk-test-0123456789abcdef0123"


def faults() -> Iterator[Fault]:
    """Yield every fault that the fake can play, at every moment that it can strike."""
    for kind in FaultKind:
        if kind is FaultKind.STATUS:
            yield from (Fault(kind, status=status) for status in STATUSES)
        elif kind in CUES:
            moments = [moment for moment in Moment if kind not in INSERTIONS or moment is not Moment.BEFORE_HEADERS]
            yield from (Fault(kind, moment) for moment in moments)
        else:
            yield Fault(kind, size=3_000 if kind is FaultKind.MANY_DELTAS else None)


class HurriedClock(SystemClock):
    """Waits between attempts for no time at all; everything else takes the time it takes."""

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002 - the port's
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Place:
    """A home whose only brain is one vendor's, at `url`."""

    folder: Path
    vendor: str
    url: str

    def prepare(self) -> RunOptions:
        """Write the config; return how to run there."""
        home, work = self.folder / "home", self.folder / "ws"
        home.mkdir()
        work.mkdir(exist_ok=True)
        (work / "a.txt").write_text("hello", encoding="utf-8")
        others = ", ".join(sorted({"openai", "anthropic", "openrouter", "ollama", "lmstudio"} - {self.vendor}))
        (home / "config.yaml").write_text(
            f"version: 1\nproviders:\n  {self.vendor}: {{base_url: '{self.url}{VENDORS[self.vendor]}'}}\n"
            f"routing: {{order: [{self.vendor}], ignore: [{others}]}}\n"
            f"brains:\n  cortex: {{model: '{self.vendor}:fake-large', clocks: {CLOCKS}}}\n"
            "budgets: {run: {usd: 100}}\n",
            encoding="utf-8",
        )
        return RunOptions(workspace=work, home=home, max_steps=6)


async def pursued(options: RunOptions) -> Result:
    """Run a goal in this process, without the waits between attempts."""
    station = Workstation(options)
    station.kits = replace(station.kits, clock=HurriedClock())
    try:
        async with asyncio.timeout(LONGEST_S):
            return await station.pursue("Read a.txt and say what is in it.", [])
    finally:
        station.log.close()


def harmless(fault: Fault, vendor: str) -> bool:
    """Whether the reply is whole: its terminal marker came first (OpenAI's is a line of its own before the last)."""
    after = fault.kind in INTERRUPTIONS or vendor == "openai"
    return fault.label in HARMLESS or (fault.moment is Moment.LAST_BYTE and after)


def outcome(fault: Fault, vendor: str) -> tuple[int, str]:
    """Return the exit code and the status that docs/headless.md promises."""
    if harmless(fault, vendor):
        return 0, "done"
    if fault.label == "half_arguments" and vendor == "ollama":
        return 5, "no_provider"  # its arguments are no text of their own: half of them is a broken line
    if fault.label in REQUEST | MODEL:
        return 1, "not_done"
    return 5, "no_provider"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the cloud providers a key."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", tuple(faults()), ids=lambda fault: fault.label)
async def test_a_fault_in_every_reply_has_its_documented_outcome(tmp_path: Path, vendor: str, fault: Fault) -> None:
    calls = [Call("read", {"path": "a.txt"})]
    struck = Reply("I look at it first.", tool_calls=calls, fault=fault)
    replies = [struck, Reply("It says hello.")] if harmless(fault, vendor) else [struck]

    with running_server(Scenario(replies=replies, repeat=Repeat.LAST)) as server:
        result = await pursued(Place(tmp_path, vendor, server.base_url).prepare())

    assert (result.exit_code, result.fields["status"]) == outcome(fault, vendor)
    assert bool(result.fields["reason"]) is bool(result.exit_code)
    assert KEY not in json.dumps(result.as_json())


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_server_that_is_not_there_is_named(tmp_path: Path, vendor: str) -> None:
    url = refused_url()

    result = await pursued(Place(tmp_path, vendor, url).prepare())

    assert result.exit_code == 5
    assert vendor in str(result.fields["reason"])


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("label", ["429", "529", "cut_chunk@mid_text", "end_clean@mid_arguments", "reset@before_end"])
async def test_a_fault_that_passes_costs_an_attempt_and_nothing_else(tmp_path: Path, vendor: str, label: str) -> None:
    look = Reply("I look.", tool_calls=[Call("read", {"path": "a.txt"})])
    replies = [replace(look, fault=Fault.parse(label)), look, Reply("It says hello.")]

    with running_server(Scenario(replies=replies)) as server:
        result = await pursued(Place(tmp_path, vendor, server.base_url).prepare())

    assert (result.exit_code, result.fields["answer"]) == (0, "It says hello.")
    assert len(server.log.replies) == len(replies)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("401", 5),
        ("400", 1),
        ("huge_delta", 5),
        ("half_arguments", 1),
        ("cut_chunk@mid_text", 5),
        ("stall@mid_text", 5),
    ],
)
def test_a_fault_is_told_in_words_by_the_command(shop: Shop, label: str, code: int) -> None:
    reply = Reply("I look.", tool_calls=[Call("read", {"path": "a.txt"})], fault=Fault.parse(label))
    shop.env["OPENAI_API_KEY"] = KEY

    with running_server(Scenario(replies=[reply], repeat=Repeat.LAST)) as server:
        options = Place(shop.root, "openai", server.base_url).prepare()
        ran = shop.run("-p", "Read a.txt.", "-C", str(options.workspace), "--output-format", "json")

    assert without_traceback(ran)["code"] == code
    assert json.loads(ran.stdout)["exit_code"] == code
    assert KEY not in ran.stdout + ran.stderr
