"""Themes: colours by role from `themes/*.yaml`, checked for contrast, as styles and as Textual's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from rich.style import Style
from textual.app import App
from textual.theme import Theme as TextualTheme

from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._contrast import READABLE, ROLES, STRONG, in_256, luminance, too_low
from hermes_tui.interfaces._swatch import ALL, NONE, SIXTEEN, XTERM, colours_in
from hermes_tui.services import strict_yaml

CODE_ROLES: Final = ("code.keyword", "code.string", "code.number", "code.comment")
_COLOUR: Final = later(r"#[0-9a-fA-F]{6}")
_ATTRIBUTES: Final = {"bold", "italic", "underline", "strike", "reverse"}
_ANSI: Final = {"accent": "cyan", "ok": "green", "warn": "yellow", "fail": "red", "add": "green", "del": "red"}
"""What a terminal of sixteen colours calls the roles; the ground of a changed line becomes its ink."""
_FILLED: Final = {"warn", "accent", "select"}
_BOLD: Final = {"accent", "warn", "fail"}

_VARIABLES: Final = {
    "muted": "muted",
    "rule": "rule",
    "select": "select",
    "foreground-muted": "muted",
    "text-disabled": "muted",
    "screen-selection-background": "select",
    "input-selection-background": "select",
    "input-selection-foreground": "text",
    "scrollbar": "rule",
    "scrollbar-hover": "muted",
    "scrollbar-active": "accent",
    "scrollbar-background": "bg",
}
"""Which role each variable of the style sheets has. Textual would blend them, and some blends are too faint to read."""


@frozen(kw_only=False)
class Theme:
    """Colours by role, each `#rrggbb`."""

    name: str
    colours: Mapping[str, str]

    @property
    def dark(self) -> bool:
        """Whether the ground is darker than the text."""
        return luminance(self.colours["bg"]) < luminance(self.colours["text"])


def unreadable(theme: Theme) -> list[str]:
    """Return each pair of roles whose contrast is too low, with the ratio."""
    return too_low(theme.colours, STRONG if theme.name == "contrast" else READABLE)


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
        variables={variable: colours[role] for variable, role in _VARIABLES.items()},
    )


def _in_256(theme: Theme) -> Theme:
    return Theme(theme.name, {role: step.colour for role, step in in_256(theme.colours).items()})


class Palette:
    """Roles as styles, in as many colours as a terminal has; `shown` is the theme as it is drawn.

    Of 256 the theme takes those that keep its contrast. With sixteen, ground, text and the four hues are the terminal's
    own. Without colour, weight and reverse video carry what colour did.
    """

    def __init__(self, theme: Theme, depth: int = ALL) -> None:
        self.theme = theme
        self.depth = depth
        self.shown = _in_256(theme) if depth == XTERM else theme
        self._known: dict[str, Style] = {}

    def style(self, role: str) -> Style:
        """Return the style of a role such as `accent bold on-select`."""
        known = self._known.get(role)
        if known is None:
            known = self._known[role] = self._made(role.split())
        return known

    def _made(self, tokens: list[str]) -> Style:
        words = [token for token in tokens if token in _ATTRIBUTES]
        words += [f"link {token.removeprefix('link=')}" for token in tokens if token.startswith("link=")]
        ink = next((token for token in reversed(tokens) if token in self.theme.colours), "")
        ground = next((token for token in reversed(tokens) if token.startswith("on-")), "on-bg")[3:]
        words += self._coloured(ink, ground) if self.depth > SIXTEEN else self._plain(ink, ground)
        return Style.parse(" ".join(words))

    def _coloured(self, ink: str, ground: str) -> list[str]:
        colours = self.shown.colours
        return [*([colours[ink]] if ink else []), f"on {colours[ground]}"]

    def _plain(self, ink: str, ground: str) -> list[str]:
        if self.depth == NONE:
            return [*(["reverse"] if ground in _FILLED else []), *(["bold"] if ink in _BOLD else [])]
        if ground == "select":
            return ["reverse"]
        if ground in _FILLED:
            # Reversed, it would have the ink of the terminal's ground: white on yellow in many.
            return ["black", "on", _ANSI[ground]]
        return [_ANSI.get(ground) or _ANSI.get(ink, "")]


def dress(app: App[Any], chosen: Theme) -> None:
    """Give an app its theme before it reads its style sheets: it would read them anew after a change."""
    app.register_theme(as_textual(chosen))
    app.set_reactive(App[Any].theme, as_textual(chosen).name)
    app.set_class(chosen.dark, "-dark-mode")
    app.set_class(not chosen.dark, "-light-mode")
    app.stylesheet.set_variables(app.get_css_variables())
