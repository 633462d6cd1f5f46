"""Every key of the config has its help, and the page of them is as the file is checked."""

from __future__ import annotations

from hermes_tui.services.config import HermesConfig
from hermes_tui.services.key_help import keys_of, meaning
from tests.tools.make_config import TARGET, page


def test_every_key_of_the_config_says_what_it_means() -> None:
    silent = [key.name for key in keys_of(HermesConfig) if not key.text]

    assert silent == []


def test_a_default_of_a_group_is_that_of_the_place_it_stands_in() -> None:
    defaults = {key.name: key.default for key in keys_of(HermesConfig)}

    assert defaults["budgets.run.usd"] == 5.0
    assert defaults["budgets.day.usd"] == 20.0
    assert defaults["brains.NAME.budget.usd"] is None


def test_the_meaning_of_a_key_is_found_through_names_of_the_operators_own() -> None:
    named = meaning(HermesConfig, ("brains", "cerebellum.vision", "clocks", "idle_s"))
    group = meaning(HermesConfig, ("brains", "cortex"))

    assert named == "Between two parts of the reply."
    assert group == "Models by role."


def test_the_page_of_keys_is_as_the_file_is_checked() -> None:
    assert TARGET.read_text("utf-8") == page(), "docs/config.md is old: run `make docs`"
