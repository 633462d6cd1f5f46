"""How much a task weighs: by class, words, size and stakes; held against tasks that people labelled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.ports import Weight
from hermes_tui.domain.values import replace
from hermes_tui.kernel.step import take_step
from hermes_tui.kernel.weight import LARGE_BYTES, Asked, weigh
from tests.kernel.bench import PLACE, FakeBrains, FakeProvider, KernelBench, say

LABELLED = Path(__file__).with_name("labelled.tsv")
TIERS = ("light", "standard", "premium")


SETS: Mapping[str, tuple[str, ...]] = {"50": ("first",), "120": ("first", "further"), "unseen": ("unseen",)}
"""The words were chosen by the first two; what is unseen was written afterwards and not looked at since."""


def labelled(sets: tuple[str, ...]) -> list[tuple[str, Asked]]:
    """Return the tasks of some sets with their labels."""
    rows = [line.split("\t") for line in LABELLED.read_text("utf-8").splitlines()]
    return [
        (label, Asked(task_class=kind, text=text, size_bytes=int(kb) * 1_024, reading=mode == "reading"))
        for name, label, kind, kb, mode, text in rows
        if name in sets
    ]


@pytest.mark.parametrize(("name", "least"), [("50", 0.9), ("120", 0.9), ("unseen", 0.7)])
def test_labelled_tasks_go_where_they_are_labelled(name: str, least: float) -> None:
    tasks = labelled(SETS[name])

    wrong = [(label, weigh(asked).tier, asked.text) for label, asked in tasks if weigh(asked).tier != label]
    assert len(wrong) <= (1 - least) * len(tasks), wrong
    assert not [one for one in wrong if abs(TIERS.index(one[0]) - TIERS.index(one[1])) > 1]


def test_each_label_is_there_often_enough_to_mean_something() -> None:
    tasks = labelled(SETS["50"])

    counts = [sum(label == tier for label, _ in tasks) for tier in TIERS]

    assert (sum(counts), min(counts) >= 15) == (50, True)


@pytest.mark.parametrize(
    ("asked", "tier", "why"),
    [
        (Asked(task_class="agent", text="Where is the port set?", size_bytes=9), "light", "a short look"),
        (Asked(task_class="agent", text="Where is it set?", size_bytes=LARGE_BYTES), "standard", "100,000 bytes"),
        (Asked(task_class="agent", text="Rename a to b.", size_bytes=9), "light", "a short chore"),
        (Asked(task_class="agent", text="Rename a to b. " * 30, size_bytes=9), "standard", "more than a line"),
        (Asked(task_class="plan", text="Rename a to b.", size_bytes=9), "standard", "plan leads"),
        (Asked(task_class="critic", text="Rename a to b.", size_bytes=9), "premium", "decides about what may hurt"),
        (Asked(task_class="agent", text="Deploy it to production.", size_bytes=9), "premium", "'Deploy' is at stake"),
        (Asked(task_class="agent", text="Deploy it.", size_bytes=9, reading=True), "standard", "ordinary work"),
        (Asked(task_class="agent", text="What does deploy() do?", size_bytes=9), "light", "a short look"),
        (Asked(task_class="agent", text="Benenne a in b um.", size_bytes=9), "standard", "ordinary work"),
        (Asked(task_class="agent", text="", size_bytes=9), "light", "a short look"),
    ],
)
def test_class_stakes_size_and_words_decide_in_this_order(asked: Asked, tier: str, why: str) -> None:
    found = weigh(asked)

    assert found.tier == tier
    assert why in found.why


async def test_the_operators_last_words_are_weighed_and_not_what_an_agent_wrote_since() -> None:
    kernel = KernelBench(provider=FakeProvider([say("Nine."), say("Ten.")]), tools={})
    kernel.start()
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    place = replace(PLACE, agent=AgentId("main"))

    for words in ("Find the deadlock.", "How many are there?"):
        kernel.tell(words)
        await take_step(kernel.kit, place, "agent")

    assert brains.weights == [
        Weight(tier="premium", why="'deadlock' takes thought"),
        Weight(tier="light", why="a short look"),
    ]
