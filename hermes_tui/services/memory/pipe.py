"""A throw-away memory behind JSON lines, so that anyone can measure recall from outside."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import re
import tempfile
import time
from array import array
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from hermes_tui.capabilities.memory.database import GIVEN, IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.capabilities.memory.vectors import Query
from hermes_tui.domain.errors import HermesError
from hermes_tui.services.memory.scans import best_scan

MOST_HITS: Final = 1_000
_SPOKEN: Final = re.compile(r"(\d{1,2}):(\d\d)\s*([ap]m)\s+on\s+(.+)", re.IGNORECASE)

Fields = Mapping[str, object]


class PipeInvalid(HermesError):
    """A line that is no request of this protocol."""


class Pipe:
    """Answers `reset`, `ingest` and `search`, one JSON object a line."""

    def __init__(self, folder: Path) -> None:
        """Keep the index in `folder`, which holds nothing else."""
        self._database = IndexDatabase(folder / "index.db")
        self._index = MemoryIndex(self._database)
        self._recall = Recall(self._index)
        self._compares = False

    def answer(self, line: str) -> str:
        """Return the answer to one line; what went wrong is an answer too."""
        try:
            try:
                request: object = json.loads(line)
            except ValueError as error:
                raise PipeInvalid(f"A request is one JSON object a line; this is none: {error}.") from error
            if not isinstance(request, dict):
                raise PipeInvalid("A request is a JSON object.")
            return json.dumps(self._answer(cast("Fields", request)), ensure_ascii=False)
        except (HermesError, ValueError) as error:
            return json.dumps({"error": str(error)}, ensure_ascii=False)

    def close(self) -> None:
        """Let go of the index."""
        self._database.close()

    def _answer(self, request: Fields) -> dict[str, object]:
        match request.get("op"):
            case "reset":
                self._database.start_over()
                return {}
            case "ingest":
                items = request.get("items")
                if not isinstance(items, list):
                    raise PipeInvalid("`items` must be a list.")
                self._index.add(_items(cast("list[object]", items), _layer(request)))
                return {}
            case "search":
                return {"ids": self._found(request)}
            case other:
                raise PipeInvalid(f"`op` is {other!r}; use reset, ingest or search.")

    def _found(self, request: Fields) -> list[str]:
        text, most = request.get("query"), request.get("k", 10)
        if not isinstance(text, str) or not isinstance(most, int) or not 0 < most <= MOST_HITS:
            raise PipeInvalid(f"`query` must be a text and `k` a number from 1 to {MOST_HITS}.")
        now = instant(request["now"]) if request.get("now") else time.time()
        query = _query(request)
        if query is not None and not self._compares:
            self._index.scan, self._compares = best_scan(self._database), True
        search = Search(text=text, now=now, most=most, layers=(_layer(request),), query=query)
        return [hit.item.id for hit in self._recall.search(search)]


@contextlib.contextmanager
def open_pipe() -> Generator[Pipe]:
    """Open a pipe over an empty memory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hermes-tui-pipe-") as folder:
        pipe = Pipe(Path(folder))
        try:
            yield pipe
        finally:
            pipe.close()


def instant(value: object) -> float:
    """Return Unix seconds of a number, an ISO date, or a time as people write it ("1:56 pm on 8 May, 2023").

    Raises:
        PipeInvalid: it is none of these.
    """
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip()
    try:
        if spoken := _SPOKEN.fullmatch(text):
            hour, minute, half, day = spoken.groups()
            clock = f"{int(hour):02}:{minute} {half.upper()} {day.replace(',', '')}"
            at = datetime.strptime(clock, "%I:%M %p %d %B %Y").replace(tzinfo=UTC)
        else:
            at = datetime.fromisoformat(text)
    except ValueError as error:
        raise PipeInvalid(f"{text!r} is no time.", hint="Write it as 2023-10-22T09:55:00.") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _layer(request: Fields) -> Layer:
    """Return what kind of memory the items are, or are looked for as: talk, if nothing else is said."""
    try:
        return Layer(str(request.get("layer", Layer.EPISODE.value)))
    except ValueError as error:
        raise PipeInvalid(f"`layer` is none of {', '.join(Layer)}.") from error


def _items(given: list[object], layer: Layer) -> list[Item]:
    fields = [cast("Fields", item) for item in given if isinstance(item, dict)]
    if len(fields) < len(given):
        raise PipeInvalid("Each item must be an object.")
    return [_item(item, layer) for item in sorted(fields, key=_turn)]


def _turn(item: Fields) -> int:
    """Order a batch within its sessions; without numbers it keeps the order it came in."""
    turn = item.get("turn")
    return turn if isinstance(turn, int) else 0


def _item(item: Fields, layer: Layer) -> Item:
    if not isinstance(item.get("id"), str) or not isinstance(item.get("text"), str):
        raise PipeInvalid("An item needs `id` and `text`.")
    return Item(
        id=str(item["id"]),
        text=str(item["text"]),
        layer=layer,
        thread=f"session:{item.get('session', '')}",
        speaker=str(item.get("speaker") or ""),
        at=instant(item["ts"]) if item.get("ts") else 0.0,
        vector=_vector(item),
    )


def _query(request: Fields) -> Query | None:
    vector = _vector(request)
    return Query(GIVEN, vector) if vector else None


def _vector(fields: Fields) -> bytes:
    """Return a vector brought to length one, so that its product with another is the cosine."""
    given = fields.get("vec")
    if not isinstance(given, str):
        return b""
    try:
        data = base64.b64decode(given, validate=True)
        numbers = array("f", data)
    except ValueError as error:
        raise PipeInvalid("`vec` must be base64 of little-endian float32.") from error
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return array("f", [number / length for number in numbers]).tobytes()
