"""The patchbay: what each role would use, and edits of config.yaml that keep everything else in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.homes import built_in_folder
from hermes_tui.services.patchbay import Patch, Patchbay, edit_of
from hermes_tui.services.premises import RunOptions, home_of

OWN = """# mine
version: 1
brains:
  # who thinks
  cortex: {model: "openai:gpt-6"}  # the best
  cerebellum.vision:
    # slow pictures
    clocks:
      first_token_s: 15

ui: {theme: paper}
"""


BLOCK = "version: 1\nbrains:\n  "


def bay_of(folder: Path, text: str | None = None) -> Patchbay:
    home, work = folder / "home", folder / "work"
    work.mkdir(exist_ok=True)
    options = RunOptions(workspace=work, home=home)
    found = home_of(options)
    if text is not None:
        (home / "config.yaml").write_text(text, encoding="utf-8")
    return Patchbay(found, options)


def patch_of(bay: Patchbay, role: str) -> Patch:
    return next(patch for patch in bay.draft().patches if patch.role == role)


def test_each_role_is_shown_as_it_would_be_used_with_what_it_sets_itself(tmp_path: Path) -> None:
    bay = bay_of(tmp_path, OWN)

    cortex, vision = patch_of(bay, "cortex"), patch_of(bay, "cerebellum.vision")

    assert cortex == Patch(
        role="cortex", model="openai:gpt-6", clocks=(10, 30, 60, 900), usd=None, own=frozenset({"model"})
    )
    assert (vision.model, vision.clocks, vision.own) == (
        "openai:gpt-6",
        (10.0, 15.0, 60.0, 900.0),
        frozenset({"first_token_s"}),
    )


def test_an_edit_changes_one_role_and_keeps_comments_and_all_other_lines(tmp_path: Path) -> None:
    bay = bay_of(tmp_path, OWN)

    bay.save(
        [
            edit_of("cortex", "usd", "$2.50"),
            edit_of("cerebellum.vision", "clocks", "5·-·20·120"),
            edit_of("hippocampus.compression", "model", "ollama:qwen3"),
        ]
    )

    assert (
        bay.path.read_text(encoding="utf-8")
        == """# mine
version: 1
brains:
  # who thinks
  cortex: {model: "openai:gpt-6", budget: {usd: 2.5}}  # the best
    # slow pictures
  cerebellum.vision: {clocks: {connect_s: 5, idle_s: 20, total_s: 120}}
  hippocampus.compression: {model: "ollama:qwen3"}

ui: {theme: paper}
"""
    )
    assert bay.path.stat().st_mode & 0o777 == 0o600
    assert patch_of(bay, "cortex").usd == 2.5


def test_what_is_taken_back_is_inherited_again(tmp_path: Path) -> None:
    bay = bay_of(tmp_path, OWN)

    bay.save([edit_of("cortex", "model", "-"), edit_of("cerebellum.vision", "clocks", "-")])

    assert (patch_of(bay, "cortex").own, patch_of(bay, "cortex").model) == (frozenset({"model"}), "auto")
    assert "cerebellum.vision: {}" in bay.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("version: 1\n", f"{BLOCK}cortex: {{model: auto}}\n"),
        ("version: 1\nbrains: {cortex: {effort: low}}\n", f"{BLOCK}cortex: {{effort: low, model: auto}}\n"),
        ("version: 1\nbrains: {x: {}}\n", f"{BLOCK}x: {{}}\n  cortex: {{model: auto}}\n"),
        ("version: 1\nbrains: {}\n", f"{BLOCK}cortex: {{model: auto}}\n"),
    ],
)
def test_a_file_that_holds_no_block_of_brains_gets_one(tmp_path: Path, before: str, after: str) -> None:
    bay = bay_of(tmp_path, before)

    bay.save([edit_of("cortex", "model", "auto")])

    assert bay.path.read_text(encoding="utf-8") == after


def test_the_file_that_a_home_begins_with_can_be_edited(tmp_path: Path) -> None:
    bay = bay_of(tmp_path)
    built_in = (built_in_folder() / "config.yaml").read_text(encoding="utf-8")

    bay.save([edit_of("cortex", "model", "local")])

    assert bay.path.read_text(encoding="utf-8") == built_in.replace("cortex: {model: auto}", "cortex: {model: local}")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("clocks", "10 30 60", "Four clocks are wanted"),
        ("clocks", "10 30 0 900", "idle_s"),
        ("clocks", "ten 30 1 900", "'ten' is no number"),
        ("usd", "-3", "usd"),
        ("model", "nobody:at-all", "nobody"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(
    tmp_path: Path, field: str, value: str, said: str
) -> None:
    bay = bay_of(tmp_path, OWN)

    with pytest.raises(UsageInvalid, match=said):
        bay.save([edit_of("cortex", field, value)])

    assert bay.path.read_text(encoding="utf-8") == OWN


def test_only_known_roles_and_fields_are_edited() -> None:
    with pytest.raises(UsageInvalid, match="There is no role brain"):
        edit_of("brain", "model", "x")
    with pytest.raises(UsageInvalid, match="A role has no colour"):
        edit_of("cortex", "colour", "x")


def test_what_wins_over_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_TUI_MODEL", "openai:other")

    assert patch_of(bay_of(tmp_path, OWN), "cortex").over == "environment"
