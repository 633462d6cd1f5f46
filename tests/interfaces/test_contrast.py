"""A theme in 256 colours can be read as well as in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as any_of
from rich._palettes import EIGHT_BIT_PALETTE

from hermes_tui.interfaces._contrast import (
    READABLE,
    ROLES,
    STRONG,
    TEXT_ROLES,
    contrast,
    in_256,
    luminance,
    number_of,
    too_low,
)
from hermes_tui.interfaces._swatch import colours_in
from hermes_tui.services.homes import built_in_folder

THEMES = {path.stem: path for path in (built_in_folder() / "themes").glob("*.yaml")}
NUMBERED = [EIGHT_BIT_PALETTE[number].hex for number in range(256)]


def shown_in_256(colours: Mapping[str, str]) -> dict[str, str]:
    return {role: step.colour for role, step in in_256(colours).items()}


def theme(name: str) -> Mapping[str, str]:
    return colours_in(THEMES[name].read_text("utf-8")) or {}


@pytest.mark.parametrize("name", THEMES)
def test_each_colour_is_one_of_the_256_and_the_contrast_is_kept(name: str) -> None:
    shown = shown_in_256(theme(name))

    assert shown.keys() == theme(name).keys()
    assert {NUMBERED[number_of(colour)] for colour in shown.values()} == set(shown.values())
    assert too_low(shown, STRONG if name == "contrast" else READABLE) == []


@pytest.mark.parametrize("name", THEMES)
def test_what_is_to_be_told_apart_has_colours_of_its_own(name: str) -> None:
    shown = shown_in_256(theme(name))

    assert [pair for pair in combinations(TEXT_ROLES, 2) if shown[pair[0]] == shown[pair[1]]] == []
    assert len({shown[ground] for ground in ("bg", "select", "add", "del")}) == 4
    assert all(min(number_of(colour) for colour in shown.values()) >= 16 for _ in shown), "those are the operator's"


def test_an_added_line_is_green_where_a_green_can_be_read_on_and_a_removed_one_red() -> None:
    paper, night = shown_in_256(theme("paper")), shown_in_256(theme("night"))

    assert (paper["add"], paper["del"], night["del"]) == ("#d7ffd7", "#ffd7d7", "#5f0000")
    assert night["add"] == "#262626", "the darkest green is too light for the muted text on it"


colours = any_of.integers(0, 0xFFFFFF).map("#{:06x}".format)


@settings(max_examples=300, deadline=None)
@given(any_of.fixed_dictionaries(dict.fromkeys(ROLES, colours)))
def test_whatever_a_theme_says_it_is_drawn_with_the_256_and_its_cursor_is_seen(made: dict[str, str]) -> None:
    shown = shown_in_256(made)

    assert set(shown.values()) <= set(NUMBERED[16:])
    assert shown["select"] != shown["bg"]


def grays(least: int, most: int) -> any_of.SearchStrategy[str]:
    return any_of.integers(least, most).map(lambda gray: f"#{gray:02x}{gray:02x}{gray:02x}")


written = {role: grays(190, 255) for role in (*TEXT_ROLES, "rule")}


@settings(max_examples=300, deadline=None)
@given(any_of.fixed_dictionaries({role: grays(0, 40) for role in ROLES} | written), any_of.booleans())
def test_a_theme_that_can_be_read_stays_so(made: dict[str, str], inverted: bool) -> None:
    if inverted:
        made = {role: f"#{0xFFFFFF - int(colour[1:], 16):06x}" for role, colour in made.items()}

    assert too_low(made, READABLE) == too_low(shown_in_256(made), READABLE) == []


@pytest.mark.parametrize(("colour", "number"), [("#000000", 16), ("#eeeeee", 255), ("#9e9e9e", 247), ("#ff8a80", 210)])
def test_a_colour_that_is_none_of_them_is_the_nearest(colour: str, number: int) -> None:
    assert number_of(colour) == number


def test_contrast_is_what_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert luminance("#ffffff") == pytest.approx(1)
