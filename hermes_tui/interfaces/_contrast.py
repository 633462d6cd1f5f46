"""Which colours can be read on which, and those of xterm's 256 that a theme keeps to it with."""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROLES = ("bg", "surface", "select", "text", "muted", "rule", "accent", "ok", "warn", "fail", "add", "del")
TEXT_ROLES = ("text", "muted", "accent", "ok", "warn", "fail")
GROUNDS = ("bg", "select", "add", "del", "surface")
"""What stands beside each other on the screen comes first."""
RULED = ("bg", "surface")
"""Grounds that lines are drawn on."""
TELLING = ("add", "del")
"""Grounds that say something by their hue: a gray, though nearer, would not."""
READABLE, STRONG, VISIBLE = 4.5, 7.0, 3.0
"""Contrast ratios of WCAG 2: text, text in the highest contrast, and lines."""

Point = tuple[float, float, float]

_CUBE = (0, 95, 135, 175, 215, 255)
_RAMP = range(8, 239, 10)
_SAME_HUE, _GRAY = 0.7, 0.02
"""The cosine between hues that the eye gives one name, and how little colour has none."""


class Step:
    """One of the 256: its number, what a screen shows, and how light that is."""

    __slots__ = ("light", "linear", "number", "rgb")

    def __init__(self, number: int, rgb: tuple[int, int, int]) -> None:
        self.number = number
        self.rgb = rgb
        self.linear = _channel(rgb[0]), _channel(rgb[1]), _channel(rgb[2])
        self.light = _light(self.linear)

    @property
    def colour(self) -> str:
        """The colour as `#rrggbb`."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2, section 3)."""
    return _light(_linear(colour))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def too_low(colours: Mapping[str, str], least: float) -> list[str]:
    """Return each pair of roles whose contrast is too low, with the ratio; texts are to reach `least`."""
    pairs = [(role, ground, least) for role in TEXT_ROLES for ground in GROUNDS]
    pairs += [("bg", chip, least) for chip in ("accent", "warn")]
    pairs += [("rule", ground, VISIBLE) for ground in RULED]
    measured = ((one, ground, contrast(colours[one], colours[ground]), wanted) for one, ground, wanted in pairs)
    return [f"{one} on {ground}: {ratio:.2f} < {wanted}" for one, ground, ratio, wanted in measured if ratio < wanted]


def in_256(colours: Mapping[str, str]) -> dict[str, Step]:
    """Return a theme in colours of xterm's 256: those most like its own that can still be read on each other.

    First the grounds, each as near as its texts allow, then what is written on them. The row under the cursor, an added
    and a removed line keep a ground of their own. What no colour can fulfil is given up: the nearest is taken.
    Of a theme that lacks a role nobody knows what stands on what: each colour becomes the nearest.
    """
    if not colours.keys() >= set(ROLES):
        return {role: _nearest(colour, _steps()) for role, colour in colours.items()}
    own = {role: luminance(colour) for role, colour in colours.items()}
    least = STRONG if _lowest(own) >= STRONG else READABLE
    under_texts = _reaching(_steps(), [own[role] for role in TEXT_ROLES], least)
    under_rules = _reaching(under_texts, [own["rule"]], VISIBLE)
    found: dict[str, Step] = {}
    for role in GROUNDS:
        able, taken = under_rules if role in RULED else under_texts, {} if role == "surface" else found
        free = _without(able, taken.values()) or _without(_steps(), taken.values())
        found[role] = _nearest(colours[role], _alike(colours[role], free) if role in TELLING else free)
    readable = _reaching(_steps(), [step.light for step in found.values()], least)
    visible = _reaching(_steps(), [found[role].light for role in RULED], VISIBLE)
    for role in colours.keys() - found.keys():
        found[role] = _nearest(colours[role], visible if role == "rule" else readable)
    return found


@lru_cache(1024)
def number_of(colour: str) -> int:
    """Return the number of the colour of xterm's 256 that looks most like `#rrggbb`; it may be one of them."""
    return _nearest(colour, _steps()).number


@lru_cache(1)
def _steps() -> tuple[Step, ...]:
    """Return the gray ramp and the cube without its grays; the first sixteen are what each operator made of them."""
    cube = [(red, green, blue) for red in _CUBE for green in _CUBE for blue in _CUBE]
    hued = (Step(16 + at, rgb) for at, rgb in enumerate(cube) if rgb[0] in (0, 255) or not rgb[0] == rgb[1] == rgb[2])
    return (*hued, *(Step(232 + at, (gray, gray, gray)) for at, gray in enumerate(_RAMP)))


def _lowest(lights: Mapping[str, float]) -> float:
    """Return the lowest contrast between a text and a ground."""
    texts, grounds = ([lights[role] + 0.05 for role in roles] for roles in (TEXT_ROLES, GROUNDS))
    return max(min(texts) / max(grounds), min(grounds) / max(texts))


def _reaching(steps: Sequence[Step], others: Sequence[float], least: float) -> Sequence[Step]:
    """Return the steps that are lighter than all others, or darker, by a contrast of at least so much; else all."""
    darkest, lightest = (max(others) + 0.05) * least - 0.05, (min(others) + 0.05) / least - 0.05
    return [step for step in steps if step.light >= darkest or step.light <= lightest] or steps


def _without(steps: Sequence[Step], taken: Iterable[Step]) -> Sequence[Step]:
    numbers = {step.number for step in taken}
    return [step for step in steps if step.number not in numbers]


def _alike(colour: str, steps: Sequence[Step]) -> Sequence[Step]:
    """Return the steps of about the hue of a colour; all if it has none, or none has it."""
    hued = [step for step in steps if _cosine(_oklab(step.linear), _oklab(_linear(colour))) > _SAME_HUE]
    return hued or steps


def _cosine(one: Point, other: Point) -> float:
    """Return how near two hues are, from -1 to 1; 0 if one of them is gray."""
    (_, a, b), (_, c, d) = one, other
    lengths = ((a * a + b * b) * (c * c + d * d)) ** 0.5
    return (a * c + b * d) / lengths if min(a * a + b * b, c * c + d * d) > _GRAY * _GRAY else 0.0


def _nearest(colour: str, steps: Iterable[Step]) -> Step:
    lightness, a, b = _oklab(_linear(colour))

    def distance(step: Step) -> float:
        its_lightness, its_a, its_b = _oklab(step.linear)
        by_lightness, by_a, by_b = its_lightness - lightness, its_a - a, its_b - b
        return by_lightness * by_lightness + by_a * by_a + by_b * by_b

    return min(steps, key=distance)


def _linear(colour: str) -> Point:
    return _channel(int(colour[1:3], 16)), _channel(int(colour[3:5], 16)), _channel(int(colour[5:7], 16))


@lru_cache(256)
def _channel(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _light(linear: Point) -> float:
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(512)
def _oklab(linear: Point) -> Point:
    """Return where the eye sees a colour: equal distances look equal (Ottosson, "A perceptual color space", 2020)."""
    red, green, blue = linear
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )
