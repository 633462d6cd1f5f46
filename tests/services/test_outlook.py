"""How the first screen looks is kept for the next start, as long as nothing that the config is made of changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import replace
from hermes_tui.services.layers import read_all
from hermes_tui.services.outlook import Shelf, outlook_of
from hermes_tui.services.premises import Premises, RunOptions

DAY = "ui:\n  theme: day\n  keys: {app.leave: f12}\n"


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    (tmp_path / "workspace").mkdir()
    return RunOptions(workspace=tmp_path / "workspace", home=tmp_path / "home")


def configure(options: RunOptions, text: str) -> None:
    assert options.home is not None
    (options.home / "config.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")


def known(options: RunOptions, **variables: str) -> bool:
    """Whether a start would know its outlook without reading the config."""
    first = Premises(options)
    assert first.outlook.theme
    return Shelf(first.home, first.root, options, variables).outlook() is not None


def test_a_second_start_knows_its_outlook_and_reads_the_config_when_that_is_asked_for(options: RunOptions) -> None:
    assert Premises(options).outlook.theme
    configure(options, DAY)
    first, second = Premises(options), Premises(options)

    assert second.outlook == first.outlook == outlook_of(read_all(options, first.home)[1].config.ui)
    assert (second.outlook.theme, second.outlook.keys) == ("day", {"app.leave": "f12"})
    assert second.config == first.config


def test_a_config_that_was_changed_is_read_at_once(options: RunOptions) -> None:
    assert Premises(options).outlook.theme == "night"
    configure(options, DAY)

    assert Premises(options).outlook.theme == "day"


def test_a_config_that_became_wrong_is_refused_at_once(options: RunOptions) -> None:
    assert Premises(options).outlook.theme
    configure(options, "ui: {theme: 7}\n")
    changed = Premises(options)

    with pytest.raises(UsageInvalid, match="theme"):
        assert changed.outlook.theme


def test_a_variable_that_sets_something_counts(options: RunOptions) -> None:
    assert known(options)
    assert known(options, HERMES_TUI_UNHEARD_OF="day")
    assert not known(options, HERMES_TUI_THEME="day")


@pytest.mark.parametrize("name", [".hermes-tui.yaml", ".hermes"])
def test_where_a_project_has_a_say_the_config_is_read_each_time(options: RunOptions, name: str) -> None:
    assert known(options)
    (options.workspace / name).mkdir()

    assert not known(options)


@pytest.mark.parametrize(
    ("model", "mode", "budget_usd"), [("openai:m", None, None), (None, "auto", None), (None, None, 1.0)]
)
def test_what_the_command_line_says_is_looked_at_each_time(
    options: RunOptions, model: str | None, mode: str | None, budget_usd: float | None
) -> None:
    assert known(options)

    assert not known(replace(options, model=model, mode=mode, budget_usd=budget_usd))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"basis": 1}', '{"theme": 7}'])
def test_a_file_that_is_damaged_counts_as_none(options: RunOptions, text: str) -> None:
    first = Premises(options)
    (first.home.state / "outlook.json").write_text(text, encoding="utf-8")

    assert not Shelf(first.home, first.root, options, {}).outlook()
    assert Premises(options).outlook == first.outlook


def test_a_value_of_another_kind_counts_as_none(options: RunOptions) -> None:
    first = Premises(options)
    assert first.outlook.theme
    kept = first.home.state / "outlook.json"
    kept.write_text(kept.read_text(encoding="utf-8").replace('"night"', "7"), encoding="utf-8")

    assert Premises(options).outlook == first.outlook


def test_an_edit_moves_the_settings_in_force_but_not_the_layers_that_were_read(options: RunOptions) -> None:
    premises = Premises(options)
    layers = premises.layers
    configure(options, DAY)
    premises.settings = read_all(options, premises.home)[1]

    assert premises.config.ui.theme == "day"
    assert premises.layers is layers
