"""Themes: colours by role from `themes/*.yaml`, checked for contrast, as styles and as Textual's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from rich.style import Style
from textual.app import App
from textual.theme import Theme as TextualTheme

from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen, mutable
from hermes_tui.interfaces._swatch import colours_in
from hermes_tui.services import strict_yaml

ROLES: Final = ("bg", "surface", "select", "text", "muted", "rule", "accent", "ok", "warn", "fail", "add", "del")
TEXT_ROLES: Final = ("text", "muted", "accent", "ok", "warn", "fail")
GROUNDS: Final = ("bg", "surface", "select", "add", "del")
CODE_ROLES: Final = ("code.keyword", "code.string", "code.number", "code.comment")
READABLE, STRONG, VISIBLE = 4.5, 7.0, 3.0
"""Contrast ratios of WCAG 2: text, text in the highest contrast, and lines."""

_COLOUR: Final = later(r"#[0-9a-fA-F]{6}")
_ATTRIBUTES: Final = {"bold", "italic", "underline", "strike", "reverse"}
_ANSI: Final = {"accent": "cyan", "ok": "green", "warn": "yellow", "fail": "red"}
_FILLED: Final = {"on-warn", "on-accent", "on-select"}


@frozen(kw_only=False)
class Theme:
    """Colours by role, each `#rrggbb`."""

    name: str
    colours: Mapping[str, str]

    @property
    def dark(self) -> bool:
        """Whether the ground is darker than the text."""
        return luminance(self.colours["bg"]) < luminance(self.colours["text"])


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2, section 3)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def unreadable(theme: Theme) -> list[str]:
    """Return each pair of roles whose contrast is too low, with the ratio."""
    colours = theme.colours
    wanted = STRONG if theme.name == "contrast" else READABLE
    pairs = [(role, ground, wanted) for role in TEXT_ROLES for ground in GROUNDS]
    pairs += [("bg", chip, wanted) for chip in ("accent", "warn")]
    pairs += [("rule", ground, VISIBLE) for ground in ("bg", "surface")]
    measured = ((one, ground, contrast(colours[one], colours[ground]), least) for one, ground, least in pairs)
    return [f"{one} on {ground}: {ratio:.2f} < {least}" for one, ground, ratio, least in measured if ratio < least]


def read_theme(path: Path) -> Theme:
    """Return the theme in a file.

    Raises:
        UsageInvalid: a role is missing or unknown, or a colour is not `#rrggbb`; file and line are named.
    """
    data = strict_yaml.read(path)
    plain = colours_in(data.decode("utf-8", "replace"))
    if plain is not None and set(ROLES) <= plain.keys() <= {*ROLES, *CODE_ROLES}:
        return Theme(path.stem, {role: colour.lower() for role, colour in plain.items()})
    node = strict_yaml.parse(data, str(path))
    colours = node.value if isinstance(node.value, dict) else {}
    if missing := [role for role in ROLES if role not in colours]:
        message = f"the colour of {', '.join(missing)} is missing."
        raise UsageInvalid(message, hint='Add a line such as `accent: "#6cb6ff"`.', at=Location(str(path), 1))
    for role, colour in colours.items():
        if role not in (*ROLES, *CODE_ROLES):
            raise UsageInvalid(f"`{role}` is no role.", hint=strict_yaml.closest(role, list(ROLES)), at=node.at(role))
        if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
            raise UsageInvalid(f"`{role}` is no colour.", hint='Write six hex digits: "#6cb6ff".', at=node.at(role))
    return Theme(path.stem, {role: str(colour).lower() for role, colour in colours.items()})


def find_themes(folders: Iterable[Path]) -> tuple[dict[str, Theme], list[UsageInvalid]]:
    """Return the themes of some folders by name, later folders first, and what is wrong with the others."""
    found: dict[str, Theme] = {}
    wrong: list[UsageInvalid] = []
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            try:
                found[path.stem] = read_theme(path)
            except UsageInvalid as error:
                wrong.append(error)
    return found, wrong


def find_theme(folders: Sequence[Path], name: str) -> Theme | None:
    """Return the theme of a name, later folders first; None where there is none that can be read."""
    for folder in reversed(folders):
        with suppress(UsageInvalid):
            if (path := folder / f"{name}.yaml").is_file():
                return read_theme(path)
    return None


def as_textual(theme: Theme) -> TextualTheme:
    """Return the theme for Textual's own style sheets."""
    colours = theme.colours
    extra = {name: colours[name] for name in ("muted", "rule", "select")}
    return TextualTheme(
        name=f"hermes-{theme.name}",
        primary=colours["accent"],
        secondary=colours["accent"],
        accent=colours["accent"],
        success=colours["ok"],
        warning=colours["warn"],
        error=colours["fail"],
        foreground=colours["text"],
        background=colours["bg"],
        surface=colours["surface"],
        panel=colours["select"],
        dark=theme.dark,
        variables=extra | {"screen-selection-background": colours["select"], "foreground-muted": colours["muted"]},
    )


@mutable
class Palette:
    """Roles as styles. Without colour, weight and reverse video carry what colour did."""

    theme: Theme
    coloured: bool = True
    truecolour: bool = True
    _known: dict[str, Style] = field(default_factory=dict[str, Style])

    def style(self, role: str) -> Style:
        """Return the style of a role such as `accent bold on-select`."""
        known = self._known.get(role)
        if known is None:
            known = self._known[role] = self._made(role.split())
        return known

    def _made(self, tokens: list[str]) -> Style:
        words = [token for token in tokens if token in _ATTRIBUTES]
        words += [f"link {token.removeprefix('link=')}" for token in tokens if token.startswith("link=")]
        ink = next((token for token in reversed(tokens) if token in self.theme.colours), None)
        ground = next((token for token in reversed(tokens) if token.startswith("on-")), None)
        if not self.coloured:
            words += ["reverse"] if ground in _FILLED else []
            words += ["bold"] if ink in ("accent", "warn", "fail") else []
        elif not self.truecolour:
            words += ["reverse"] if ground in _FILLED else []
            words.append(_ANSI.get((ground or "on-")[3:] if ground in _FILLED else ink or "", "default"))
        else:
            words += [self.theme.colours[ink]] if ink else []
            words.append(f"on {self.theme.colours[ground[3:] if ground else 'bg']}")
        return Style.parse(" ".join(words))


def dress(app: App[Any], chosen: Theme) -> None:
    """Give an app its theme before it reads its style sheets: it would read them anew after a change."""
    app.register_theme(as_textual(chosen))
    app.set_reactive(App[Any].theme, as_textual(chosen).name)
    app.set_class(chosen.dark, "-dark-mode")
    app.set_class(not chosen.dark, "-light-mode")
    app.stylesheet.set_variables(app.get_css_variables())
