"""Frames: a streamed body in labelled pieces, so that faults find their moment."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from tests.fakes.faults import Moment


class Part(StrEnum):
    """What a frame carries."""

    OPEN = "open"
    THINKING = "thinking"
    TEXT = "text"
    ARGUMENTS = "arguments"
    BETWEEN = "between"
    END = "end"


TOKENS = frozenset({Part.THINKING, Part.TEXT, Part.ARGUMENTS})


class Frame(NamedTuple):
    """One event of a stream, encoded."""

    part: Part
    data: bytes


class Cut(NamedTuple):
    """A place in a list of frames: `offset` bytes into frame number `frame`."""

    frame: int
    offset: int


def encode(value: object) -> bytes:
    """Encode compact JSON in UTF-8, characters unescaped, as providers do."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def locate(frames: Sequence[Frame], moment: Moment, after_tokens: int | None) -> Cut:
    """Find the place of `moment`; without such a place, it is the end of the content."""
    match moment:
        case Moment.BEFORE_HEADERS:
            return Cut(0, 0)
        case Moment.LAST_BYTE:
            return Cut(len(frames) - 1, len(frames[-1].data) - 1)
        case Moment.BEFORE_TOKEN:
            places = [index for index, frame in enumerate(frames) if frame.part in TOKENS]
            return Cut(places[0], 0) if places else _end(frames)
        case Moment.MID_TEXT:
            places = _places(frames, Part.TEXT) or _places(frames, Part.THINKING)
            return _after(places, after_tokens) if places else _end(frames)
        case Moment.MID_ARGUMENTS:
            places = _places(frames, Part.ARGUMENTS)
            if len(places) == 1:
                return Cut(places[0], len(frames[places[0]].data) // 2)
            return _after(places, after_tokens) if places else _end(frames)
        case Moment.BEFORE_END:
            return _end(frames)


def _places(frames: Sequence[Frame], part: Part) -> list[int]:
    return [index for index, frame in enumerate(frames) if frame.part is part]


def _after(places: Sequence[int], count: int | None) -> Cut:
    """Find the place after `count` of `places`, half of them if not said."""
    wanted = max(1, len(places) // 2) if count is None else count
    if wanted == 0:
        return Cut(places[0], 0)
    return Cut(places[min(wanted, len(places)) - 1] + 1, 0)


def _end(frames: Sequence[Frame]) -> Cut:
    ends = _places(frames, Part.END)
    return Cut(ends[0] if ends else len(frames), 0)
