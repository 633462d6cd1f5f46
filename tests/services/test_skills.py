"""Skills in a session: named in the prompt, read by a tool, and a project's only as it was trusted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hermes_tui.domain.commands import Submit
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.messages import ToolResult
from hermes_tui.domain.skills import Skill
from hermes_tui.interfaces._commissions import by_skill
from hermes_tui.services import layers, trust, wiring
from hermes_tui.services.instructions import SKILLS_BYTES, skills_text
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.kernel.bench import FakeProvider, KernelBench, ask_for, say

BUILT_IN = ["find-a-bug", "fix-failing-tests", "review-changes", "write-tests"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    (tmp_path / "ws").mkdir()
    return RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home")


def put(folder: Path, name: str, steps: str) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: Do it.\n---\n{steps}\n")


def test_the_built_in_ones_are_there_at_once_and_each_is_short_enough_to_read() -> None:
    skills = wiring.skills_of(Workstation(RunOptions(workspace=ROOT)).home, trust.project_of(ROOT, ROOT, {}))

    assert list(skills.listed) == BUILT_IN
    assert skills.troubles == []
    assert all(500 < len(skills.text(name)) < 5_000 for name in BUILT_IN if name != "write-tests")


def test_the_operators_own_come_first_and_a_projects_only_once_it_is_trusted(options: RunOptions) -> None:
    assert options.home is not None
    put(options.home / "skills", "write-tests", "My way.")
    put(options.workspace / ".hermes" / "skills", "deploy", "Their way.")
    put(options.workspace / ".hermes" / "skills", "write-tests", "Their way.")
    waiting = Workstation(options)
    trust.trust(layers.project_of(options, waiting.home, waiting.layers), waiting.home.state)
    trusted = Workstation(options)
    put(options.workspace / ".hermes" / "skills", "deploy", "Another way.")
    changed = Workstation(options)

    assert "deploy" not in waiting.skills.listed
    assert {name: one.origin for name, one in trusted.skills.listed.items()} == {
        **dict.fromkeys(BUILT_IN, "built in"),
        "deploy": "project",
        "write-tests": "home",
    }
    assert trusted.skills.text("write-tests") == "My way."
    assert "deploy" not in changed.skills.listed


async def test_an_agent_reads_one_by_name_and_is_told_which_there_are(options: RunOptions) -> None:
    station = Workstation(options)
    replies = [ask_for(("skill", {"name": "review-changes"})), ask_for(("skill", {"name": "../x"})), say("Done.")]
    kernel = KernelBench(provider=FakeProvider(replies), tools=dict(station.tools))
    kernel.kit.skills = station.skills
    kernel.start()

    await kernel.run()

    heard = kernel.said_to_model()
    first, second = [part for message in heard for part in message.content if isinstance(part, ToolResult)]
    assert first.output.startswith("1. Find what is under review")
    assert second.output.startswith("There is no skill '../x'")
    assert "fix-failing-tests" in second.output


def test_the_prompt_names_them_and_what_each_is_for_but_never_their_steps(options: RunOptions) -> None:
    text = skills_text(Workstation(options).skills.listed.values(), SKILLS_BYTES)

    assert [line.partition(":")[0] for line in text.splitlines()[1:]] == [f"- {name}" for name in BUILT_IN]
    assert "Find what is under review" not in text
    assert len(text) < 800


def test_many_skills_are_only_named() -> None:
    many = [Skill(name=f"skill-{number}", description="Long. " * 40, origin="home") for number in range(70)]

    text = skills_text(many, SKILLS_BYTES)

    assert "skill-69" in text
    assert len(text) < SKILLS_BYTES


def test_the_operator_has_work_done_by_one(options: RunOptions) -> None:
    skills = Workstation(options).skills

    made = by_skill(skills, "write-tests for the parser")

    assert isinstance(made, Submit)
    assert made.text.startswith("Work by the skill write-tests:\n\n1. Find how")
    assert made.text.endswith("\n\nfor the parser")
    with pytest.raises(UsageInvalid, match="There is no skill 'nothing'"):
        by_skill(skills, "nothing")


def test_the_first_request_stays_within_its_limit(options: RunOptions) -> None:
    station = Workstation(options)
    schemas = [tool.spec.schema for name, tool in station.tools.items() if name != "more"]
    system = sum(len(schema.name) + len(schema.description) + len(schema.parameters) for schema in schemas)

    assert system + len(skills_text(station.skills.listed.values(), SKILLS_BYTES)) < 11_000
    assert all(json.loads(schema.parameters)["type"] == "object" for schema in schemas)
