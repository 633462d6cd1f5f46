"""Round trips, precedence, references, homes and schemas."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from hermes_tui.domain.errors import ArgumentsInvalid, UsageInvalid
from hermes_tui.domain.tasks import Mode
from hermes_tui.services import goal_files, homes, plans, references, results, strict_yaml
from hermes_tui.services.config import LayerName
from hermes_tui.services.explain import (
    command_line_layer,
    environment_layer,
    goal_layer,
    merge,
    parse_layer,
    read_layer,
)
from hermes_tui.services.sections import built, plain
from hermes_tui.services.verdict import failure

ROLES = sorted(("bg", "surface", "select", "text", "muted", "rule", "accent", "ok", "warn", "fail", "add", "del"))
ROOT = Path(__file__).resolve().parents[2]
GOAL = "---\nbudget: {usd: 1, tokens: 1.5M, time: 15m, steps: 60}\nmode: auto-edit\nwrite: [tests/]\n---\nDo it.\n"


def test_a_goal_keeps_what_it_says() -> None:
    goal = goal_files.parse_goal(GOAL, "g.md")
    assert (goal.text, goal.mode, goal.write) == ("Do it.", Mode.AUTO_EDIT, ("tests/",))
    assert (goal.limits.usd, goal.limits.tokens, goal.limits.seconds, goal.limits.steps) == (1, 1_500_000, 900, 60)


@pytest.mark.parametrize("path", sorted((ROOT / "docs/examples").glob("*.md")), ids=lambda path: path.stem)
def test_every_example_is_a_goal_with_a_budget(path: Path) -> None:
    goal = goal_files.read_goal(path, ROOT, tools={"list", "search", "git", "python"})

    assert goal.text
    assert goal.limits.seconds
    assert goal.plan is not None or goal.limits.usd


@pytest.mark.parametrize("name", ["repo-map", "three-reports"])
def test_an_example_plan_round_trips(name: str) -> None:
    goal = goal_files.read_goal(ROOT / f"docs/examples/{name}.md", ROOT, tools={"list", "search", "git", "python"})

    assert goal.plan is not None
    text = plans.plan_to_json(goal.plan)
    assert plans.parse_plan(text, "plan.json") == goal.plan
    jsonschema.validate(json.loads(text), json.loads(results.schema_text("hermes.plan.1")))


def test_every_layer_wins_over_those_before_it() -> None:
    layers = [
        read_layer(LayerName.BUILT_IN, ROOT / "config.yaml"),
        parse_layer(LayerName.HOME, "brains: {cortex: {model: 'ollama:home'}}\nui: {theme: paper}\n", "home.yaml"),
        parse_layer(LayerName.PROJECT, "brains:\n  cortex: {model: 'ollama:project'}\n", "project.yaml"),
        goal_layer(goal_files.parse_goal("---\nmodel: ollama:goal\n---\nx\n", "g.md")),
        environment_layer({"HERMES_TUI_MODEL": "ollama:env"}),
        command_line_layer({"brains.cortex.model": "ollama:option"}),
    ]
    names = [merge(layers[:end]).explain("brains.cortex.model").value for end in range(1, 7)]
    assert names == ["auto", *(f"ollama:{name}" for name in ("home", "project", "goal", "env", "option"))]
    found = merge(layers[:3]).explain("brains.cortex.model")
    assert (found.winner, found.file, found.line) == (LayerName.PROJECT, "project.yaml", 2)
    assert merge(layers).explain("ui.theme").file == "home.yaml"
    assert merge(layers).config.budgets.day.usd == 20


@pytest.mark.parametrize("text", ["policy: {mode: auto}\n", "egress: [x.y]\n", "providers: {openai: {client: sdk}}\n"])
def test_a_project_may_not_set_what_only_an_operator_may(text: str) -> None:
    with pytest.raises(UsageInvalid, match="a project may not set"):
        parse_layer(LayerName.PROJECT, text, "p.yaml")


def test_a_goal_stays_within_the_caps() -> None:
    home = parse_layer(LayerName.HOME, "policy: {max_mode: ask}\n", "h.yaml")
    with pytest.raises(UsageInvalid, match="max_mode"):
        merge([home, goal_layer(goal_files.parse_goal(GOAL, "g.md"))])
    costly = goal_files.parse_goal("---\nbudget: {usd: 9}\n---\nx\n", "g.md")
    with pytest.raises(UsageInvalid, match="above"):
        merge([goal_layer(costly)])


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:11434"), ("gpu:99", "http://gpu:99"), ("https://a.b/x", "https://a.b/x")],
)
def test_ollama_host_becomes_a_url(host: str, url: str) -> None:
    assert merge([environment_layer({"OLLAMA_HOST": host})]).config.providers["ollama"].base_url == url


def test_references_are_filled_and_never_spliced_into_code() -> None:
    done = {"a": '{"out": "x; rm -rf /", "n": [1, 2]}'}
    assert (
        references.substitute('{"v": "${a.n}", "t": "n=${a.n.1} $${a}"}', done)[0] == '{"v": [1, 2], "t": "n=2 ${a}"}'
    )
    args, env = references.substitute('{"command": "echo ${a.out}"}', done, tool="shell")
    assert json.loads(args) == {"command": "echo ${HERMES_REF_1}"}
    assert env == {"HERMES_REF_1": "x; rm -rf /"}
    args, _ = references.substitute('{"code": "v = ${a.out}"}', done, tool="python")
    assert "rm -rf" not in args
    with pytest.raises(ArgumentsInvalid, match="no `zz`"):
        references.substitute('{"v": "${a.zz}"}', done)


def test_first_launch_makes_two_files_only(tmp_path: Path) -> None:
    home = homes.open_home(tmp_path / "home")
    assert sorted(path.name for path in home.root.iterdir()) == ["MEMORY.md", "config.yaml", "state"]
    assert home.find("themes/night.yaml").is_file()
    assert not home.notice


def test_the_other_products_home_is_never_used(tmp_path: Path) -> None:
    with pytest.raises(UsageInvalid):
        homes.choose({"HERMES_HOME": str(tmp_path)}, str(tmp_path / "x"))
    assert homes.choose({"HERMES_TUI_HOME": str(tmp_path)}) == tmp_path.resolve()


def test_a_home_that_cannot_be_written_degrades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(homes, "_write_new", refuse)
    home = homes.open_home(tmp_path / "home")
    assert "Permission denied" in home.notice
    assert home.state.is_dir()


@pytest.mark.parametrize("name", sorted(results.MODELS))
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    assert (ROOT / f"docs/schemas/{name}.json").read_text("utf-8") == results.schema_text(name)
    jsonschema.Draft202012Validator.check_schema(json.loads(results.schema_text(name)))


def test_the_result_of_a_run_that_could_not_begin_is_whole_and_fits_its_schema() -> None:
    schema = json.loads(results.schema_text("hermes.result.1"))

    said = failure(UsageInvalid("g.md:3: wrong"), 2).as_json()
    codes = {code: failure(UsageInvalid("stopped"), code).fields["status"] for code in (1, 3, 5, 130, 143)}

    jsonschema.validate(said, schema)
    assert said == plain(built(results.ResultModel, said))
    assert codes == {1: "error", 3: "limited", 5: "no_provider", 130: "interrupted", 143: "interrupted"}


@pytest.mark.parametrize("path", sorted((ROOT / "themes").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_theme_has_the_twelve_roles(path: Path) -> None:
    value = strict_yaml.parse(path.read_bytes(), str(path)).value
    assert isinstance(value, dict)
    assert sorted(value) == ROLES
