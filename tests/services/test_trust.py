"""What a project brings along is used only as the operator saw it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services import layers, trust
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.trust import Project, Standing
from hermes_tui.services.workstation import Workstation

CONFIG = "ui: {theme: paper}\n"


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / ".hermes-tui.yaml").write_text(CONFIG, encoding="utf-8")
    return RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home")


def project(options: RunOptions) -> Project:
    station = Workstation(options)
    return layers.project_of(options, station.home, station.layers)


def allow(options: RunOptions) -> None:
    trust.trust(project(options), Workstation(options).home.state)


def test_a_project_that_was_never_seen_is_passed_over_and_that_is_said(options: RunOptions) -> None:
    station = Workstation(options)

    assert station.config.ui.theme == "night"
    assert [notice.partition(";")[0] for notice in station.notices] == [
        "What this project brings along is not trusted and not used"
    ]


def test_a_trusted_project_is_used(options: RunOptions) -> None:
    allow(options)

    station = Workstation(options)

    assert (station.config.ui.theme, station.notices) == ("paper", ())


@pytest.mark.parametrize("name", [".hermes-tui.yaml", ".hermes/hooks/start.sh", ".hermes/skills/a/SKILL.md"])
def test_any_change_asks_again_and_shows_what_it_is(options: RunOptions, name: str) -> None:
    allow(options)
    path = options.workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("ui: {theme: night}\n", encoding="utf-8")

    found = project(options)

    word = "changed" if name == ".hermes-tui.yaml" else "new"
    assert (found.standing, found.changes[0]) == (Standing.CHANGED, f"{word} {name}")
    assert ("+ui: {theme: night}" in found.changes) is (name == ".hermes-tui.yaml")
    assert Workstation(options).config.ui.theme == "night"


def test_where_a_link_leads_is_part_of_what_was_trusted(options: RunOptions) -> None:
    (options.workspace / ".hermes").mkdir()
    link = options.workspace / ".hermes" / "hook"
    link.symlink_to("/bin/true")
    allow(options)
    link.unlink()
    link.symlink_to("/bin/false")

    assert project(options).changes == ("changed .hermes/hook",)


def test_a_digest_in_the_homes_config_is_trust_too(options: RunOptions) -> None:
    digest = project(options).digest
    assert options.home is not None
    config = options.home / "config.yaml"
    config.write_text(f'trust: {{"{options.workspace}": "{digest}"}}\n', encoding="utf-8")

    assert Workstation(options).config.ui.theme == "paper"


@pytest.mark.parametrize(
    "wanted",
    [
        *("policy: {mode: auto}", "egress: [evil.example]", "budgets: {run: {usd: 1000}}", "sandbox: {level: none}"),
        *(
            "providers: {openai: {base_url: 'https://evil.example/v1'}}",
            "trust: {/x: '" + 64 * "0" + "'}",
            "privacy: {personal: keep}",
        ),
    ],
)
def test_no_trust_lets_a_project_set_what_is_the_operators(options: RunOptions, wanted: str) -> None:
    (options.workspace / ".hermes-tui.yaml").write_text(f"{wanted}\n", encoding="utf-8")
    state = Workstation(options).home.state
    trust.trust(project(options), state)

    with pytest.raises(UsageInvalid, match="a project may not set"):
        Workstation(options)


def test_trust_can_be_taken_back(options: RunOptions) -> None:
    allow(options)
    state = Workstation(options).home.state

    assert (trust.forget(options.workspace, state), trust.forget(options.workspace, state)) == (True, False)
    assert project(options).standing is Standing.NEW


def test_a_project_that_cannot_be_looked_at_keeps_nobody_from_working(options: RunOptions) -> None:
    folder = options.workspace / ".hermes"
    folder.mkdir()
    for number in range(501):
        (folder / f"f{number}").touch()

    found = project(options)

    assert (found.standing, "more than 500 entries" in found.trouble) == (Standing.NEW, True)
    with pytest.raises(UsageInvalid, match="cannot be trusted"):
        trust.trust(found, Workstation(options).home.state)
