"""What a document may hold, and that each way in which it does not fit is found, worded and placed."""

from __future__ import annotations

import json

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.edits import EditModel
from hermes_tui.services.goal_files import GoalModel
from hermes_tui.services.plans import PlanModel
from hermes_tui.services.sections import Section, built, json_schema, plain, validate, without_empty
from hermes_tui.services.strict_yaml import parse


def refusal(model: type[Section], text: str) -> str:
    """Return the place, the mistake and the remedy of a document that does not fit, as one text."""
    with pytest.raises(UsageInvalid) as caught:
        validate(parse(text, "f"), model)
    return f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        (HermesConfig, "ui: {mouse: 3}", "f:1:13: `ui.mouse` is the number 3. Write true or false."),
        (HermesConfig, "ui: {keys: {a: 1}}", "f:1:16: `ui.keys.a` is the number 1. Write a text."),
        (HermesConfig, "ui: 3", "f:1:5: `ui` is the number 3. Write a group of keys."),
        (HermesConfig, "egress: x", "f:1:9: `egress` is the text 'x'. Write a list."),
        (
            HermesConfig,
            "brains: {cortex: {clocks: {idle_s: 0}}}",
            "f:1:36: `brains.cortex.clocks.idle_s` is the number 0. Write a number above 0 and of at most 1000000000.",
        ),
        (
            HermesConfig,
            "brains: {cortex: {effort: odd}}",
            "f:1:27: `brains.cortex.effort` is the text 'odd'. Use 'low', 'medium' or 'high'.",
        ),
        (
            HermesConfig,
            "tiers: {A b: [x]}",
            "f:1:9: `tiers.A b` is no possible key. Write a text that matches `^[a-z][a-z0-9_.-]{0,63}$`.",
        ),
        (HermesConfig, "version: 2", "f:1:10: `version` is the number 2. Use 1."),
        (
            HermesConfig,
            "policy: {mode: yes}",
            "f:1:16: `policy.mode` is the text 'yes'. Use 'plan', 'ask', 'auto-edit' or 'auto'.",
        ),
        (
            HermesConfig,
            "policy: {tests: [{tool: a}]}",
            "f:1:18: `expect` is missing in `policy.tests.0`. Add `expect:`.",
        ),
        (GoalModel, "budget: {tokens: [1]}", "f:1:18: `budget.tokens` is a list. Write a whole number or a text."),
        (
            GoalModel,
            "success: [{json: {file: a, schema: ../b}}]",
            "f:1:36: success.0.json.schema: '../b' leaves the workspace."
            " Write a path relative to the workspace, such as `tests/`.",
        ),
        (
            GoalModel,
            "success: [{}]",
            "f:1:11: success.0: a criterion has exactly one key. Use one of run, file, contains, json per list item.",
        ),
        (
            PlanModel,
            "tasks: []",
            "f:1:8: `tasks` is an empty list. Write a list at least 1 long and at most 5000 long.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(model: type[Section], text: str, said: str) -> None:
    assert refusal(model, text) == said


def test_the_first_mistake_in_the_file_is_told_and_the_others_are_counted() -> None:
    text = "version: 1\nfoo: 1\nbudgets:\n  run: {usd: -1}\nui:\n  mouse: 3\n  vim: 4\negress: ['http://x']\n"

    assert refusal(HermesConfig, text).startswith("f:2:1: unknown key `foo`. (4 more after it.) Known: ")


def test_what_holds_a_mistake_is_not_called_wrong_itself() -> None:
    assert refusal(PlanModel, "tasks:\n  - {id: a, kind: no}\n").startswith(
        "f:2:19: `tasks.0.kind` is the text 'no'. Use "
    )


def test_a_role_takes_from_cortex_what_it_leaves_out_or_gives_as_null() -> None:
    cortex = {"model": "openai:a", "temperature": 0.5, "clocks": {"idle_s": 9, "total_s": 99}}
    role = {"model": "openai:b", "temperature": None, "clocks": {"idle_s": 1}}

    brain = built(HermesConfig, {"brains": {"cortex": cortex, "critic": role}}).brain("critic")

    assert without_empty(brain) == {
        "model": "openai:b",
        "temperature": 0.5,
        "clocks": {"idle_s": 1.0, "total_s": 99.0},
        "budget": {},
    }


def test_a_section_in_plain_words_is_json_and_makes_itself_again() -> None:
    edit = validate(parse("ops: [{op: skip, id: a, result: {x: null}}]", "f"), EditModel)

    assert json.loads(json.dumps(plain(edit))) == plain(edit)
    assert built(EditModel, plain(edit)) == edit
    assert without_empty(edit) == {
        "schema": "hermes.edit/1",
        "why": "",
        "ops": [{"op": "skip", "id": "a", "result": {"x": None}}],
    }


def test_a_key_of_its_own_name_in_files_is_so_in_the_schema() -> None:
    assert json_schema(EditModel)["properties"]["schema"] == {"enum": ["hermes.edit/1"], "default": "hermes.edit/1"}
