"""An edited config.yaml holds without a restart, or is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ConfigApplied, ConfigRefused
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.config_watch import ConfigWatch
from hermes_tui.services.explain import Settings, merge
from hermes_tui.services.homes import open_home
from hermes_tui.services.layers import layers_of
from hermes_tui.services.premises import RunOptions

FIRST = "strategy: fixed\nbrains:\n  cortex: {model: 'openai:gpt-5'}\n"
KEYS = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}


class Watched:
    """A home with a config file, what watches it, and the brains that follow it."""

    def __init__(self, home: Path, model: str | None = None) -> None:
        home.mkdir()
        self.path = home / "config.yaml"
        self.path.write_text(FIRST)
        self._options = RunOptions(home=home, workspace=home, model=model)
        self._home = open_home(home)
        self.brains = ConfiguredBrains(self._read().config, "auto", KEYS)
        self.watch = ConfigWatch(
            path=self.path,
            current=self._read().config,
            read=self._read,
            apply=lambda settings: self.brains.apply(settings.config),
        )

    def _read(self) -> Settings:
        return merge(layers_of(self._options, self._home))

    def edit(self, text: str) -> ConfigApplied | ConfigRefused | None:
        self.path.write_text(text)
        assert self.watch.look() is None, "what may still be written is not read"
        return self.watch.look()

    async def answering(self) -> str:
        return (await self.brains.choose("cortex", {})).name


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "home")


async def test_two_changed_lines_swap_the_cortex_from_the_next_step_on(watched: Watched) -> None:
    before = await watched.answering()

    found = watched.edit("strategy: auto\nbrains:\n  cortex: {model: 'anthropic:claude-haiku-4-5'}\n")

    assert before == "openai:gpt-5"
    assert isinstance(found, ConfigApplied)
    assert found.changed == (
        'brains.cortex.model: "openai:gpt-5" → "anthropic:claude-haiku-4-5"',
        'strategy: "fixed" → "auto"',
    )
    assert await watched.answering() == "anthropic:claude-haiku-4-5"
    assert watched.watch.look() is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (FIRST + "strategy: auto\n", 4, "strategy"),
        ("strategy: fixed\nbrains:\n  cortex: {modell: 'openai:gpt-5'}\n", 3, "modell"),
        ("strategy: fixed\n\nbrains:\n  cortex: {model: 'opnai:gpt-5'}\n", 4, "no model that Hermes can reach"),
        ("strategy: fixed\nroutes: {plan: nobody}\n", 2, "no role"),
        ("strategy: [\n", 1, "config.yaml"),
        ("brains:\n  cortex:\n", 2, "cortex"),
    ],
)
async def test_a_wrong_edit_is_refused_with_its_line_and_the_running_config_stays(
    watched: Watched, text: str, line: int, said: str
) -> None:
    found = watched.edit(text)

    assert isinstance(found, ConfigRefused)
    assert (found.file, said in found.message) == (str(watched.path), True), found.message
    assert abs(found.line - line) <= 1, found
    assert await watched.answering() == "openai:gpt-5"


async def test_a_refused_edit_that_is_mended_holds(watched: Watched) -> None:
    watched.edit("strategy: [\n")

    found = watched.edit(FIRST.replace("gpt-5", "gpt-5-mini"))

    assert isinstance(found, ConfigApplied)
    assert await watched.answering() == "openai:gpt-5-mini"


async def test_the_command_line_wins_over_an_edit_and_the_operator_is_told(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "home", model="openai:gpt-5-nano")

    found = watched.edit(FIRST.replace("gpt-5", "gpt-5-mini"))

    assert found == ConfigApplied(file=str(watched.path), changed=())
    assert await watched.answering() == "openai:gpt-5-nano"


async def test_what_was_chosen_on_the_spot_holds_until_the_cortex_is_edited(watched: Watched) -> None:
    watched.brains.switch("openai:gpt-5-nano")
    watched.edit(FIRST + "routing: {sort: price}\n")
    held = await watched.answering()

    watched.edit(FIRST.replace("gpt-5", "gpt-5-mini"))

    assert (held, await watched.answering()) == ("openai:gpt-5-nano", "openai:gpt-5-mini")


def test_a_removed_file_leaves_the_defaults(watched: Watched) -> None:
    watched.path.unlink()

    assert watched.watch.look() is None
    found = watched.watch.look()
    assert isinstance(found, ConfigApplied)
    assert 'brains.cortex.model: "openai:gpt-5" → "auto"' in found.changed


def test_an_apply_that_is_refused_names_the_key_that_changed(watched: Watched) -> None:
    def refuse(_: Settings) -> None:
        raise UsageInvalid("Not that.", hint="Another.")

    watched.watch.apply = refuse

    found = watched.edit("strategy: fixed\n\n\nbrains: {cortex: {model: 'openai:gpt-5-mini'}}\n")

    assert isinstance(found, ConfigRefused)
    assert (found.line, found.message) == (4, f"{watched.path}:4: Not that. Another.")
